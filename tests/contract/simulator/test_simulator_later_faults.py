"""Faults of the endpoints for what comes before and after a charge: pages, refunds, parcels."""

from typing import Any

import httpx
import pytest

from tests.contract.simulator.merchant import Merchant, checkout_body, refund_body
from tests.contract.simulator.simulation import Simulation


def _requests(merchant: Merchant) -> dict[str, tuple[dict[str, str], dict[str, str], Any]]:
    """Path parameters, query and body of a good request to each endpoint of what comes later."""
    trade_no = merchant.charge(merchant.new_card(), orderNo="A-1")["tradeNo"]
    parcel = {"trackingNo": "LX1", "trackingWeb": "https://t.example", "orderNo": "A-1"}
    merchant.data("POST", "/logistics", body=parcel)
    batch_no = merchant.refund(trade_no, "1.00")["batchNo"]
    return {
        "POST /refund": ({}, {}, refund_body(trade_no, "2.00", merTrackNo="R-2")),
        "GET /refund/{batchNo}": ({"batchNo": batch_no}, {}, None),
        "POST /AuthorizeInterface": ({}, {}, {"authType": "1", "tradeNo": trade_no}),
        "POST /checkout/payment": ({}, {}, checkout_body()),
        "POST /local_payment": ({}, {}, checkout_body("Klarna")),
        "GET /chargebacks": ({}, {"orderNo": "A-1"}, None),
        "POST /logistics": ({}, {}, parcel),
        "GET /logistics/{tradeNo}": ({"tradeNo": trade_no}, {}, None),
    }


def test_every_endpoint_meets_its_faults_and_is_counted(
    merchant: Merchant, simulated: Simulation
) -> None:
    for name, (params, query, body) in _requests(merchant).items():
        method, path = name.split(" ")
        before = simulated.look("/calls").get(name, 0)
        simulated.fault(name, "status_503")
        assert merchant.send(method, path, params, query=query, body=body).status_code == 503
        simulated.fault(name, "drop_before")
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            merchant.send(method, path, params, query=query, body=body)
        assert merchant.send(method, path, params, query=query, body=body).status_code == 200
        assert simulated.look("/calls")[name] - before == 3


@pytest.mark.parametrize(("effect", "made"), [("drop_before", 0), ("drop_after", 1)])
def test_a_refund_may_be_made_without_an_answer(
    merchant: Merchant, simulated: Simulation, effect: str, made: int
) -> None:
    trade_no = merchant.charge(merchant.new_card())["tradeNo"]
    simulated.fault("POST /refund", effect)
    body = refund_body(trade_no, "1.00", merTrackNo="R-1")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        merchant.send("POST", "/refund", body=body)
    assert len(simulated.look("/refunds")) == made
    assert merchant.call("POST", "/refund", body=body)["code"] == "0000"
    assert len(simulated.look("/refunds")) == 1


def test_a_stale_look_up_knows_nothing_young_of_what_came_later(
    merchant: Merchant, simulated: Simulation
) -> None:
    requests = _requests(merchant)
    simulated.control("/chargebacks", orderNo="A-1")
    for name in ("GET /refund/{batchNo}", "GET /logistics/{tradeNo}", "GET /chargebacks"):
        params, query, _ = requests[name]
        simulated.fault(name, "stale", delayMs=60_000)
        path = name.removeprefix("GET ")
        stale = merchant.call("GET", path, params, query=query)
        assert stale["code"] == "P0002" if params else stale["data"]["list"] == []
        fresh = merchant.data("GET", path, params, query=query)
        assert params or len(fresh["list"]) == 1


def test_a_stale_look_up_shows_a_refund_as_it_stood(
    merchant: Merchant, simulated: Simulation
) -> None:
    simulated.control("/refunds", mode="hold")
    trade_no = merchant.charge(merchant.new_card())["tradeNo"]
    path = {"batchNo": merchant.refund(trade_no, "1.00")["batchNo"]}
    simulated.clock.ahead = 120
    simulated.control(f"/refunds/{path['batchNo']}", result="success")
    simulated.fault("GET /refund/{batchNo}", "stale", delayMs=60_000)
    looks = [merchant.data("GET", "/refund/{batchNo}", path)["refundStatus"] for _ in range(2)]
    assert looks == ["pending", "success"]


def test_a_wrong_amount_shows_also_in_what_comes_later(
    merchant: Merchant, simulated: Simulation
) -> None:
    requests = _requests(merchant)
    simulated.control("/chargebacks", orderNo="A-1")
    expected = {
        "POST /refund": ("refundAmount", "1.00"),
        "GET /refund/{batchNo}": ("refundAmount", "2.00"),
        "POST /checkout/payment": ("orderAmount", "13.65"),
        "POST /local_payment": ("orderAmount", "13.65"),
        "GET /chargebacks": ("amount", "13.65"),
    }
    for name, (field, wrong) in expected.items():
        params, query, body = requests[name]
        method, path = name.split(" ")
        simulated.fault(name, "wrong_amount")
        data = merchant.call(method, path, params, query=query, body=body)["data"]
        assert data.get("list", [data])[0][field] == wrong
    assert {refund["amount"] for refund in simulated.look("/refunds")} == {"1.00", "2.00"}
