"""One method for each endpoint: what leaves, and what is made of what comes back."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from clients.asiabill import (
    Address,
    Asiabill,
    Billing,
    Card,
    ChargeRequest,
    Credentials,
    Customer,
    Endpoints,
    NewCustomer,
    NewPaymentMethod,
    NoAnswer,
    OrderLine,
    PaymentMethod,
    RawCard,
    RefundRecord,
    Refused,
    Shipment,
    ShipmentAnswer,
    ShipmentUpload,
    Transaction,
    TransactionQuery,
    Transport,
)
from tests.unit.asiabill.far_side import (
    FarSide,
    Seen,
    answering,
    answering_text,
    envelope,
    expected_signature,
    quiet,
    signed,
)

pytestmark = pytest.mark.anyio

CARD = RawCard("4242424242424242", "08", "2030", "123")
BILLING = Billing(
    "Ada", "Ångström", "a@b.c", "1", Address("1 High St", city="Hà Nội", country="VN")
)
BILLING_SENT = {
    "firstName": "Ada",
    "lastName": "Ångström",
    "email": "a@b.c",
    "phone": "1",
    "address": {"line1": "1 High St", "city": "Hà Nội", "country": "VN"},
}
CHARGE = ChargeRequest(
    order_no="A-1",
    amount="100.90",
    currency="USD",
    customer_id="cus_1",
    payment_method_id="pm_1",
    return_url="https://shop.example/return?a=1",
    callback_url="https://pay.example/webhooks",
    customer_ip="203.0.113.7",
    lines=(OrderLine("茶", "2", "50.45"),),
    shipping=BILLING,
    token_type="InitRecurring",
    is_mobile="2",
)
CHARGE_SENT = {
    "orderNo": "A-1",
    "orderAmount": "100.90",
    "orderCurrency": "USD",
    "customerId": "cus_1",
    "customerPaymentMethodId": "pm_1",
    "returnUrl": "https://shop.example/return?a=1",
    "callbackUrl": "https://pay.example/webhooks",
    "customerIp": "203.0.113.7",
    "goodsDetails": [{"goodsTitle": "茶", "goodsCount": "2", "goodsPrice": "50.45"}],
    "shipping": BILLING_SENT,
    "tokenType": "InitRecurring",
    "isMobile": "2",
}
APRIL = TransactionQuery(
    datetime(2026, 4, 1, 20, 0, 0, tzinfo=UTC),
    datetime(2026, 4, 3, 1, 2, 3, tzinfo=timezone(timedelta(hours=-3))),
    page_size=50,
    order_no="A 1/2",
)


Use = Callable[[Asiabill], Awaitable[Any]]

# Method, path, query and body that leave; the data that comes; what the caller gets.
CALLS: dict[str, tuple[Use, str, str, dict[str, str], Any, Any, Any]] = {
    "create_session_token": (
        lambda a: a.create_session_token(),
        *("POST", "/V2022-03/sessionToken", {}, None),
        {"sessionToken": "st_1"},
        "st_1",
    ),
    "create_customer": (
        lambda a: a.create_customer(NewCustomer("a@b.c", "Ada", "L", description="d/e")),
        *("POST", "/V2022-03/customers", {}),
        {"email": "a@b.c", "firstName": "Ada", "lastName": "L", "description": "d/e"},
        {"customerId": "cus_1", "email": "a@b.c", "phone": "", "created": None},
        Customer("cus_1", "a@b.c"),
    ),
    "customer": (
        lambda a: a.customer("cus_1"),
        *("GET", "/V2022-03/customers/cus_1", {}, None),
        {"customerId": "cus_1", "firstName": "Ada", "created": "2026-04-01 10:00:00"},
        Customer("cus_1", first_name="Ada", created="2026-04-01 10:00:00"),
    ),
    "delete_customer": (
        lambda a: a.delete_customer("cus_1"),
        *("DELETE", "/V2022-03/customers/cus_1", {}, None),
        None,
        None,
    ),
    "create_payment_method": (
        lambda a: a.create_payment_method(NewPaymentMethod(CARD, BILLING, "cus_1")),
        *("POST", "/V2022-03/payment_methods", {}),
        {
            "card": {
                "cardNo": "4242424242424242",
                "cardExpireMonth": "08",
                "cardExpireYear": "2030",
                "cardSecurityCode": "123",
            },
            "billingDetail": BILLING_SENT,
            "customerId": "cus_1",
        },
        {"customerPaymentMethodId": "pm_1", "card": {"brand": "VISA", "last4": "4242"}},
        PaymentMethod("pm_1", Card("VISA", "4242")),
    ),
    "payment_method": (
        lambda a: a.payment_method("pm_1"),
        *("GET", "/V2022-03/payment_methods/pm_1", {}, None),
        {"customerPaymentMethodId": "pm_1", "billingDetail": BILLING_SENT, "customerId": "cus_1"},
        PaymentMethod("pm_1", None, BILLING, "cus_1"),
    ),
    "payment_methods": (
        lambda a: a.payment_methods("cus_1"),
        *("GET", "/V2022-03/payment_methods/list/cus_1", {}, None),
        [
            {"customerPaymentMethodId": "pm_1", "card": {"brand": "visa", "last4": "0042"}},
            {"customerPaymentMethodId": "pm_2"},
        ],
        [PaymentMethod("pm_1", Card("visa", "0042")), PaymentMethod("pm_2")],
    ),
    "update_payment_method": (
        lambda a: a.update_payment_method("pm_1", BILLING),
        *("POST", "/V2022-03/payment_methods/update", {}),
        {"customerPaymentMethodId": "pm_1", "billingDetail": BILLING_SENT},
        {"customerPaymentMethodId": "pm_1"},
        PaymentMethod("pm_1"),
    ),
    "attach_payment_method": (
        lambda a: a.attach_payment_method("pm_1", "cus_1"),
        *("GET", "/V2022-03/payment_methods/pm_1/cus_1/attach", {}, None),
        {"anything": True},
        None,
    ),
    "detach_payment_method": (
        lambda a: a.detach_payment_method("pm_1"),
        *("GET", "/V2022-03/payment_methods/pm_1/detach", {}, None),
        None,
        None,
    ),
    "order_info": (
        lambda a: a.order_info("2022051811043674149462"),
        *("GET", "/openApi/V2022-03/orderInfo/2022051811043674149462", {}, None),
        {"tradeNo": "2022051811043674149462", "tradeStatus": "Success", "tradeAmount": 1.10},
        Transaction(trade_no="2022051811043674149462", status="success", amount="1.1"),
    ),
    "refund_record": (
        lambda a: a.refund_record("442011"),
        *("GET", "/openApi/V2022-03/refund/442011", {}, None),
        {"batchNo": 442011, "merTrackNo": "re_1", "refundStatus": "Success", "amount": 1.5},
        RefundRecord("442011", "re_1", "success", "1.5"),
    ),
    "upload_shipment": (
        lambda a: a.upload_shipment(ShipmentUpload("RX1", "https://t.example/?n=", "ups", "20220")),
        *("POST", "/openApi/V2022-03/logistics", {}),
        {
            "trackingNo": "RX1",
            "trackingWeb": "https://t.example/?n=",
            "lcCode": "ups",
            "tradeNo": "20220",
        },
        {"tradeNo": "20220", "status": "success", "description": "uploadSuccess"},
        ShipmentAnswer("20220", "success", "uploadSuccess"),
    ),
    "upload_shipment of an order": (
        lambda a: a.upload_shipment(ShipmentUpload("RX1", "t.example", order_no="A-1")),
        *("POST", "/openApi/V2022-03/logistics", {}),
        {"trackingNo": "RX1", "trackingWeb": "t.example", "orderNo": "A-1"},
        None,
        ShipmentAnswer(),
    ),
    "shipment": (
        lambda a: a.shipment("20220"),
        *("GET", "/openApi/V2022-03/logistics/20220", {}, None),
        {
            "tradeNo": "20220",
            "trackingNo": "RX1",
            "trackingWeb": "t.example",
            "tbLcCode": "ups",
            "logisticsStatus": "InTransit",
        },
        Shipment("RX1", "t.example", "ups", "InTransit", "20220"),
    ),
}


PATH_VALUES = {
    "customer": "cus_1",
    "delete_customer": "cus_1",
    "payment_method": "pm_1",
    "payment_methods": "cus_1",
    "attach_payment_method": "cus_1pm_1",
    "detach_payment_method": "pm_1",
    "order_info": "2022051811043674149462",
    "refund_record": "442011",
    "shipment": "20220",
}


@pytest.mark.parametrize("name", CALLS)
async def test_each_method_sends_and_reads_its_endpoint(name: str, transport: Transport) -> None:
    """The request as the contract has it, signed over the bytes that arrive."""
    use, method, path, query, body, data, result = CALLS[name]
    async with FarSide(answering(data)).listening() as far:
        assert await use(far.account(transport)) == result
    [seen] = far.seen
    assert (seen.method, seen.path, seen.query) == (method, path, query)
    assert (json.loads(seen.body) if seen.body else None) == body
    assert seen.headers["content-type"] == "application/json; charset=UTF-8"
    assert seen.headers["sign-info"] == expected_signature(seen, PATH_VALUES.get(name, ""))
    assert len(seen.request_id) == 32
    int(seen.request_id, 16)


async def test_a_charge_leaves_with_its_exact_texts(transport: Transport) -> None:
    """Amounts as given, absent values not at all, Unicode plain, and the id on_send was told."""
    told: list[str] = []

    async def on_send(request_id: str) -> None:
        told.append(request_id)

    data = {
        "orderStatus": "SUCCESS",
        "orderInfo": "Transaction Approved",
        "tradeNo": "2022051811043674149462",
        "orderNo": "A-1",
        "orderAmount": 100.90,
        "orderCurrency": "USD",
        "redirectUrl": "",
        "maskCardNo": "424242***4242",
        "riskInfos": None,
    }
    async with FarSide(answering(data)).listening() as far:
        charge = await far.account(transport).confirm_charge(CHARGE, on_send)
    [seen] = far.seen
    assert (seen.method, seen.path) == ("POST", "/V2022-03/confirmCharge")
    assert json.loads(seen.body) == CHARGE_SENT
    assert "茶".encode() in seen.body
    assert seen.headers["sign-info"] == expected_signature(seen)
    assert told == [seen.request_id] == [charge.request_id]
    assert charge.order_status == "success"
    assert charge.trade_no == "2022051811043674149462"
    assert Decimal(charge.amount) == Decimal("100.9")
    assert charge.redirect_url == ""
    assert charge.masked_card == "424242***4242"


async def test_a_decline_is_an_answer(transport: Transport) -> None:
    data = {"orderStatus": "fail", "orderInfo": "I0061:Duplicate Order", "tradeNo": 7}
    async with FarSide(answering(data)).listening() as far:
        charge = await far.account(transport).confirm_charge(CHARGE, quiet)
    assert (charge.order_status, charge.order_info) == ("fail", "I0061:Duplicate Order")
    assert charge.trade_no == "7"


async def test_a_charge_for_the_bank_page_says_where_to(transport: Transport) -> None:
    data = {"orderStatus": "pending", "redirectUrl": "https://bank.example/3ds"}
    async with FarSide(answering(data)).listening() as far:
        charge = await far.account(transport).confirm_charge(CHARGE, quiet)
    assert (charge.order_status, charge.redirect_url) == ("pending", "https://bank.example/3ds")


@pytest.mark.parametrize(
    "data", [None, {}, [], "", "paid", {"orderNo": "A-1"}, {"orderStatus": ""}]
)
async def test_success_without_a_status_says_nothing_of_a_charge(
    data: Any, transport: Transport
) -> None:
    async with FarSide(answering(data)).listening() as far:
        with pytest.raises(NoAnswer):
            await far.account(transport).confirm_charge(CHARGE, quiet)
    assert len(far.seen) == 1


@pytest.mark.parametrize("code", ["L0001", "L0005", "P0002"])
async def test_a_refused_charge_keeps_code_and_message_apart(
    code: str, transport: Transport
) -> None:
    """Asiabill's message may repeat what was sent: it is kept, and is no part of the text."""

    async def refuse(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(signed(seen, envelope(None, code, "bad card 4242424242424242")))

    async with FarSide(refuse).listening() as far:
        with pytest.raises(Refused) as refused:
            await far.account(transport).confirm_charge(CHARGE, quiet)
    error = refused.value
    assert (error.code, error.message) == (code, "bad card 4242424242424242")
    assert (error.endpoint, error.request_id) == ("POST /confirmCharge", far.seen[0].request_id)
    assert "4242" not in f"{error} {error!r}"
    assert code in str(error)


@pytest.mark.parametrize("code", ["L0004", "S0001", "I0061", "E0001", "99999"])
async def test_any_other_code_leaves_a_charge_unknown(code: str, transport: Transport) -> None:
    async with FarSide(answering(None, code)).listening() as far:
        with pytest.raises(NoAnswer, match=code) as unknown:
            await far.account(transport).confirm_charge(CHARGE, quiet)
    assert unknown.value.code == code
    assert len(far.seen) == 1


@pytest.mark.parametrize("code", ["P0001", "P0002"])
async def test_an_unknown_id_is_none(code: str, transport: Transport) -> None:
    async with FarSide(answering(None, code)).listening() as far:
        account = far.account(transport)
        assert await account.customer("cus_9") is None
        assert await account.payment_method("pm_9") is None
        assert await account.order_info("9") is None
        assert await account.refund_record("9") is None
        assert await account.shipment("9") is None
        with pytest.raises(Refused):
            await account.payment_methods("cus_9")
    assert len(far.seen) == 6


@pytest.mark.parametrize("data", [None, "", {}, []])
async def test_no_data_is_none_or_an_empty_list(data: Any, transport: Transport) -> None:
    async with FarSide(answering(data, "0")).listening() as far:
        account = far.account(transport)
        assert await account.customer("cus_1") is None
        assert await account.payment_method("pm_1") is None
        assert await account.payment_methods("cus_1") == []
        assert await account.update_payment_method("pm_1", BILLING) is None
        assert await account.order_info("1") is None
        assert await account.refund_record("1") is None
        assert await account.shipment("1") is None
        page = await account.customers(3, 20)
        assert (page.items, page.total, page.page_index, page.page_size) == ([], None, 3, 20)


async def test_any_other_refusal_of_a_read_is_refused_at_once(transport: Transport) -> None:
    async with FarSide(answering(None, "L0001")).listening() as far:
        with pytest.raises(Refused, match="L0001"):
            await far.account(transport).customer("cus_1")
    assert len(far.seen) == 1


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "a?b", "a b", "é", "x" * 101, "a\n"])
async def test_what_cannot_be_an_id_is_not_sent(value: str, transport: Transport) -> None:
    """It would name another endpoint: an empty id the list, dots the folder above."""
    async with FarSide(answering({})).listening() as far:
        account = far.account(transport)
        assert await account.customer(value) is None
        assert await account.order_info(value) is None
        assert await account.refund_record(value) is None
        assert await account.shipment(value) is None
        with pytest.raises(Refused, match="P0002"):
            await account.delete_customer(value)
        with pytest.raises(Refused, match="P0002"):
            await account.attach_payment_method("pm_1", value)
    assert far.seen == []


