"""Shipments: uploading, looking up, and what /transactions says of them."""

from typing import Any

import pytest

from tests.contract.simulator.merchant import Merchant
from tests.contract.simulator.simulation import Simulation


def _parcel(**fields: object) -> dict[str, Any]:
    return {
        "trackingNo": "LX123456789CN",
        "trackingWeb": "https://track.example.com/",
        "lcCode": "china-post",
        "orderNo": "",
        "tradeNo": "",
        **fields,
    }


def _upload(merchant: Merchant, **fields: object) -> dict[str, Any]:
    return merchant.call("POST", "/logistics", body=_parcel(**fields))


@pytest.mark.parametrize("named", ["orderNo", "tradeNo", "both"])
def test_a_shipment_is_uploaded_and_found(either: Merchant, named: str) -> None:
    made = either.charge(either.new_card(), orderNo="A-1")
    trade_no = made["tradeNo"]
    names = {"orderNo": "A-1", "tradeNo": trade_no}
    given = names if named == "both" else {named: names[named]}
    answer = _upload(either, **given)
    assert answer["code"] == "00000"
    assert answer["data"] == {
        "tradeNo": trade_no,
        "status": "success",
        "description": "uploadSuccess",
    }
    assert either.data("GET", "/logistics/{tradeNo}", {"tradeNo": trade_no}) == {
        "tradeNo": trade_no,
        "trackingNo": "LX123456789CN",
        "trackingWeb": "https://track.example.com/",
        "tbLcCode": "china-post",
        "logisticsStatus": "Pending",
    }
    entry = either.listed("A-1")
    assert entry["isUploadReceipt"] == "yes"
    assert entry["logistics"] == {
        "lcCode": "china-post",
        "logisticsStatus": "Pending",
        "trackingNo": "LX123456789CN",
        "trackingWeb": "https://track.example.com/",
    }


def test_a_later_upload_replaces_the_earlier(merchant: Merchant) -> None:
    trade_no = merchant.charge(merchant.new_card())["tradeNo"]
    _upload(merchant, tradeNo=trade_no)
    _upload(merchant, tradeNo=trade_no, trackingNo="Y2", lcCode="")
    found = merchant.data("GET", "/logistics/{tradeNo}", {"tradeNo": trade_no})
    assert (found["trackingNo"], found["tbLcCode"]) == ("Y2", "")


def test_a_parcel_moves_on_demand(merchant: Merchant, simulated: Simulation) -> None:
    trade_no = merchant.charge(merchant.new_card(), orderNo="A-1")["tradeNo"]
    path = f"/_simulator/logistics/{trade_no}"
    assert simulated.http.post(path, json={"status": "Delivered"}).status_code == 404
    _upload(merchant, tradeNo=trade_no)
    simulated.control(f"/logistics/{trade_no}", status="Delivered")
    found = merchant.data("GET", "/logistics/{tradeNo}", {"tradeNo": trade_no})
    assert found["logisticsStatus"] == "Delivered"
    assert merchant.listed("A-1")["logistics"]["logisticsStatus"] == "Delivered"
    assert simulated.http.post(path, json={"status": "Lost"}).status_code == 400


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"trackingNo": "LX"}, "00000"),
        ({"trackingNo": "x" * 50, "trackingWeb": "x" * 200, "lcCode": "x" * 50}, "00000"),
        ({"trackingNo": "L"}, "P0001"),
        ({"trackingNo": "x" * 51}, "P0001"),
        ({"trackingNo": ""}, "P0002"),
        ({"trackingWeb": "x"}, "P0001"),
        ({"trackingWeb": "x" * 201}, "P0001"),
        ({"trackingWeb": ""}, "P0002"),
        ({"lcCode": "x" * 51}, "P0001"),
        ({"orderNo": ""}, "P0002"),
        ({"orderNo": "A-9"}, "P0002"),
        ({"orderNo": "x" * 65}, "P0001"),
        ({"tradeNo": "2" * 22}, "P0002"),
    ],
)
def test_lengths_and_names_are_checked(
    merchant: Merchant, fields: dict[str, object], code: str
) -> None:
    merchant.charge(merchant.new_card(), orderNo="A-1")
    assert _upload(merchant, **{"orderNo": "A-1", **fields})["code"] == code
    uploaded = merchant.listed("A-1")["isUploadReceipt"]
    assert uploaded == ("yes" if code == "00000" else "no")


def test_two_numbers_must_be_of_one_order(merchant: Merchant) -> None:
    trade_no = merchant.charge(merchant.new_card(), orderNo="A-1")["tradeNo"]
    merchant.charge(merchant.new_card(), orderNo="A-2")
    assert _upload(merchant, orderNo="A-2", tradeNo=trade_no)["code"] == "P0002"


def test_an_order_number_means_its_newest_attempt(merchant: Merchant) -> None:
    merchant.charge(merchant.new_card("4000000000000002"), orderNo="A-1")
    paid = merchant.charge(merchant.new_card(), orderNo="A-1")
    assert _upload(merchant, orderNo="A-1")["data"]["tradeNo"] == paid["tradeNo"]


def test_what_is_not_shipped_or_not_ones_own_is_unknown(
    merchant: Merchant, other_merchant: Merchant
) -> None:
    trade_no = merchant.charge(merchant.new_card())["tradeNo"]
    path = {"tradeNo": trade_no}
    assert merchant.call("GET", "/logistics/{tradeNo}", path)["code"] == "P0002"
    assert _upload(other_merchant, tradeNo=trade_no)["code"] == "P0002"
    _upload(merchant, tradeNo=trade_no)
    assert other_merchant.call("GET", "/logistics/{tradeNo}", path)["code"] == "P0002"
