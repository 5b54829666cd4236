"""Our charges and refunds beside Asiabill's book, over a span of days: what differs.

Both sides are read day by day and once. A charge may stand in the book a day earlier or later, since
Asiabill's clock and zone are not documented (contract 12); so what is kept in memory is the charges
of three days, however long the span.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from clients.asiabill import CHINA, RefundRecord, Transaction, TransactionQuery
from ledger import Charge, Ledger, Refund
from resolvers import difference, refund_reports
from resolvers.account import Account
from resolvers.difference import Difference

_DAY: Final = timedelta(days=1)
_PAGE: Final = 500
_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days in China's time, the last one included. Raises ValueError where it ends before it
    begins."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("the span ends before it begins")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def read(self) -> list[date]:
        """The days of the book that are read for it: one more on either side."""
        days = (self.last - self.first).days + 3
        return [self.first + (number - 1) * _DAY for number in range(days)]


@dataclass(slots=True)
class _Ours:
    """A charge, and the rows of the book that bear its number, by trade."""

    charge: Charge
    rows: dict[str, Transaction] = field(default_factory=dict)


class Reconciliation:
    """One comparison. `compared` and `read` count our charges and Asiabill's rows as it goes on."""

    def __init__(self, account: Account, ledger: Ledger, page_size: int = _PAGE) -> None:
        self._account = account
        self._page_size = page_size
        self._ledger = ledger
        self._waiting: dict[date, dict[str, _Ours]] = {}
        self._told: set[str] = set()
        self.compared = 0
        self.read = 0

    async def differences(
        self, span: Span, day_done: Callable[[], None] = lambda: None
    ) -> AsyncIterator[Difference]:
        """What differs, in the order of the days. `day_done` is called after each of `span.read`.

        Raises AsiabillError and LedgerError where one side cannot be read.
        """
        for day in span.read:
            for made_on in (day, day + _DAY):
                if made_on in span and made_on not in self._waiting:
                    self._waiting[made_on] = await self._made_on(made_on)
            async for foreign in self._walk(day, wanted=day in span):
                yield foreign
            async for found in self._close(self._waiting.pop(day - _DAY, {})):
                yield found
            day_done()
        async for foreign in self._foreign_refunds(span):
            yield foreign

    async def _made_on(self, day: date) -> dict[str, _Ours]:
        start, end = _moments(day)
        made: dict[str, _Ours] = {}
        async for batch in self._ledger.lists.between(self._account.name, start, end):
            made |= {order_no: _Ours(charge) for order_no, charge in batch.items()}
        return made

    async def _walk(self, day: date, *, wanted: bool) -> AsyncIterator[Difference]:
        """Read a day of the book. What belongs to no charge of ours differs, where it is `wanted`."""
        told: set[str] = set()
        start, end = _moments(day)
        number, more = 1, True
        while more:
            query = TransactionQuery(start, end, page_index=number, page_size=self._page_size)
            page = await self._account.asiabill.transactions(query)
            number, more = number + 1, page.more and bool(page.items)
            self.read += len(page.items)
            strange = [row for row in page.items if not self._kept(row)]
            if not wanted or not strange:
                continue
            # Made on a day that is not compared, or not by us.
            known = await self._ledger.lists.numbered(
                self._account.name, {row.order_no for row in strange}
            )
            for row in strange:
                # Midnight belongs to two days, and a page may repeat rows of the one before while new
                # ones come in.
                if row.order_no in known or row.trade_no in told | self._told:
                    continue
                told.add(row.trade_no)
                yield difference.foreign(row)
        self._told = told

    def _kept(self, row: Transaction) -> bool:
        for made in self._waiting.values():
            ours = made.get(row.order_no)
            if ours is not None:
                ours.rows[row.trade_no] = row
                return True
        return False

    async def _close(self, made: dict[str, _Ours]) -> AsyncIterator[Difference]:
        """Judge the charges of a day, of which no further row can come."""
        self.compared += len(made)
        everything = list(made.values())
        for place in range(0, len(everything), _PAGE):
            batch = everything[place : place + _PAGE]
            doubtful = [ours for ours in batch if difference.judged(ours.charge, ours.rows)]
            # What has gone on since it was read is judged as it is now.
            fresh = await self._ledger.charges(
                self._account.name, [ours.charge.id for ours in doubtful]
            )
            for ours in doubtful:
                for found in difference.judged(fresh.get(ours.charge.id, ours.charge), ours.rows):
                    yield found
            async for found in self._refunds([ours.charge for ours in batch]):
                yield found

    async def _refunds(self, charges: Sequence[Charge]) -> AsyncIterator[Difference]:
        order_nos = {charge.id: charge.order_no for charge in charges}
        found = await self._ledger.refunds.of_charges(self._account.name, list(order_nos))
        sent = [
            refund for refunds in found.values() for refund in refunds if refund.sent_at is not None
        ]
        for place in range(0, len(sent), _AT_ONCE):
            batch = sent[place : place + _AT_ONCE]
            records = await asyncio.gather(*(self._record(refund) for refund in batch))
            for refund, record in zip(batch, records, strict=True):
                for one in difference.refund_judged(refund, record, order_nos[refund.charge_id]):
                    yield one

    async def _foreign_refunds(self, span: Span) -> AsyncIterator[Difference]:
        """Refunds of charges of ours that no list of Asiabill's shows: told of by notification."""
        (start, _), (_, end) = _moments(span.first), _moments(span.last)
        seen, more = 0, True
        while more:
            batch = await self._ledger.notifications.after(
                self._account.name, [refund_reports.SUCCESS], seen, limit=_PAGE
            )
            more = len(batch) == _PAGE
            told = [
                news
                for news in batch
                if start <= news.received_at < end and news.charge_id and news.applied_at
            ]
            refunds = await self._ledger.refunds.of_charges(
                self._account.name, {news.charge_id for news in told if news.charge_id}
            )
            for news in told:
                if refund_reports.named(news, refunds[news.charge_id or ""]) is None:
                    yield difference.foreign_refund(news)
            seen = batch[-1].id if batch else seen

    async def _record(self, refund: Refund) -> RefundRecord | None:
        if refund.batch_no is None:
            return None
        return await self._account.asiabill.refund_record(refund.batch_no)


def _moments(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), CHINA)
    return start, start + _DAY
