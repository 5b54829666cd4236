"""Refunds: applying, looking up, and the end that the merchant is told of."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.contract.simulator.delivery import checked
from tests.contract.simulator.merchant import Merchant, refund_body
from tests.contract.simulator.simulation import Receiver, Simulation, eventually

_CHALLENGED = "4000002500003155"


def _paid(merchant: Merchant, **fields: object) -> str:
    return str(merchant.charge(merchant.new_card(), **fields)["tradeNo"])


def _refused(merchant: Merchant, trade_no: str, amount: str, **fields: object) -> tuple[str, str]:
    answer = merchant.call("POST", "/refund", body=refund_body(trade_no, amount, **fields))
    assert answer["data"] is None
    return answer["code"], answer["message"]


def _status(merchant: Merchant, batch_no: str) -> str:
    found = merchant.data("GET", "/refund/{batchNo}", {"batchNo": batch_no})
    return str(found["refundStatus"])


def _refunded(simulated: Simulation) -> list[str]:
    return [charge["refunded"] for charge in simulated.charges()]


def test_a_refund_is_pending_first_and_then_succeeds(
    either: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    trade_no = _paid(either, orderNo="A-1", callbackUrl=shop.url)
    shop.next()
    data = either.refund(trade_no, "10.50", merTrackNo="R-1")
    batch_no = data["batchNo"]
    assert re.fullmatch(r"[0-9]{6}", batch_no)
    assert (data["refundStatus"], data["merTrackNo"]) == ("pending", "R-1")
    payload = checked(shop.next())
    noticed = payload["data"].pop("noticeDate")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", noticed)
    assert payload == {
        "data": {
            "reason": "Damaged / 茶",
            "amount": "10.50",
            "batchNo": batch_no,
            "orderAmount": "63.65",
            "orderNo": "A-1",
            "tradeNo": trade_no,
            "orderCurrency": "EUR",
            "currency": "EUR",
            "merTrackNo": "R-1",
        },
        "type": "refund.success",
    }
    found = either.data("GET", "/refund/{batchNo}", {"batchNo": batch_no})
    assert found == {**data, "refundStatus": "success"}
    assert _refunded(simulated) == ["10.50"]


def test_a_refund_fails_where_that_is_wanted(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    trade_no = _paid(merchant, callbackUrl=shop.url)
    shop.next()
    simulated.control("/refunds", mode="fail")
    batch_no = merchant.refund(trade_no, "63.65", refundType="1")["batchNo"]
    assert checked(shop.next())["type"] == "refund.fail"
    assert _status(merchant, batch_no) == "fail"
    assert _refunded(simulated) == ["0"]
    # What failed takes nothing from the balance.
    assert merchant.refund(trade_no, "63.65", refundType="1")["refundStatus"] == "pending"


@pytest.mark.parametrize(("result", "refunded"), [("success", "5"), ("fail", "0")])
def test_a_held_refund_waits_for_its_end(
    merchant: Merchant, simulated: Simulation, shop: Receiver, result: str, refunded: str
) -> None:
    simulated.control("/refunds", mode="hold")
    trade_no = _paid(merchant, callbackUrl=shop.url)
    shop.next()
    batch_no = merchant.refund(trade_no, "5")["batchNo"]
    assert _status(merchant, batch_no) == "pending"
    assert _refunded(simulated) == ["0"]
    opposite = "fail" if result == "success" else "success"
    for wanted in (result, opposite):
        ended = simulated.control(f"/refunds/{batch_no}", result=wanted)
        assert ended["status"] == result
    assert checked(shop.next())["type"] == f"refund.{result}"
    assert _refunded(simulated) == [refunded]
    eventually(lambda: not simulated.look("/webhooks")["waiting"])
    assert shop.nothing_more()


def test_parts_add_up_exactly_to_the_whole_and_no_further(
    merchant: Merchant, simulated: Simulation
) -> None:
    trade_no = _paid(merchant, orderAmount="0.30")
    for _ in range(3):
        merchant.refund(trade_no, "0.10")
    code, message = _refused(merchant, trade_no, "0.01")
    assert (code, "over the balance" in message) == ("P0001", True)
    eventually(lambda: _refunded(simulated) == ["0.30"])


def test_pending_refunds_count_against_the_balance(
    merchant: Merchant, simulated: Simulation
) -> None:
    simulated.control("/refunds", mode="hold")
    trade_no = _paid(merchant)
    merchant.refund(trade_no, "63.00")
    assert _refused(merchant, trade_no, "0.66")[0] == "P0001"
    assert merchant.refund(trade_no, "0.65")["refundStatus"] == "pending"


@pytest.mark.parametrize(
    ("amount", "earlier"), [("63.64", ""), ("63.65", "0.01"), ("63.64", "0.01")]
)
def test_a_full_refund_is_of_the_whole_amount_and_the_first(
    merchant: Merchant, simulated: Simulation, amount: str, earlier: str
) -> None:
    simulated.control("/refunds", mode="hold")
    trade_no = _paid(merchant)
    if earlier:
        merchant.refund(trade_no, earlier)
    assert _refused(merchant, trade_no, amount, refundType="1")[0] == "P0001"


def test_a_full_refund_may_be_written_with_other_zeros(merchant: Merchant) -> None:
    trade_no = _paid(merchant, orderAmount="600")
    data = merchant.refund(trade_no, "600.00", refundType=1)
    assert data["refundAmount"] == "600.00"


def test_a_number_that_was_used_gives_the_same_refund_back(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    trade_no = _paid(merchant, callbackUrl=shop.url)
    shop.next()
    first = merchant.refund(trade_no, "63.65", merTrackNo="R-1", refundType="1")
    checked(shop.next())
    again = merchant.refund(trade_no, "63.65", merTrackNo="R-1", refundType="1")
    assert again == {**first, "refundStatus": "success"}
    assert len(simulated.look("/refunds")) == 1
    assert shop.nothing_more()


def test_twenty_at_once_with_one_number_make_one_refund(
    merchant: Merchant, simulated: Simulation
) -> None:
    trade_no = _paid(merchant)

    def batch_no(_: int) -> str:
        return str(merchant.refund(trade_no, "1.00", merTrackNo="R-1")["batchNo"])

    with ThreadPoolExecutor(20) as threads:
        assert len(set(threads.map(batch_no, range(20)))) == 1
    assert len(simulated.look("/refunds")) == 1


def test_only_a_successful_sale_is_refunded(merchant: Merchant) -> None:
    for number in ("4000000000000002", _CHALLENGED):
        trade_no = str(merchant.charge(merchant.new_card(number))["tradeNo"])
        code, message = _refused(merchant, trade_no, "1.00")
        assert (code, message) == ("P0001", "The transaction is not successful")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"tradeNo": "2" * 22}, "P0002"),
        ({"tradeNo": ""}, "P0002"),
        ({"merTrackNo": ""}, "P0002"),
        ({"refundAmount": None}, "P0002"),
        ({"refundType": ""}, "P0002"),
        ({"refundType": "3"}, "P0001"),
        ({"refundAmount": "0"}, "P0001"),
        ({"refundAmount": "-1"}, "P0001"),
        ({"refundAmount": "1.001"}, "P0001"),
        ({"refundAmount": "63.66"}, "P0001"),
    ],
)
def test_a_wrong_refund_is_refused_and_leaves_no_trace(
    merchant: Merchant, simulated: Simulation, fields: dict[str, object], code: str
) -> None:
    trade_no = _paid(merchant)
    given: dict[str, Any] = {**refund_body(trade_no, "1.00"), **fields}
    assert merchant.call("POST", "/refund", body=given)["code"] == code
    assert simulated.look("/refunds") == []


def test_a_refund_is_as_precise_as_its_currency(merchant: Merchant) -> None:
    trade_no = _paid(merchant, orderAmount="500", orderCurrency="JPY")
    assert _refused(merchant, trade_no, "1.5")[0] == "P0001"
    assert merchant.refund(trade_no, "100")["refundAmount"] == "100"


def test_accounts_know_nothing_of_each_others_refunds(
    merchant: Merchant, other_merchant: Merchant, simulated: Simulation
) -> None:
    trade_no = _paid(merchant)
    assert _refused(other_merchant, trade_no, "1.00")[0] == "P0002"
    batch_no = merchant.refund(trade_no, "1.00", merTrackNo="R-1")["batchNo"]
    path = {"batchNo": batch_no}
    assert other_merchant.call("GET", "/refund/{batchNo}", path)["code"] == "P0002"
    other = other_merchant.refund(_paid(other_merchant), "1.00", merTrackNo="R-1")["batchNo"]
    assert other != batch_no
    assert {entry["gatewayNo"] for entry in simulated.look("/refunds")} == {
        merchant.gateway_no,
        other_merchant.gateway_no,
    }


def test_the_truth_about_refunds_is_told_whole(merchant: Merchant, simulated: Simulation) -> None:
    simulated.control("/refunds", mode="hold")
    trade_no = _paid(merchant, orderNo="A-1")
    batch_no = merchant.refund(trade_no, "1.00", merTrackNo="R-1")["batchNo"]
    assert simulated.look("/refunds") == [
        {
            "batchNo": batch_no,
            "merTrackNo": "R-1",
            "tradeNo": trade_no,
            "orderNo": "A-1",
            "amount": "1.00",
            "currency": "EUR",
            "status": "pending",
            "gatewayNo": "12246002",
        }
    ]


def test_the_control_interface_refuses_what_cannot_be(simulated: Simulation) -> None:
    def status(path: str, **fields: object) -> int:
        return simulated.http.post(f"/_simulator{path}", json=fields).status_code

    assert status("/refunds", mode="maybe") == 400
    assert status("/refunds/100000", result="success") == 404
    assert status("/refunds/100000", result="maybe") == 400


def test_a_reset_forgets_refunds_and_how_they_end(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    simulated.control("/refunds", mode="hold")
    trade_no = _paid(merchant)
    batch_no = merchant.refund(trade_no, "1.00")["batchNo"]
    simulated.control("/reset")
    assert simulated.look("/refunds") == []
    path = {"batchNo": batch_no}
    assert merchant.call("GET", "/refund/{batchNo}", path)["code"] == "P0002"
    trade_no = _paid(merchant, callbackUrl=shop.url)
    shop.next()
    merchant.refund(trade_no, "1.00")
    assert checked(shop.next())["type"] == "refund.success"
