"""Disputes: raised over the control interface, told by webhook, and listed."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.contract.simulator.delivery import checked
from tests.contract.simulator.merchant import Merchant
from tests.contract.simulator.simulation import Receiver, Simulation

_CHINA = timezone(timedelta(hours=8))


def _text(moment: datetime) -> str:
    return moment.astimezone(_CHINA).strftime("%Y-%m-%dT%H:%M:%S")


def _today(**query: str) -> dict[str, str]:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    return {"startTime": _text(now - day), "endTime": _text(now + day), **query}


def _listed(merchant: Merchant, **query: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = merchant.data("GET", "/chargebacks", query=query)["list"]
    return entries


def test_a_dispute_is_told_and_listed(
    either: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    made = either.charge(either.new_card(), orderNo="A-1", callbackUrl=shop.url)
    shop.next()
    raised = simulated.control("/chargebacks", orderNo="A-1")
    payload = checked(shop.next())
    assert payload == {"data": raised, "type": "chargeback.success"}
    assert list(payload) == ["data", "type"]
    noticed = datetime.strptime(raised["noticeDate"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    assert abs(datetime.now(UTC) - noticed) < timedelta(minutes=1)
    info = raised["chargebackInfo"]
    reply = datetime.strptime(info["replyDeadline"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    assert reply > noticed
    assert set(info) == {"replyDeadline", "cpdDate"}
    told = {name: raised[name] for name in raised if name not in ("chargebackInfo", "noticeDate")}
    assert told.pop("batchNo").isdigit()
    assert told == {
        "reason": "D4755-Non-Receipt of Goods or Services",
        "amount": "63.65",
        "orderAmount": "63.65",
        "orderNo": "A-1",
        "tradeNo": made["tradeNo"],
        "orderCurrency": "EUR",
        "currency": "EUR",
    }
    data = either.data("GET", "/chargebacks", query=_today())
    assert data == {"page": {"total": 1, "pageSize": 10, "pageIndex": 1}, "list": [raised]}


def test_a_dispute_may_be_of_a_part_and_have_its_own_reason(
    merchant: Merchant, simulated: Simulation
) -> None:
    trade_no = merchant.charge(merchant.new_card())["tradeNo"]
    simulated.control("/chargebacks", tradeNo=trade_no, amount="3.65", reason="Fraud / 1")
    (entry,) = _listed(merchant, tradeNo=trade_no)
    assert (entry["amount"], entry["orderAmount"]) == ("3.65", "63.65")
    assert entry["reason"] == "Fraud / 1"


def test_disputes_are_found_by_order_and_cut_in_pages_newest_first(
    merchant: Merchant, simulated: Simulation
) -> None:
    card_id = merchant.new_card()
    batches = []
    for number in range(5):
        made = merchant.charge(card_id, orderNo=f"A-{number}")
        batches.append(simulated.control("/chargebacks", tradeNo=made["tradeNo"])["batchNo"])
    assert len(set(batches)) == 5
    data = merchant.data("GET", "/chargebacks", query=_today(pageSize="2", pageIndex="2"))
    assert data["page"] == {"total": 5, "pageSize": 2, "pageIndex": 2}
    assert [entry["batchNo"] for entry in data["list"]] == [batches[2], batches[1]]
    assert [entry["batchNo"] for entry in _listed(merchant, orderNo="A-3")] == [batches[3]]
    assert _listed(merchant, orderNo="A-9") == []
    assert [entry["orderNo"] for entry in simulated.look("/chargebacks")] == [
        f"A-{number}" for number in range(5)
    ]


def test_the_times_are_those_of_the_notice(merchant: Merchant, simulated: Simulation) -> None:
    merchant.charge(merchant.new_card(), orderNo="A-1")
    simulated.clock.ahead = 3 * 86_400
    simulated.control("/chargebacks", orderNo="A-1")
    assert _listed(merchant, **_today()) == []
    later = datetime.now(UTC) + timedelta(days=3)
    hour = timedelta(hours=1)
    query = {"startTime": _text(later - hour), "endTime": _text(later + hour)}
    assert len(_listed(merchant, **query)) == 1


def test_without_an_order_the_times_are_required(merchant: Merchant) -> None:
    assert merchant.call("GET", "/chargebacks")["code"] == "P0002"
    query = _today(startTime="yesterday")
    assert merchant.call("GET", "/chargebacks", query=query)["code"] == "P0001"


def test_accounts_know_nothing_of_each_others_disputes(
    merchant: Merchant, other_merchant: Merchant, simulated: Simulation
) -> None:
    merchant.charge(merchant.new_card(), orderNo="A-1")
    simulated.control("/chargebacks", orderNo="A-1")
    assert _listed(other_merchant, **_today()) == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"orderNo": "A-9"}, 404),
        ({}, 404),
        ({"orderNo": "DECLINED"}, 409),
        ({"orderNo": "A-1", "amount": "0"}, 400),
        ({"orderNo": "A-1", "amount": "1.001"}, 400),
        ({"orderNo": "A-1", "sum": "1"}, 400),
    ],
)
def test_a_dispute_that_cannot_be_is_refused(
    merchant: Merchant, simulated: Simulation, fields: dict[str, object], status: int
) -> None:
    merchant.charge(merchant.new_card(), orderNo="A-1")
    merchant.charge(merchant.new_card("4000000000000002"), orderNo="DECLINED")
    answer = simulated.http.post("/_simulator/chargebacks", json=fields)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
    assert _listed(merchant, **_today()) == []