async def test_a_page_of_customers(transport: Transport) -> None:
    data = {
        "page": {"total": "41", "pageSize": 20, "pageIndex": 2},
        "list": [{"customerId": "cus_1"}, {"customerId": "cus_2"}],
    }
    async with FarSide(answering(data)).listening() as far:
        page = await far.account(transport).customers(2, 20)
    assert far.seen[0].query == {"pageIndex": "2", "pageSize": "20"}
    assert far.seen[0].headers["sign-info"] == expected_signature(far.seen[0])
    assert [customer.id for customer in page.items] == ["cus_1", "cus_2"]
    assert (page.total, page.page_index, page.page_size, page.more) == (41, 2, 20, True)


async def test_transactions_are_asked_for_in_chinas_time(transport: Transport) -> None:
    """Form-encoded on the way, signed decoded; what is not asked for is not sent."""
    async with FarSide(answering({"list": None})).listening() as far:
        await far.account(transport).transactions(APRIL)
    [seen] = far.seen
    assert seen.path == "/openApi/V2022-03/transactions"
    assert seen.query == {
        "startTime": "2026-04-02T04:00:00",
        "endTime": "2026-04-03T12:02:03",
        "pageIndex": "1",
        "pageSize": "50",
        "orderNo": "A 1/2",
    }
    assert "orderNo=A+1%2F2" in seen.target
    assert seen.headers["sign-info"] == expected_signature(seen)


