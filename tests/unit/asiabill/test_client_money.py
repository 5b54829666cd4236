"""Refunds, captures and voids, hosted and local checkouts: sent once, and never taken for more
than Asiabill said."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from clients.asiabill import (
    Address,
    Asiabill,
    AuthorizeAnswer,
    AuthorizeRequest,
    AuthType,
    Billing,
    BillingAddress,
    CheckoutAnswer,
    CheckoutRequest,
    Credentials,
    DeliveryAddress,
    Endpoints,
    NoAnswer,
    OrderLine,
    RefundAnswer,
    RefundRequest,
    RefundType,
    Refused,
    Transport,
)
from tests.unit.asiabill.far_side import (
    GATEWAY_NO,
    SIGN_KEY,
    FarSide,
    answering,
    answering_text,
    expected_signature,
    quiet,
)

pytestmark = pytest.mark.anyio

TRADE = "2022051811043674149462"
ADA = Billing(
    "Ada",
    "Ångström",
    "a@b.c",
    "+84 1",
    Address("1 High St", "Flat 2", "Hà Nội", "HN", "10000", "VN"),
)
REFUND = RefundRequest(
    refund_id="re_1",
    trade_no=TRADE,
    amount="0.10",
    refund_type=RefundType.PARTIAL,
    reason="returned / 退货",
)
CHECKOUT = CheckoutRequest(
    order_no="A-1",
    amount="100.90",
    currency="USD",
    method="Credit Card",
    return_url="https://shop.example/return?a=1",
    callback_url="https://pay.example/webhooks",
    customer_id="cus_1",
    customer_ip="203.0.113.7",
    billing=BillingAddress.of(ADA),
    delivery=DeliveryAddress.of(ADA),
    lines=(OrderLine("茶", "2", "50.45"),),
    remark="gift",
    website="shop.example",
    is_mobile="1",
    platform="own",
)
CHECKOUT_SENT = {
    "orderNo": "A-1",
    "orderAmount": "100.90",
    "orderCurrency": "USD",
    "paymentMethod": "Credit Card",
    "returnUrl": "https://shop.example/return?a=1",
    "callbackUrl": "https://pay.example/webhooks",
    "customerId": "cus_1",
    "customerIp": "203.0.113.7",
    "billingAddress": {
        "firstName": "Ada",
        "lastName": "Ångström",
        "email": "a@b.c",
        "phone": "+84 1",
        "address": "1 High St, Flat 2",
        "city": "Hà Nội",
        "state": "HN",
        "zip": "10000",
        "country": "VN",
    },
    "deliveryAddress": {
        "shipFirstName": "Ada",
        "shipLastName": "Ångström",
        "shipPhone": "+84 1",
        "shipAddress": "1 High St, Flat 2",
        "shipCity": "Hà Nội",
        "shipState": "HN",
        "shipZip": "10000",
        "shipCountry": "VN",
    },
    "goodsDetails": [{"goodsTitle": "茶", "goodsCount": "2", "goodsPrice": "50.45"}],
    "remark": "gift",
    "webSite": "shop.example",
    "isMobile": "1",
    "platform": "own",
}
CHECKOUT_DATA = {
    "redirectUrl": "https://safepay.example/page",
    "orderStatus": "Pending",
    "orderInfo": "",
    "tradeNo": TRADE,
    "orderNo": "A-1",
    "orderAmount": "100.90",
    "orderCurrency": "USD",
    "remark": "gift",
}
CHECKOUT_ANSWER = CheckoutAnswer(
    redirect_url="https://safepay.example/page",
    status="pending",
    trade_no=TRADE,
    order_no="A-1",
    amount="100.90",
    currency="USD",
    remark="gift",
)

OnSend = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """What is sent where, the data that comes, and what the caller gets, less the request-id."""

    use: Callable[[Asiabill, OnSend], Awaitable[Any]]
    path: str
    body: dict[str, Any]
    data: dict[str, Any]
    answer: Any


CASES = {
    "refund": Case(
        lambda a, on_send: a.refund(REFUND, on_send),
        "/openApi/V2022-03/refund",
        {
            "merTrackNo": "re_1",
            "tradeNo": TRADE,
            "refundAmount": "0.10",
            "refundType": "2",
            "refundReason": "returned / 退货",
        },
        {"batchNo": 442011, "refundStatus": "Pending", "refundAmount": 0.1},
        RefundAnswer("442011", "pending"),
    ),
    "refund in full": Case(
        lambda a, on_send: a.refund(
            replace(REFUND, refund_type=RefundType.FULL, remark="x"), on_send
        ),
        "/openApi/V2022-03/refund",
        {
            "merTrackNo": "re_1",
            "tradeNo": TRADE,
            "refundAmount": "0.10",
            "refundType": "1",
            "refundReason": "returned / 退货",
            "remark": "x",
        },
        {"batchNo": "442012"},
        RefundAnswer("442012"),
    ),
    "capture": Case(
        lambda a, on_send: a.authorize(AuthorizeRequest(TRADE, AuthType.CAPTURE), on_send),
        "/V2022-03/AuthorizeInterface",
        {"tradeNo": TRADE, "authType": "1"},
        {"tradeNo": TRADE, "orderNo": "A-1", "orderStatus": "Success", "orderInfo": "done"},
        AuthorizeAnswer("success", "done", TRADE, "A-1"),
    ),
    "void": Case(
        lambda a, on_send: a.authorize(
            AuthorizeRequest(TRADE, AuthType.VOID, operator="ada", remark="stock"), on_send
        ),
        "/V2022-03/AuthorizeInterface",
        {"tradeNo": TRADE, "authType": "2", "operator": "ada", "remark": "stock"},
        {"orderStatus": "fail", "orderInfo": "already captured"},
        AuthorizeAnswer("fail", "already captured"),
    ),
    "checkout": Case(
        lambda a, on_send: a.checkout(CHECKOUT, on_send),
        "/V2022-03/checkout/payment",
        CHECKOUT_SENT,
        CHECKOUT_DATA,
        CHECKOUT_ANSWER,
    ),
    "local_payment": Case(
        lambda a, on_send: a.local_payment(replace(CHECKOUT, method="Klarna"), on_send),
        "/V2022-03/local_payment",
        {name: value for name, value in CHECKOUT_SENT.items() if name != "customerId"}
        | {"paymentMethod": "Klarna"},
        CHECKOUT_DATA | {"riskInfos": None, "maskCardNo": ""},
        CHECKOUT_ANSWER,
    ),
}

each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@each_case
async def test_what_leaves_and_what_is_made_of_the_answer(case: Case, transport: Transport) -> None:
    """Exact texts, absent values not at all, and the request-id that on_send was told."""
    told: list[str] = []

    async def on_send(request_id: str) -> None:
        told.append(request_id)

    async with FarSide(answering(case.data, "0000")).listening() as far:
        answer = await case.use(far.account(transport), on_send)
    [seen] = far.seen
    assert (seen.method, seen.path, seen.query) == ("POST", case.path, {})
    assert json.loads(seen.body) == case.body
    assert seen.headers["sign-info"] == expected_signature(seen)
    assert told == [seen.request_id] == [answer.request_id]
    assert replace(answer, request_id="") == case.answer


@each_case
async def test_what_on_send_raises_stops_it_before_the_first_byte(
    case: Case, transport: Transport
) -> None:
    async def on_send(_: str) -> None:
        raise RuntimeError("the ledger is gone")

    async with FarSide(answering(case.data)).listening() as far:
        with pytest.raises(RuntimeError, match="ledger"):
            await case.use(far.account(transport), on_send)
    assert far.connected == 0


@each_case
@pytest.mark.parametrize("code", ["L0001", "L0005", "P0001", "P0002"])
async def test_a_code_of_before_the_money_is_a_refusal(
    case: Case, code: str, transport: Transport
) -> None:
    async with FarSide(answering(None, code)).listening() as far:
        with pytest.raises(Refused) as refused:
            await case.use(far.account(transport), quiet)
    assert (refused.value.code, refused.value.request_id) == (code, far.seen[0].request_id)
    assert len(far.seen) == 1


@each_case
@pytest.mark.parametrize("code", ["L0004", "S0001", "I0061", "R0001", "99999"])
async def test_any_other_code_leaves_it_unknown(
    case: Case, code: str, transport: Transport
) -> None:
    async with FarSide(answering(case.data, code)).listening() as far:
        with pytest.raises(NoAnswer, match=code) as unknown:
            await case.use(far.account(transport), quiet)
    assert unknown.value.code == code
    assert len(far.seen) == 1


@each_case
@pytest.mark.parametrize("data", [None, {}, [], "", "done", 7, ["x"], {"orderNo": "A-1"}])
async def test_success_without_what_it_needs_says_nothing(
    case: Case, data: Any, transport: Transport
) -> None:
    """A refund without its number, an action without a status, a checkout without status or page."""
    async with FarSide(answering(data)).listening() as far:
        with pytest.raises(NoAnswer):
            await case.use(far.account(transport), quiet)
    assert len(far.seen) == 1


async def test_a_page_is_an_answer_without_a_status(transport: Transport) -> None:
    async with FarSide(answering({"redirectUrl": "https://p.example"})).listening() as far:
        answer = await far.account(transport).checkout(CHECKOUT, quiet)
    assert (answer.redirect_url, answer.status) == ("https://p.example", "")


async def test_a_checkout_that_was_turned_down_is_an_answer(transport: Transport) -> None:
    data = {"redirectUrl": "", "orderStatus": "fail", "orderInfo": "I0061:Duplicate Order"}
    async with FarSide(answering(data)).listening() as far:
        answer = await far.account(transport).checkout(CHECKOUT, quiet)
    assert (answer.redirect_url, answer.status, answer.info) == (
        "",
        "fail",
        "I0061:Duplicate Order",
    )


async def test_the_amount_of_a_checkout_keeps_every_digit(transport: Transport) -> None:
    body = b'{"code":"0000","data":{"orderStatus":"pending","orderAmount":9007199254740993.10}}'
    async with FarSide(answering_text(body)).listening() as far:
        answer = await far.account(transport).checkout(CHECKOUT, quiet)
    assert answer.amount == "9007199254740993.10"


async def test_an_account_may_send_captures_to_the_open_api(transport: Transport) -> None:
    async with FarSide(answering({"orderStatus": "success"})).listening() as far:
        base = f"http://127.0.0.1:{far.port}"
        endpoints = Endpoints(f"{base}/V2022-03", f"{base}/openApi/V2022-03", "open")
        account = Asiabill(Credentials(GATEWAY_NO, SIGN_KEY), endpoints, transport)
        await account.authorize(AuthorizeRequest(TRADE, AuthType.CAPTURE), quiet)
        await account.checkout(CHECKOUT, quiet)
    assert [seen.path for seen in far.seen] == [
        "/openApi/V2022-03/AuthorizeInterface",
        "/V2022-03/checkout/payment",
    ]


def test_who_has_no_address_has_an_empty_one() -> None:
    assert BillingAddress.of(Billing()) == BillingAddress()
    assert DeliveryAddress.of(Billing()) == DeliveryAddress()
    assert BillingAddress.of(Billing(address=Address(line2="Flat 2"))).address == "Flat 2"
