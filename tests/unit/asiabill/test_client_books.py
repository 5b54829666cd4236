"""What Asiabill's lists and records say, in every form they may have."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from clients.asiabill import (
    Chargeback,
    ChargebackQuery,
    Goods,
    NoAnswer,
    RefundRecord,
    Shipment,
    ShipmentUpload,
    Transaction,
    TransactionQuery,
    Transport,
)
from tests.unit.asiabill.far_side import FarSide, answering, answering_text, expected_signature

pytestmark = pytest.mark.anyio

CHINA = timezone(timedelta(hours=8))
START, END = datetime(2026, 4, 1, 20, tzinfo=UTC), datetime(2026, 4, 3, 4, tzinfo=UTC)
DISPUTES = ChargebackQuery(START, END, page_index=2, page_size=50, trade_no="20220")
BOOK = TransactionQuery(START, END, page_size=4)
# As the webhook has it. Source: contract 7.
DISPUTE = {
    "chargebackInfo": {"replyDeadline": "2022-05-03 00:00:00", "cpdDate": "2022-04-20 00:00:00"},
    "reason": "D4755-Non-Receipt of Goods or Services",
    "amount": "10.50",
    "batchNo": "12",
    "orderAmount": "20.00",
    "orderNo": "A-1",
    "tradeNo": "20220",
    "orderCurrency": "EUR",
    "noticeDate": "2022-04-26 17:47:18",
    "currency": "USD",
}
UPLOADED = [
    {"orderNo": "told", "isUploadReceipt": "yes"},
    {"orderNo": "shown", "isUploadReceipt": "no", "logistics": {"logisticsStatus": "Pending"}},
    {"orderNo": "denied", "isUploadReceipt": "no", "isUploadGoods": "yes"},
    {"orderNo": "silent"},
]


async def disputes(transport: Transport, *rows: Any) -> list[Chargeback]:
    async with FarSide(answering({"list": list(rows)})).listening() as far:
        return (await far.account(transport).chargebacks(DISPUTES)).items


async def row(transport: Transport, **members: Any) -> Transaction:
    async with FarSide(answering({"list": [members]})).listening() as far:
        [found] = (await far.account(transport).transactions(BOOK)).items
        return found


async def test_disputes_are_asked_for_in_chinas_time(transport: Transport) -> None:
    data = {"page": {"total": 101, "pageIndex": 2, "pageSize": 50}, "list": [DISPUTE]}
    async with FarSide(answering(data)).listening() as far:
        page = await far.account(transport).chargebacks(DISPUTES)
    [seen] = far.seen
    assert (seen.method, seen.path) == ("GET", "/openApi/V2022-03/chargebacks")
    assert seen.query == {
        "startTime": "2026-04-02T04:00:00",
        "endTime": "2026-04-03T12:00:00",
        "pageIndex": "2",
        "pageSize": "50",
        "tradeNo": "20220",
    }
    assert seen.headers["sign-info"] == expected_signature(seen)
    assert (page.total, page.page_index, page.page_size, page.more) == (101, 2, 50, True)
    assert page.items == [
        Chargeback(
            batch_no="12",
            trade_no="20220",
            order_no="A-1",
            amount="10.50",
            currency="USD",
            order_amount="20.00",
            order_currency="EUR",
            reason="D4755-Non-Receipt of Goods or Services",
            notice_date="2022-04-26 17:47:18",
            reply_deadline="2022-05-03 00:00:00",
            cpd_date="2022-04-20 00:00:00",
        )
    ]


async def test_the_dates_of_a_dispute_are_moments_in_either_form(transport: Transport) -> None:
    forms = [
        ("2022-04-26 17:47:18", datetime(2022, 4, 26, 17, 47, 18, tzinfo=CHINA)),
        ("2021-04-12T00:00:00", datetime(2021, 4, 12, tzinfo=CHINA)),
        (1650966438000, datetime(2022, 4, 26, 17, 47, 18, tzinfo=CHINA)),
        ("soon", None),
        (None, None),
    ]
    for form, moment in forms:
        [dispute] = await disputes(
            transport, {"noticeDate": form, "chargebackInfo": {"replyDeadline": form}}
        )
        assert (dispute.noticed_at, dispute.reply_by) == (moment, moment)


@pytest.mark.parametrize("info", [None, "", [], {}, "text", 7, ["x"]])
async def test_a_dispute_without_readable_dates_is_a_dispute(
    info: Any, transport: Transport
) -> None:
    [dispute] = await disputes(transport, {"batchNo": 12, "chargebackInfo": info})
    assert dispute == Chargeback(batch_no="12")
    assert dispute.reply_by is None


async def test_dates_that_stand_beside_the_rest_are_found_too(transport: Transport) -> None:
    [dispute] = await disputes(transport, {"replyDeadline": "2021-04-12T00:00:00"})
    assert dispute.reply_by == datetime(2021, 4, 12, tzinfo=CHINA)


async def test_an_empty_dispute_is_read_and_no_disputes_are_an_empty_page(
    transport: Transport,
) -> None:
    assert await disputes(transport, {}) == [Chargeback()]
    nothing: tuple[Any, ...] = (None, "", {}, [], {"list": None})
    for data in nothing:
        async with FarSide(answering(data)).listening() as far:
            page = await far.account(transport).chargebacks(DISPUTES)
        assert (page.items, page.total, page.more) == ([], None, False)
        assert (page.page_index, page.page_size) == (2, 50)


@pytest.mark.parametrize("data", ["text", 7, ["x"], {"list": "x"}, {"list": [7]}])
async def test_disputes_of_another_shape_are_no_answer(data: Any, transport: Transport) -> None:
    async with FarSide(answering(data)).listening() as far:
        with pytest.raises(NoAnswer):
            await far.account(transport).chargebacks(DISPUTES)


@pytest.mark.parametrize("written", ["10.5", "10.50", '"10.50"', "9007199254740993.01", "600"])
async def test_amounts_of_records_keep_every_digit(written: str, transport: Transport) -> None:
    """The disputed or refunded amount and the order's, as numbers or as text."""
    members = f'"amount":{written},"orderAmount":{written},"batchNo":"442011"'
    body = f'{{"code":"00000","data":{{"list":[{{{members}}}]}}}}'.encode()
    async with FarSide(answering_text(body)).listening() as far:
        [dispute] = (await far.account(transport).chargebacks(DISPUTES)).items
        refund = await far.account(transport).refund_record("442011")
    assert refund is not None
    digits = written.strip('"')
    assert (dispute.amount, dispute.order_amount) == (digits, digits)
    assert (refund.amount, refund.order_amount) == (digits, digits)


