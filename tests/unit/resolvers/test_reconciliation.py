"""Ledger and book, day by day: what differs is found, what agrees is not mentioned."""

from datetime import datetime, timedelta

import pytest

from ledger import Money, NewNotification, Outcome
from resolvers.difference import Kind
from resolvers.reconciliation import Span
from tests.unit.resolvers.books import CHINA, FIRST, LAST, Books


async def test_books_that_agree_have_no_difference(books: Books) -> None:
    for number, money in enumerate(
        (Money("10.99", "USD"), Money("600", "JPY"), Money("50000", "KRW"), Money("1.2", "KWD"))
    ):
        await books.both(f"A-{number}", money)
        books.moment += timedelta(hours=11)
    books.told("D-1", tradeStatus="fail", tradeInfo="Decline")
    await books.charged("D-1", outcome=Outcome.DECLINED)
    books.told("H-1", authStatus="pending")
    await books.charged("H-1", outcome=Outcome.AUTHORIZED)
    books.told("P-1", tradeStatus="pending")
    await books.charged("P-1", outcome=None)
    # What never left is in nobody's book.
    await books.charged("N-1", outcome=None, sent=False)
    assert await books.differences() == []
    assert (books.done.compared, books.done.read) == (8, 7)


async def test_every_page_of_a_day_is_read(books: Books) -> None:
    for number in range(10):
        await books.both(f"A-{number}")
    assert await books.differences(page_size=3) == []
    assert books.done.read == 10


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (datetime(2026, 11, 2, 23, 59, tzinfo=CHINA), datetime(2026, 11, 3, 0, 1, tzinfo=CHINA)),
        (datetime(2026, 11, 2, 0, 0, tzinfo=CHINA), datetime(2026, 11, 1, 16, 0, tzinfo=CHINA)),
        (datetime(2026, 11, 4, 23, 0, tzinfo=CHINA), datetime(2026, 11, 5, 22, 0, tzinfo=CHINA)),
        (datetime(2026, 11, 3, 0, 0, tzinfo=CHINA), datetime(2026, 11, 3, 0, 0, tzinfo=CHINA)),
    ],
)
async def test_a_clock_that_is_some_hours_off_makes_no_difference(
    books: Books, ours: datetime, theirs: datetime
) -> None:
    books.moment = ours
    await books.charged("A-1")
    books.told("A-1", theirs)
    assert await books.differences() == []


async def test_days_outside_the_span_are_not_compared(books: Books) -> None:
    books.moment = datetime(2026, 11, 1, 23, 0, tzinfo=CHINA)
    books.told("F-1")
    await books.charged("M-1")
    # In the span by Asiabill's clock, before it by ours.
    await books.charged("E-1")
    books.told("E-1", books.moment + timedelta(hours=2))
    books.moment = datetime(2026, 11, 5, 1, 0, tzinfo=CHINA)
    books.told("F-2")
    await books.charged("M-2")
    assert await books.differences() == []


async def test_each_kind_of_difference_names_both_sides(books: Books) -> None:
    await books.both("OK")
    await books.charged("missing")
    await books.charged("missing-2", outcome=None)
    books.told("foreign")
    books.told("amount", tradeAmount=10.98)
    await books.charged("amount")
    books.told("currency", tradeCurrency="EUR")
    await books.charged("currency")
    books.told("status", tradeStatus="fail", tradeInfo="Decline")
    await books.charged("status")
    books.told("status-2")
    await books.charged("status-2", outcome=None)
    books.told("status-3", authStatus="pending")
    await books.charged("status-3")
    books.told("status-4", tradeStatus="unheard of")
    await books.charged("status-4")
    books.told("twice")
    books.told("twice", tradeNo="T-other")
    await books.charged("twice")
    # The refusal of a second charge says nothing of the first.
    await books.both("refused-2nd")
    books.told("refused-2nd", tradeNo="", tradeStatus="fail", tradeInfo="I0061:Duplicate Order")
    assert await books.kinds() == [
        (Kind.AMOUNT, "amount", "10.99", "10.98"),
        (Kind.CURRENCY, "currency", "USD", "EUR"),
        (Kind.FOREIGN, "foreign", "", "success 10.99 USD"),
        (Kind.MISSING, "missing", "SUCCEEDED", ""),
        (Kind.MISSING, "missing-2", "PROCESSING", ""),
        (Kind.STATUS, "status", "SUCCEEDED", "DECLINED"),
        (Kind.STATUS, "status-2", "PROCESSING", "SUCCEEDED"),
        (Kind.STATUS, "status-3", "SUCCEEDED", "AUTHORIZED"),
        (Kind.STATUS, "status-4", "SUCCEEDED", "unheard of sale"),
        (Kind.TWICE, "twice", "T-twice", "T-other T-twice"),
    ]


