"""The look-ups of the open API."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.contract.simulator.merchant import Merchant
from tests.contract.simulator.simulation import Simulation

_CHINA = timezone(timedelta(hours=8))


def _text(moment: datetime) -> str:
    return moment.astimezone(_CHINA).strftime("%Y-%m-%dT%H:%M:%S")


def _around(now: datetime) -> dict[str, str]:
    return {
        "startTime": _text(now - timedelta(days=1)),
        "endTime": _text(now + timedelta(days=1)),
        "pageIndex": "1",
        "pageSize": "1000",
        "tradeNo": "",
        "uploadGoodsFlag": "",
        "uploadLogisticsFlag": "",
        "orderNo": "",
    }


def test_a_charge_is_found_by_its_order_number(either: Merchant) -> None:
    made = either.charge(either.new_card(), orderNo="A-1", webSite="shop.example.com")
    either.charge(either.new_card(), orderNo="A-2")
    query = {**_around(datetime.now(UTC)), "orderNo": "A-1"}
    data = either.data("GET", "/transactions", query=query)
    assert data["page"] == {"total": 1, "pageSize": 1000, "pageIndex": 1}
    (entry,) = data["list"]
    now = datetime.now(_CHINA)
    dated = datetime.strptime(entry.pop("tradeDate"), "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    assert abs(now - dated) < timedelta(minutes=1)
    assert entry == {
        "orderNo": "A-1",
        "tradeNo": made["tradeNo"],
        "tradeAmount": 63.65,
        "tradeCurrency": "EUR",
        "sourceWebSite": "shop.example.com",
        "authStatus": "sale",
        "isUploadReceipt": "no",
        "isUploadGoods": "yes",
        "tradeStatus": "success",
        "tradeInfo": "Transaction Approved",
        "goods": {"goodsName": "Tea / 茶", "goodsNum": "1", "goodsPrice": "63.65"},
        "logistics": None,
    }


def test_an_order_info_is_one_entry_of_the_list(either: Merchant) -> None:
    made = either.charge(either.new_card(), orderNo="A-1")
    listed = either.data("GET", "/transactions", query={"orderNo": "A-1"})["list"]
    path = {"tradeNo": made["tradeNo"]}
    assert either.data("GET", "/orderInfo/{tradeNo}", path) == listed[0]
    unknown = either.call("GET", "/orderInfo/{tradeNo}", {"tradeNo": "2" * 22})
    assert unknown["code"] == "P0002"


def test_the_times_are_china_time(merchant: Merchant) -> None:
    """A charge of now lies outside a day that ended an hour ago there, and inside today."""
    merchant.charge(merchant.new_card())
    now = datetime.now(UTC)
    query = {**_around(now), "endTime": _text(now - timedelta(hours=1))}
    assert merchant.data("GET", "/transactions", query=query)["list"] == []
    query = {**_around(now), "startTime": _text(now - timedelta(seconds=30))}
    assert len(merchant.data("GET", "/transactions", query=query)["list"]) == 1


def test_the_newest_comes_first_and_pages_are_cut(
    merchant: Merchant, simulated: Simulation
) -> None:
    card_id = merchant.new_card()
    for number in range(5):
        merchant.charge(card_id, orderNo=f"A-{number}")
    query = {**_around(datetime.now(UTC)), "pageSize": "2", "pageIndex": "2"}
    data = merchant.data("GET", "/transactions", query=query)
    assert data["page"] == {"total": 5, "pageSize": 2, "pageIndex": 2}
    assert [entry["orderNo"] for entry in data["list"]] == ["A-2", "A-1"]


def test_each_attempt_of_an_order_is_listed(merchant: Merchant) -> None:
    merchant.charge(merchant.new_card("4000000000000002"), orderNo="A-1")
    merchant.charge(merchant.new_card(), orderNo="A-1")
    entries = merchant.data("GET", "/transactions", query={"orderNo": "A-1"})["list"]
    assert [entry["tradeStatus"] for entry in entries] == ["success", "fail"]
    by_number = merchant.data("GET", "/transactions", query={"tradeNo": entries[1]["tradeNo"]})
    assert by_number["list"] == entries[1:]


@pytest.mark.parametrize("given", [{}, {"startTime": "2022-01-01T00:00:00"}])
def test_without_an_order_the_times_are_required(merchant: Merchant, given: dict[str, str]) -> None:
    assert merchant.call("GET", "/transactions", query=given)["code"] == "P0002"


@pytest.mark.parametrize("time", ["2022-01-01", "2022-01-01 00:00:00", "yesterday"])
def test_a_time_in_another_form_is_a_param_error(merchant: Merchant, time: str) -> None:
    query = {"startTime": time, "endTime": "2022-01-01T00:00:00"}
    assert merchant.call("GET", "/transactions", query=query)["code"] == "P0001"


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("100.00", "USD", b"100.00"),
        ("0.10", "EUR", b"0.10"),
        ("9999999999999.99", "USD", b"9999999999999.99"),
        ("600", "JPY", b"600"),
        ("007.5", "USD", b"7.5"),
    ],
)
def test_an_amount_is_a_number_with_its_own_digits(
    merchant: Merchant, amount: str, currency: str, written: bytes
) -> None:
    merchant.charge(merchant.new_card(), orderAmount=amount, orderCurrency=currency, orderNo="A-1")
    answer = merchant.send("GET", "/transactions", query={"orderNo": "A-1"})
    assert b'"tradeAmount":' + written + b',"' in answer.content


def test_pages_neither_repeat_nor_miss_an_order(merchant: Merchant, simulated: Simulation) -> None:
    """Also where the clock stood still or was set back between two charges."""
    card_id = merchant.new_card()
    for number, ahead in enumerate((0, 90, 30, 60, 60, 10, 0)):
        simulated.clock.ahead = ahead
        merchant.charge(card_id, orderNo=f"A-{number}")
    simulated.clock.ahead = 0
    seen: list[str] = []
    for index in range(1, 5):
        query = {**_around(datetime.now(UTC)), "pageSize": "2", "pageIndex": str(index)}
        data = merchant.data("GET", "/transactions", query=query)
        assert data["page"]["total"] == 7
        seen += [entry["orderNo"] for entry in data["list"]]
    dates = {"A-0": 0, "A-1": 90, "A-2": 30, "A-3": 60, "A-4": 60, "A-5": 10, "A-6": 0}
    assert sorted(seen) == sorted(dates)
    assert [dates[number] for number in seen] == sorted(dates.values(), reverse=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"uploadLogisticsFlag": "yes"}, ["SHIPPED"]),
        ({"uploadLogisticsFlag": "no"}, ["PLAIN"]),
        ({"uploadGoodsFlag": "YES"}, ["SHIPPED"]),
        ({"uploadGoodsFlag": "no"}, ["PLAIN"]),
        ({"uploadGoodsFlag": "no", "uploadLogisticsFlag": "yes"}, []),
    ],
)
def test_uploads_are_asked_for_by_flags(
    merchant: Merchant, query: dict[str, str], expected: list[str]
) -> None:
    card_id = merchant.new_card()
    merchant.charge(card_id, orderNo="SHIPPED")
    merchant.charge(card_id, orderNo="PLAIN", goodsDetails=[])
    parcel = {"trackingNo": "LX1", "trackingWeb": "https://t.example", "orderNo": "SHIPPED"}
    merchant.data("POST", "/logistics", body=parcel)
    data = merchant.data("GET", "/transactions", query={**_around(datetime.now(UTC)), **query})
    assert [entry["orderNo"] for entry in data["list"]] == expected
    assert data["page"]["total"] == len(expected)


@pytest.mark.parametrize("name", ["uploadGoodsFlag", "uploadLogisticsFlag"])
def test_a_flag_is_yes_or_no(merchant: Merchant, name: str) -> None:
    query = {**_around(datetime.now(UTC)), name: "maybe"}
    assert merchant.call("GET", "/transactions", query=query)["code"] == "P0001"
