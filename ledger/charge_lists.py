"""Charges by the page and by the span of time: `ledger.lists`."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, exists, func, literal, select, tuple_

from ledger.charge import Charge
from ledger.charges import charge_of
from ledger.status import ChargeStatus, ChargeUsage
from ledger.store import Store
from ledger.table import ORDER_NO, charges
from ledger.text import BadText, checked

_BATCH: Final = 500

Position = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class ChargePage:
    """A page, the newest charge first. `total` counts the whole list, where that is known."""

    items: list[Charge]
    has_next: bool
    total: int | None


def position_of(charge: Charge) -> Position:
    """Where a list stands after this charge: what `ChargeLists.page` takes as `after`."""
    return charge.created_at, charge.id


class ChargeLists:
    """Reads of many charges, each backed by an index."""

    def __init__(self, store: Store) -> None:
        self._store: Final = store

    async def page(
        self,
        account: str,
        *,
        first: int,
        since: datetime | None = None,
        until: datetime | None = None,
        statuses: Collection[ChargeStatus] | None = None,
        order_no: str | None = None,
        customer_id: str | None = None,
        after: Position | None = None,
    ) -> ChargePage:
        """Up to `first` charges made from `since` on and before `until`, the newest first.

        A charge made while somebody pages does not shift the pages that follow.
        """
        if first < 1:
            raise ValueError("a page has at least one charge")
        query = _made(account, since, until)
        if statuses is not None:
            query = query.where(charges.c.status.in_(statuses))
        if order_no is not None:
            query = query.where(charges.c.order_no == order_no)
        if customer_id is not None:
            query = query.where(charges.c.customer_id == customer_id)
        if after is not None:
            query = query.where(_place() < _at(after))
        query = query.order_by(charges.c.created_at.desc(), charges.c.id.desc()).limit(first + 1)
        rows = await self._rows(query)
        return _page([charge_of(row) for row in rows], first, begun=after is not None)

    async def between(
        self, account: str, since: datetime, until: datetime, *, batch: int = _BATCH
    ) -> AsyncIterator[dict[str, Charge]]:
        """All charges made from `since` on and before `until`, oldest first, by order number.

        Each batch is a read of its own: nothing is held while the caller works on one.
        """
        query = _made(account, since, until).order_by(charges.c.created_at, charges.c.id)
        after: Position | None = None
        while True:
            rest = query if after is None else query.where(_place() > _at(after))
            rows = await self._rows(rest.limit(batch))
            found = [charge_of(row) for row in rows]
            if found:
                yield {charge.order_no: charge for charge in found}
                after = position_of(found[-1])
            if len(found) < batch:
                return

    async def newest(
        self, account: str, customer_ids: Collection[str], first: int
    ) -> dict[str, ChargePage]:
        """The first page of each of these customers, in one read."""
        place = (
            func.row_number()
            .over(
                partition_by=charges.c.customer_id,
                order_by=(charges.c.created_at.desc(), charges.c.id.desc()),
            )
            .label("place")
        )
        ranked = (
            select(charges.c.id, place)
            .where(charges.c.account == account, charges.c.customer_id.in_(customer_ids))
            .subquery()
        )
        query = (
            select(charges)
            .join(ranked, ranked.c.id == charges.c.id)
            .where(charges.c.account == account, ranked.c.place <= first + 1)
            .order_by(ranked.c.place)
        )
        rows = await self._rows(query)
        found: dict[str, list[Charge]] = {customer_id: [] for customer_id in customer_ids}
        for row in rows:
            found[row["customer_id"]].append(charge_of(row))
        return {customer_id: _page(rows, first) for customer_id, rows in found.items()}

    async def numbered(self, account: str, order_nos: Collection[str]) -> dict[str, Charge]:
        """Those that exist, by order number. A text that can be none of ours is left out."""
        wanted = [order_no for order_no in order_nos if _can_be_stored(order_no)]
        query = select(charges).where(charges.c.account == account, charges.c.order_no.in_(wanted))
        rows = await self._rows(query)
        return {charge.order_no: charge for charge in map(charge_of, rows)}

    async def has_series(self, account: str, customer_id: str, payment_method_id: str) -> bool:
        """The first charge of a recurring series succeeded for this customer and card."""
        began = exists().where(
            charges.c.account == account,
            charges.c.customer_id == customer_id,
            charges.c.payment_method_id == payment_method_id,
            charges.c.usage == ChargeUsage.INITIAL_RECURRING,
            charges.c.status == ChargeStatus.SUCCEEDED,
        )
        return await self._store.read(lambda connection: bool(connection.scalar(select(began))))

    async def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        return await self._store.read(lambda connection: connection.execute(query).mappings().all())


def _page(found: list[Charge], first: int, *, begun: bool = False) -> ChargePage:
    """`found` has one charge more where another page follows; `begun`: one came before."""
    has_next = len(found) > first
    # Counting a long list would read all of it, and is left to whoever needs the number.
    total = None if begun or has_next else len(found)
    return ChargePage(found[:first], has_next, total)


def _can_be_stored(order_no: str) -> bool:
    try:
        checked(order_no, ORDER_NO)
    except BadText:
        return False
    return True


def _made(account: str, since: datetime | None, until: datetime | None) -> Select[Any]:
    query = select(charges).where(charges.c.account == account)
    if since is not None:
        query = query.where(charges.c.created_at >= since)
    if until is not None:
        query = query.where(charges.c.created_at < until)
    return query


def _place() -> ColumnElement[Any]:
    return tuple_(charges.c.created_at, charges.c.id)


def _at(position: Position) -> ColumnElement[Any]:
    moment, charge_id = position
    return tuple_(literal(moment, charges.c.created_at.type), literal(charge_id, charges.c.id.type))