async def test_a_refund_is_read_under_the_names_of_the_webhook(transport: Transport) -> None:
    data = {
        "reason": "returned",
        "amount": "0.10",
        "batchNo": "442011",
        "orderAmount": "63.65",
        "orderNo": "A-1",
        "tradeNo": "20220",
        "orderCurrency": "USD",
        "noticeDate": "2022-04-26 17:47:18",
        "currency": "EUR",
        "merTrackNo": "re_1",
        "refundStatus": "SUCCESS",
        # The request's names for the same, which may be of the order's currency.
        "refundAmount": "0.11",
        "orderStatus": "fail",
    }
    async with FarSide(answering(data)).listening() as far:
        refund = await far.account(transport).refund_record("442011")
    assert refund == RefundRecord(
        batch_no="442011",
        refund_id="re_1",
        status="success",
        amount="0.10",
        currency="EUR",
        order_no="A-1",
        trade_no="20220",
        order_amount="63.65",
        order_currency="USD",
        reason="returned",
        notice_date="2022-04-26 17:47:18",
    )
    assert refund.noticed_at == datetime(2022, 4, 26, 17, 47, 18, tzinfo=CHINA)


async def test_a_refund_is_read_under_the_names_of_its_request(transport: Transport) -> None:
    """And in a list. The status of its order is not taken for its own."""
    data = {"list": [{"refundAmount": 1.5, "refundReason": "returned", "orderStatus": "success"}]}
    async with FarSide(answering(data)).listening() as far:
        refund = await far.account(transport).refund_record("442011")
    assert refund == RefundRecord(amount="1.5", reason="returned")


async def test_a_row_shows_its_goods_and_its_shipment(transport: Transport) -> None:
    found = await row(
        transport,
        orderNo="A-1",
        tradeDate="2022-04-26 17:47:18",
        isUploadReceipt="No",
        isUploadGoods="yes",
        goods={"goodsName": "茶", "goodsNum": 2, "goodsPrice": 50.45},
        logistics={"lcCode": "ups", "trackingNo": "RX1", "logisticsStatus": "InTransit"},
    )
    assert found.goods == (Goods("茶", "2", "50.45"),)
    assert found.shipment == Shipment("RX1", carrier_code="ups", status="InTransit")
    assert (found.goods_uploaded, found.receipt_uploaded) == (True, False)
    assert found.shipment_uploaded
    assert found.traded_at == datetime(2022, 4, 26, 17, 47, 18, tzinfo=CHINA)


