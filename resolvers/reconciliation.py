"""Our charges and refunds beside Asiabill's book, over a span of days: what differs.

Both sides are read day by day and once. A charge may stand in the book a day earlier or later, since
Asiabill's clock and zone are not documented (contract 12); so what is kept in memory is the charges
of three days, however long the span.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from clients.asiabill import CHINA, RefundRecord, Transaction, TransactionQuery
from ledger import Charge, ChargeStatus, Ledger, Outcome, Refund, RefundStatus
from resolvers import lookups, reports
from resolvers.account import Account

_DAY: Final = timedelta(days=1)
_PAGE: Final = 500
_AT_ONCE: Final = 20

_S = ChargeStatus
_IN_DOUBT: Final = frozenset({_S.REQUIRES_ACTION, _S.PROCESSING, _S.UNKNOWN})
_AGREES: Final = {
    Outcome.SUCCEEDED: frozenset({_S.SUCCEEDED}),
    Outcome.CAPTURED: frozenset({_S.SUCCEEDED}),
    Outcome.CLEARED: frozenset({_S.SUCCEEDED}),
    Outcome.AUTHORIZED: frozenset({_S.AUTHORIZED}),
    Outcome.VOIDED: frozenset({_S.VOIDED}),
    Outcome.DECLINED: frozenset({_S.DECLINED}),
    Outcome.PENDING: _IN_DOUBT,
}
# Other words of refundStatus are not documented, and prove nothing.
_REFUND_AGREES: Final = {"success": RefundStatus.SUCCEEDED, "fail": RefundStatus.FAILED}


class Kind(StrEnum):
    """How the two sides differ."""

    MISSING = "missing at Asiabill"
    FOREIGN = "not made here"
    TWICE = "charged twice"
    AMOUNT = "amount"
    CURRENCY = "currency"
    STATUS = "status"
    REFUND_MISSING = "refund missing at Asiabill"
    REFUND_IN_DOUBT = "refund in doubt"
    REFUND_AMOUNT = "refund amount"
    REFUND_CURRENCY = "refund currency"
    REFUND_STATUS = "refund status"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that one side has, or has otherwise. What a side does not have is ""."""

    kind: Kind
    order_no: str
    ours: str
    asiabill: str
    charge_id: str = ""
    refund_id: str = ""
    trade_no: str = ""
    batch_no: str = ""
    at: str = ""


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
                yield _foreign(row)
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
            doubtful = [ours for ours in batch if _judged(ours.charge, ours.rows)]
            # What has gone on since it was read is judged as it is now.
            fresh = await self._ledger.charges(
                self._account.name, [ours.charge.id for ours in doubtful]
            )
            for ours in doubtful:
                for difference in _judged(fresh.get(ours.charge.id, ours.charge), ours.rows):
                    yield difference
            async for difference in self._refunds([ours.charge for ours in batch]):
                yield difference

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
                for difference in _refund_judged(refund, record, order_nos[refund.charge_id]):
                    yield difference

    async def _record(self, refund: Refund) -> RefundRecord | None:
        if refund.batch_no is None:
            return None
        return await self._account.asiabill.refund_record(refund.batch_no)


def _moments(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), CHINA)
    return start, start + _DAY


def _foreign(row: Transaction) -> Difference:
    return Difference(
        Kind.FOREIGN,
        row.order_no,
        ours="",
        asiabill=f"{row.status} {row.amount} {row.currency}",
        trade_no=row.trade_no,
        at=row.trade_date,
    )


def _judged(charge: Charge, rows: dict[str, Transaction]) -> list[Difference]:
    """What differs between a charge and the rows that bear its number."""

    def differs(kind: Kind, ours: str, asiabill: str, row: Transaction | None = None) -> Difference:
        return Difference(
            kind,
            charge.order_no,
            ours,
            asiabill,
            charge_id=charge.id,
            trade_no=(row.trade_no if row else charge.trade_no) or "",
            at=charge.created_at.isoformat(timespec="seconds"),
        )

    told = {
        trade_no: report
        for trade_no, row in rows.items()
        if (report := reports.of_transaction(row)) is not None
    }
    if not told:
        strange = [row for row in rows.values() if not reports.is_duplicate(row)]
        if strange:
            words = f"{strange[0].status} {strange[0].auth_status}".strip()
            return [differs(Kind.STATUS, charge.status, words, strange[0])]
        expected = charge.sent_at is not None and charge.status is not _S.FAILED
        return [differs(Kind.MISSING, charge.status, "")] if expected else []
    found: list[Difference] = []
    for trade_no in told:
        row = rows[trade_no]
        if not _equal(row.amount, charge.amount):
            found.append(differs(Kind.AMOUNT, charge.amount, row.amount, row))
        if row.currency != charge.currency:
            found.append(differs(Kind.CURRENCY, charge.currency, row.currency, row))
    taken = sorted(trade_no for trade_no, report in told.items() if report.outcome.takes_money)
    if len(taken) > 1:
        found.append(differs(Kind.TWICE, charge.trade_no or "", " ".join(taken)))
    report = max(told.values(), key=lookups.weight)
    if charge.status not in _AGREES.get(report.outcome, frozenset()):
        found.append(
            differs(Kind.STATUS, charge.status, report.outcome, rows[report.trade_no or ""])
        )
    return found


def _refund_judged(refund: Refund, record: RefundRecord | None, order_no: str) -> list[Difference]:
    def differs(kind: Kind, ours: str, asiabill: str) -> Difference:
        return Difference(
            kind,
            order_no,
            ours,
            asiabill,
            charge_id=refund.charge_id,
            refund_id=refund.id,
            batch_no=refund.batch_no or "",
            at=refund.created_at.isoformat(timespec="seconds"),
        )

    shown = f"{refund.status} {refund.amount} {refund.currency}"
    if refund.batch_no is None:
        in_doubt = refund.status.unsettled
        return [differs(Kind.REFUND_IN_DOUBT, shown, "")] if in_doubt else []
    if record is None:
        return [differs(Kind.REFUND_MISSING, shown, "")]
    found: list[Difference] = []
    if record.amount and not _equal(record.amount, refund.amount):
        found.append(differs(Kind.REFUND_AMOUNT, refund.amount, record.amount))
    currency = record.currency or record.order_currency
    if currency and currency != refund.currency:
        found.append(differs(Kind.REFUND_CURRENCY, refund.currency, currency))
    if _REFUND_AGREES.get(record.status, refund.status) is not refund.status:
        found.append(differs(Kind.REFUND_STATUS, refund.status, record.status))
    return found


def _equal(told: str, kept: str) -> bool:
    try:
        return Decimal(told) == Decimal(kept)
    except InvalidOperation:
        return False