async def test_what_stands_at_midnight_is_told_once(books: Books) -> None:
    books.told("F-1", datetime(2026, 11, 3, 0, 0, tzinfo=CHINA))
    assert [one.order_no for one in await books.differences()] == ["F-1"]


async def test_refunds_are_asked_for_by_their_numbers(books: Books) -> None:
    charge = await books.both("A-1")
    agreed = await books.refunded(charge, "k1", "442011")
    books.refunds["442011"] = {"refundStatus": "pending", "merTrackNo": agreed}
    await books.refunded(charge, "k2", "442012")
    books.refunds["442012"] = {"refundStatus": "success", "refundAmount": "2.99", "currency": "EUR"}
    await books.refunded(charge, "k3", "442013")
    found = sorted(await books.differences(), key=lambda one: one.batch_no)
    assert [(one.kind, one.batch_no, one.ours, one.asiabill) for one in found] == [
        (Kind.REFUND_AMOUNT, "442012", "3.00", "2.99"),
        (Kind.REFUND_CURRENCY, "442012", "USD", "EUR"),
        (Kind.REFUND_STATUS, "442012", "PENDING", "success"),
        (Kind.REFUND_MISSING, "442013", "PENDING 3.00 USD", ""),
    ]


async def test_a_refund_without_a_number_is_in_doubt(books: Books) -> None:
    refund_id = await books.refunded(await books.both("A-1"), "k", None)
    (found,) = await books.differences()
    assert (found.kind, found.refund_id, found.ours) == (
        Kind.REFUND_IN_DOUBT,
        refund_id,
        "UNKNOWN 3.00 USD",
    )


def test_a_span_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="ends before"):
        Span(LAST, FIRST)
    assert Span(FIRST, FIRST).read == [FIRST - timedelta(days=1), FIRST, FIRST + timedelta(days=1)]


async def test_a_refund_that_only_asiabill_tells_of_was_not_made_here(books: Books) -> None:
    charge = await books.both("A-1")
    await books.refunded(charge, "k", "442011")
    books.refunds["442011"] = {"refundStatus": "pending"}
    days = (timedelta(days=-1), timedelta(), timedelta(), timedelta(days=9))
    batches = ("442001", "442011", "442012", "442013")
    for batch_no, away in zip(batches, days, strict=True):
        now, books.moment = books.moment, books.moment + away
        told = NewNotification(
            account="default",
            type="refund.success",
            order_no="A-1",
            trade_no="T-A-1",
            batch_no=batch_no,
            body_sha256="",
            fields={"amount": "1.00", "currency": "USD"},
        )
        news = (await books.ledger.notifications.record(told)).notification
        await books.ledger.notifications.close("default", news.id)
        books.moment = now
    (found,) = await books.differences()
    assert (found.kind, found.batch_no, found.charge_id) == (
        Kind.REFUND_FOREIGN,
        "442012",
        charge.id,
    )
    assert (found.ours, found.asiabill) == ("", "1.00 USD")