async def test_a_row_may_have_several_goods_under_either_names(transport: Transport) -> None:
    goods = [{"goodsName": "tea"}, {"goodsTitle": "cup", "goodsCount": "3"}, {}, "text"]
    found = await row(transport, goods=goods)
    assert found.goods == (Goods("tea"), Goods("cup", "3"))


@pytest.mark.parametrize("shown", [None, "", {}, [], "text", 7, True, ["x"], {"goodsNum": [1]}])
async def test_goods_and_shipments_of_no_known_shape_spoil_no_row(
    shown: Any, transport: Transport
) -> None:
    """A row settles charges by its other members, which must stay readable."""
    logistics = {"trackingNo": shown} if isinstance(shown, dict) else shown
    found = await row(
        transport,
        orderNo="A-1",
        tradeStatus="success",
        goods=shown,
        logistics=logistics,
        isUploadGoods=shown,
        isUploadReceipt=shown,
    )
    assert found == Transaction(order_no="A-1", status="success")
    assert not found.shipment_uploaded


@pytest.mark.parametrize(
    ("uploaded", "kept"),
    [
        (None, ["told", "shown", "denied", "silent"]),
        (True, ["told", "shown"]),
        (False, ["denied", "silent"]),
    ],
)
async def test_rows_are_kept_by_their_shipment(
    uploaded: bool | None, kept: list[str], transport: Transport
) -> None:
    """By what the rows say: the flag of the query has no documented values, and is not sent."""
    query = TransactionQuery(START, END, page_size=4, uploaded=uploaded)
    data = {"page": {"total": 9, "pageIndex": 1, "pageSize": 4}, "list": UPLOADED}
    async with FarSide(answering(data)).listening() as far:
        page = await far.account(transport).transactions(query)
    assert set(far.seen[0].query) == {"startTime", "endTime", "pageIndex", "pageSize"}
    assert [found.order_no for found in page.items] == kept
    assert page.total == (9 if uploaded is None else None)
    assert page.more


@pytest.mark.parametrize(
    ("told", "rows", "more"),
    [
        ({"total": 4}, 4, False),
        ({"total": 5}, 4, True),
        ({"total": 9, "pageIndex": 3}, 1, False),
        ({"total": 9, "pageIndex": 2}, 4, True),
        ({"total": 3, "pageSize": 2}, 2, True),
        ({"total": 0}, 0, False),
        ({}, 4, True),
        ({}, 3, False),
        ({"pageSize": 3}, 3, True),
    ],
)
async def test_whether_a_page_comes_after_this_one(
    told: dict[str, int], rows: int, more: bool, transport: Transport
) -> None:
    """By the total where there is one, else by whether the page is full, as Asiabill sized it."""
    data = {"page": told, "list": [{"orderNo": str(number)} for number in range(rows)]}
    async with FarSide(answering(data)).listening() as far:
        assert (await far.account(transport).transactions(BOOK)).more is more


async def test_a_shipment_is_read_under_either_name_of_its_carrier(transport: Transport) -> None:
    for name in ("tbLcCode", "lcCode"):
        async with FarSide(answering({"trackingNo": 7, name: "ups"})).listening() as far:
            shipment = await far.account(transport).shipment("20220")
        assert shipment == Shipment("7", carrier_code="ups")


@pytest.mark.parametrize("data", ["text", 7, ["x"], {"trackingNo": {}}])
async def test_a_record_of_another_shape_is_no_answer(data: Any, transport: Transport) -> None:
    async with FarSide(answering(data)).listening() as far:
        with pytest.raises(NoAnswer):
            await far.account(transport).shipment("20220")
        if not isinstance(data, dict):
            with pytest.raises(NoAnswer):
                await far.account(transport).refund_record("442011")


@pytest.mark.parametrize("kind", [TransactionQuery, ChargebackQuery])
def test_a_span_of_time_has_zones(
    kind: type[TransactionQuery] | type[ChargebackQuery],
) -> None:
    for start, end in ((START.replace(tzinfo=None), END), (START, END.replace(tzinfo=None))):
        with pytest.raises(ValueError, match="zone"):
            kind(start, end)


def test_a_shipment_belongs_to_something() -> None:
    with pytest.raises(ValueError, match="trade or to an order"):
        ShipmentUpload("RX1", "t.example")
