"""Ledger and book, day by day: what differs is found, what agrees is not mentioned."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from clients.asiabill import Transport
from ledger import (
    Charge,
    EventSource,
    Ledger,
    Money,
    NewCharge,
    NewRefund,
    NoAnswer,
    Outcome,
    RefundOutcome,
    RefundReported,
    Reported,
    Sent,
    migrate,
)
from resolvers.account import Account
from resolvers.reconciliation import Difference, Kind, Reconciliation, Span
from tests.unit.asiabill.far_side import FarSide, Seen, envelope, signed

CHINA = timezone(timedelta(hours=8))
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 4)


@dataclass
class Books:
    """Both sides. `moment` is the clock of ours, in China's time."""

    moment: datetime = datetime(2026, 11, 2, 12, 0, tzinfo=CHINA)
    rows: list[dict[str, Any]] = field(default_factory=list)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    ledger: Ledger = field(init=False)
    account: Account = field(init=False)
    done: Reconciliation = field(init=False)

    async def serve(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        """Asiabill's book, from the contract (6.2, 6.3) and not from our code."""
        if "/refund/" in seen.path:
            found = self.refunds.get(seen.path.rpartition("/")[2])
            writer.write(signed(seen, envelope(found, "00000" if found else "P0002")))
            return
        query = seen.query
        number, size = int(query["pageIndex"]), int(query["pageSize"])
        rows = [
            row for row in self.rows if query["startTime"] <= row["tradeDate"] <= query["endTime"]
        ]
        page = {"total": len(rows), "pageSize": size, "pageIndex": number}
        shown = rows[(number - 1) * size : number * size]
        writer.write(signed(seen, envelope({"page": page, "list": shown})))

    def told(self, order_no: str, at: datetime | None = None, **changed: Any) -> None:
        """A row of the book."""
        row = {
            "orderNo": order_no,
            "tradeNo": f"T-{order_no}",
            "tradeDate": (at or self.moment).strftime("%Y-%m-%dT%H:%M:%S"),
            "tradeAmount": 10.99,
            "tradeCurrency": "USD",
            "authStatus": "sale",
            "tradeStatus": "success",
            "tradeInfo": "Transaction Approved",
        }
        self.rows.append(row | changed)

    async def charged(
        self,
        order_no: str,
        money: Money = Money("10.99", "USD"),  # noqa: B008 immutable
        outcome: Outcome | None = Outcome.SUCCEEDED,
        *,
        sent: bool = True,
    ) -> Charge:
        """A charge of ours."""
        new = NewCharge(
            account="default",
            customer_id="cus_1",
            payment_method_id="pm_1",
            args_digest="digest",
            live=False,
            order_no=order_no,
            money=money,
        )
        charge = (await self.ledger.begin_charge(new)).charge
        if sent:
            charge = (await self.ledger.settle("default", charge.id, Sent("r"))).charge
        if outcome is not None:
            report = Reported(
                EventSource.RESPONSE,
                outcome,
                order_no,
                money.amount,
                money.currency,
                f"T-{order_no}",
            )
            charge = (await self.ledger.settle("default", charge.id, report)).charge
        return charge

    async def both(self, order_no: str, money: Money = Money("10.99", "USD")) -> Charge:  # noqa: B008
        """A charge that both sides know."""
        self.told(order_no, tradeAmount=float(money.amount), tradeCurrency=money.currency)
        return await self.charged(order_no, money)

    async def refunded(self, charge: Charge, key: str, batch_no: str | None) -> str:
        """A refund of ours of 3.00, taken on under that number, or without an answer."""
        new = NewRefund(
            account="default",
            charge_id=charge.id,
            money=Money("3.00", "USD"),
            reason="broken",
            args_digest=key,
            idempotency_key=key,
        )
        refund = (await self.ledger.refunds.begin(new)).refund
        await self.ledger.refunds.settle("default", refund.id, Sent("r"))
        message = (
            RefundReported(EventSource.RESPONSE, RefundOutcome.PENDING, batch_no)
            if batch_no
            else NoAnswer("time-out")
        )
        await self.ledger.refunds.settle("default", refund.id, message)
        return refund.id

    async def differences(self, page_size: int = 500) -> list[Difference]:
        self.done = Reconciliation(self.account, self.ledger, page_size)
        span = Span(FIRST, LAST)
        return [found async for found in self.done.differences(span)]

    async def kinds(self) -> list[tuple[Kind, str, str, str]]:
        """Kind, order, our side and Asiabill's, by order."""
        found = await self.differences()
        told = [(one.kind, one.order_no, one.ours, one.asiabill) for one in found]
        return sorted(told, key=lambda one: one[1])


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    both = Books()
    url = f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}"
    await migrate(url)
    async with (
        FarSide(both.serve).listening() as asiabill,
        Transport() as transport,
        Ledger(url, now=lambda: both.moment.astimezone(UTC)) as ledger,
    ):
        both.ledger = ledger
        both.account = Account("default", asiabill.account(transport), b"no card is compared here")
        yield both


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
