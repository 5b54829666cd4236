"""An account that pre-authorises: the money is held, then captured or voided."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.simulator.conftest import OTHER_GATEWAY
from tests.contract.simulator.delivery import checked
from tests.contract.simulator.merchant import (
    OPEN_BASE,
    PAYMENT_BASE,
    Merchant,
    checkout_body,
    refund_body,
)
from tests.contract.simulator.simulation import Receiver, Simulation, simulation

_CHALLENGED = "4000002500003155"


@pytest.fixture(scope="module")
def _shared_holding() -> Iterator[Simulation]:
    accounts = {"12246002": "12H4567r", OTHER_GATEWAY: "another-key"}
    with simulation(accounts=accounts, pre_authorize=True) as running:
        yield running


@pytest.fixture
def simulated(_shared_holding: Simulation) -> Simulation:
    _shared_holding.clock.ahead = 0
    _shared_holding.control("/reset")
    return _shared_holding


def _held(merchant: Merchant, **fields: object) -> str:
    return str(merchant.charge(merchant.new_card(), **fields)["tradeNo"])


def _end(merchant: Merchant, trade_no: str, auth_type: str, base: str = "") -> dict[str, Any]:
    body = {"authType": auth_type, "operator": "", "remark": "", "tradeNo": trade_no}
    return merchant.call("POST", "/AuthorizeInterface", body=body, base=base)


def _standing(merchant: Merchant, order_no: str) -> tuple[str, str]:
    entry = merchant.listed(order_no)
    return entry["tradeStatus"], entry["authStatus"]


def test_a_charge_is_held_and_told_as_a_success(either: Merchant, shop: Receiver) -> None:
    data = either.charge(either.new_card(), orderNo="A-1", callbackUrl=shop.url)
    assert data["orderStatus"] == "success"
    assert _standing(either, "A-1") == ("success", "pending")
    assert checked(shop.next())["type"] == "transaction.success"


@pytest.mark.parametrize("base", [PAYMENT_BASE, OPEN_BASE])
@pytest.mark.parametrize(
    ("auth_type", "kind", "status", "auth_status"),
    [
        ("1", "pre-authorized.captured", "success", "capture"),
        ("2", "pre-authorized.void", "fail", "void"),
    ],
)
def test_a_hold_is_ended_under_either_base(
    either: Merchant,
    simulated: Simulation,
    shop: Receiver,
    base: str,
    auth_type: str,
    kind: str,
    status: str,
    auth_status: str,
) -> None:
    trade_no = _held(either, orderNo="A-1", callbackUrl=shop.url)
    shop.next()
    answer = _end(either, trade_no, auth_type, base)
    assert answer["code"] == "00000"
    info = answer["data"].pop("orderInfo")
    assert answer["data"] == {"tradeNo": trade_no, "orderNo": "A-1", "orderStatus": status}
    assert _standing(either, "A-1") == (status, auth_status)
    assert either.listed("A-1")["tradeInfo"] == info
    assert checked(shop.next()) == {
        "data": {
            "orderAmount": "63.65",
            "orderNo": "A-1",
            "tradeNo": trade_no,
            "orderCurrency": "EUR",
            "orderStatus": status,
            "operationResult": "Success",
        },
        "type": kind,
    }
    (made,) = simulated.charges()
    assert (made["status"], made["authStatus"]) == (status, auth_status)
    assert simulated.look("/calls")["POST /AuthorizeInterface"] == 1


@pytest.mark.parametrize("first", ["1", "2"])
@pytest.mark.parametrize("second", ["1", "2"])
def test_a_hold_ends_once(merchant: Merchant, shop: Receiver, first: str, second: str) -> None:
    trade_no = _held(merchant, orderNo="A-1", callbackUrl=shop.url)
    _end(merchant, trade_no, first)
    before = _standing(merchant, "A-1")
    again = _end(merchant, trade_no, second)
    assert (again["code"], "already" in again["message"]) == ("P0001", True)
    assert _standing(merchant, "A-1") == before
    ended = "captured" if first == "1" else "void"
    kinds = [checked(shop.next())["type"] for _ in range(2)]
    assert kinds == ["transaction.success", f"pre-authorized.{ended}"]
    assert shop.nothing_more()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"tradeNo": "2" * 22}, "P0002"),
        ({"tradeNo": ""}, "P0002"),
        ({"tradeNo": "2" * 65}, "P0001"),
        ({"authType": ""}, "P0002"),
        ({"authType": "3"}, "P0001"),
        ({"operator": "x" * 21}, "P0001"),
        ({"remark": "x" * 501}, "P0001"),
    ],
)
def test_a_wrong_request_ends_nothing(
    merchant: Merchant, fields: dict[str, object], code: str
) -> None:
    body = {"authType": "1", "tradeNo": _held(merchant, orderNo="A-1"), **fields}
    assert merchant.call("POST", "/AuthorizeInterface", body=body)["code"] == code
    assert _standing(merchant, "A-1") == ("success", "pending")


def test_a_hold_of_another_account_is_unknown(merchant: Merchant, other_merchant: Merchant) -> None:
    trade_no = _held(merchant, orderNo="A-1")
    assert _end(other_merchant, trade_no, "1")["code"] == "P0002"
    assert _standing(merchant, "A-1") == ("success", "pending")


def test_what_is_declined_or_at_the_bank_is_not_held(
    merchant: Merchant, simulated: Simulation
) -> None:
    declined = merchant.charge(merchant.new_card("4000000000000002"))["tradeNo"]
    challenged = merchant.charge(merchant.new_card(_CHALLENGED), orderNo="A-1")["tradeNo"]
    for trade_no in (declined, challenged):
        answer = _end(merchant, trade_no, "1")
        assert answer["code"] == "P0001"
        assert answer["message"] == "The transaction is not an authorization"
    simulated.control(f"/3ds/{challenged}", result="success")
    assert _standing(merchant, "A-1") == ("success", "pending")


def test_a_hold_is_refunded_only_once_it_is_captured(merchant: Merchant) -> None:
    trade_no = _held(merchant)
    refused = merchant.call("POST", "/refund", body=refund_body(trade_no, "1.00"))
    assert (refused["code"], refused["message"]) == ("P0001", "The transaction is not captured")
    _end(merchant, trade_no, "1")
    assert merchant.refund(trade_no, "1.00")["refundStatus"] == "pending"


def test_a_hold_keeps_the_card_of_its_customer(merchant: Merchant) -> None:
    customer_id = merchant.new_customer()
    _held(merchant, customerId=customer_id)
    assert len(merchant.cards(customer_id)) == 1


def test_a_stale_look_up_shows_the_hold_as_it_stood(
    merchant: Merchant, simulated: Simulation
) -> None:
    trade_no = _held(merchant, orderNo="A-1")
    simulated.clock.ahead = 120
    _end(merchant, trade_no, "2")
    simulated.fault("GET /transactions", "stale", delayMs=60_000)
    assert _standing(merchant, "A-1") == ("success", "pending")
    assert _standing(merchant, "A-1") == ("fail", "void")


def test_a_card_on_the_hosted_page_is_held_and_a_local_payment_is_not(merchant: Merchant) -> None:
    card = checkout_body(orderNo="A-1")
    page = merchant.data("POST", "/checkout/payment", body=card, code="0000")["redirectUrl"]
    merchant.http.post(page, data={"act": "pay", "card": "4242424242424242"})
    assert _standing(merchant, "A-1") == ("success", "pending")
    local = checkout_body("Klarna", orderNo="A-2")
    page = merchant.data("POST", "/local_payment", body=local)["redirectUrl"]
    merchant.http.post(page, data={"act": "success"})
    assert _standing(merchant, "A-2") == ("success", "sale")