def test_a_time_without_a_zone_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zone"):
        TransactionQuery(APRIL.start.replace(tzinfo=None), APRIL.end)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (b"63.65", "63.65"),
        (b"63.60", "63.60"),
        (b'"63.60"', "63.60"),
        (b"600", "600"),
        (b"0.1", "0.1"),
        (b"9007199254740993.01", "9007199254740993.01"),
        (b"12345678901234567890123", "12345678901234567890123"),
    ],
)
async def test_an_amount_keeps_every_digit(
    written: bytes, amount: str, transport: Transport
) -> None:
    """tradeAmount is a JSON number, and never passes through a float."""
    row = b'{"orderNo":"A-1","tradeAmount":' + written + b',"tradeStatus":"success"}'
    body = b'{"code":"00000","data":{"page":{"total":1},"list":[' + row + b"]}}"
    async with FarSide(answering_text(body)).listening() as far:
        page = await far.account(transport).transactions(APRIL)
    assert page.items[0].amount == amount
    assert page.items[0].status == "success"


async def test_loose_answers_are_read(transport: Transport) -> None:
    """Numbers for text, text for numbers, `Address`, `zip`, unknown fields, an odd expiry."""
    data = [
        {
            "customerPaymentMethodId": 15267,
            "card": {
                "brand": "visa",
                "last4": 4242,
                "cardExpireMonth": "08",
                "cardExpireYear": 2030,
            },
            "billingDetail": {"phone": 86, "Address": {"zip": 10115, "line2": "", "new": [1]}},
            "unheardOf": {"a": None},
        },
        {
            "customerPaymentMethodId": "pm_2",
            "card": {"last4": "1", "cardExpireMonth": "00", "cardExpireYear": "20xx"},
        },
    ]
    async with FarSide(answering(data)).listening() as far:
        first, second = await far.account(transport).payment_methods("cus_1")
    assert first == PaymentMethod(
        "15267",
        Card("visa", "4242", 8, 2030),
        Billing(phone="86", address=Address(postal_code="10115")),
    )
    assert second.card == Card(None, "1", None, None)


async def test_an_order_is_read_under_either_names(transport: Transport) -> None:
    """The fields of /orderInfo are not documented: those of webhooks are understood too."""
    data = {"list": [{"orderNo": "A-1", "orderAmount": 9.50, "orderStatus": "Fail"}]}
    async with FarSide(answering(data)).listening() as far:
        order = await far.account(transport).order_info("1")
    assert order == Transaction(order_no="A-1", amount="9.5", status="fail")


@pytest.mark.parametrize(
    "data", ["text", 7, True, ["x"], {"list": "x"}, {"list": [7]}, {"page": "x"}]
)
async def test_data_of_another_shape_is_no_answer(data: Any, transport: Transport) -> None:
    """And never an error of another kind."""
    async with FarSide(answering(data)).listening() as far:
        account = far.account(transport)
        with pytest.raises(NoAnswer):
            await account.transactions(APRIL)
        if data != {"page": "x"}:
            with pytest.raises(NoAnswer):
                await account.order_info("1")


async def test_an_update_that_shows_something_else_still_succeeded(transport: Transport) -> None:
    async with FarSide(answering({"updated": "yes"})).listening() as far:
        assert await far.account(transport).update_payment_method("pm_1", BILLING) is None


def test_a_raw_card_never_shows_itself() -> None:
    """Neither by itself, nor inside another, nor to rich, which asks Structs another way."""
    order = NewPaymentMethod(CARD, Billing())
    shown = f"{CARD} {CARD!r} {order} {order!r} {CARD.__rich_repr__()}"
    for secret in ("4242424242424242", "123", "2030", "08"):
        assert secret not in shown
    assert b"4242424242424242" in msgspec.json.encode(order)


@pytest.mark.parametrize("gateway_no", ["", "1224600a", "12246002\r\nx: y", "1" * 17, "١٢٣"])
def test_a_gateway_number_is_digits(gateway_no: str) -> None:
    with pytest.raises(ValueError, match="gateway_no"):
        Credentials(gateway_no, "key")


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="sign_key"):
        Credentials("12246002", "")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "safepay.asiabill.com/V2022-03",
        "ftp://x/V2022-03",
        "https:///V2022-03",
        "https://x/V2022-03/",
        "https://x/V2022-03?a=1",
        "https://x/V2022-03#a",
        "https://u:p@x/V2022-03",
        "https://x:port/V2022-03",
    ],
)
def test_a_base_url_is_plain(url: str) -> None:
    """And its secrets are not repeated in the error."""
    good = "https://testpay.asiabill.com/V2022-03"
    for pair in ((url, good), (good, url)):
        with pytest.raises(ValueError, match=r".") as refused:
            Endpoints(*pair)
        assert "u:p" not in str(refused.value)
