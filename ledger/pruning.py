"""Forgetting what is over and old, in small transactions, beside gateways that serve.

What belongs together goes together: an intent with all its attempts, a charge with its history,
refunds, disputes and parcel. Nothing goes whose end is not known, and nothing that names a series.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from math import floor
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    tuple_,
)

from ledger import migration, notifications
from ledger import table as tables
from ledger.database import Database
from ledger.status import ACTION_IN_DOUBT, FINAL, REFUND_FINAL, ChargeStatus, ChargeUsage

# A key of an effect that moved no money, an intent that nobody paid: long after any repeat.
EARLY: Final = timedelta(days=90)
# Card schemes let a buyer dispute for up to 540 days.
LEAST: Final = timedelta(days=540)

_BATCH: Final = 200
# Between two batches, so that a file's other writers get their turn.
_PAUSE_SECONDS: Final = 0.05

_Position = tuple[Any, ...]
Result = TypeVar("Result")


async def prune(url: str, now: datetime, older_than: timedelta, *, dry: bool) -> dict[str, int]:
    """Remove what ended longer than `older_than` ago; where `dry`, only count it. Rows by table.

    Safe to repeat, to break off, and to run beside gateways. Raises ValueError for less than
    LEAST, WrongRevision, LedgerUnavailable.
    """
    if older_than < LEAST:
        raise ValueError(f"charges are kept for at least {LEAST.days} days, for disputes")
    database = Database(url, patient=True)
    try:
        await database.read(migration.check)
        pruner = _Pruner(database, now, now - older_than, dry)
        for account in await database.read(_accounts):
            await pruner.prune(account)
        return dict(pruner.counts)
    finally:
        await database.dispose()


class _Pruner:
    def __init__(self, database: Database, now: datetime, cutoff: datetime, dry: bool) -> None:
        self._database: Final = database
        self._now: Final = now
        self._cutoff: Final = cutoff
        self._dry: Final = dry
        self.counts: Final = Counter({table.name: 0 for table in _PRUNED})

    async def prune(self, account: str) -> None:
        """In the order in which rows refer to each other."""
        for step in (self._charges, self._intents, self._notifications):
            position: _Position | None = None
            while True:
                counts, position = await self._run(step, account, position)
                self.counts.update(counts)
                if position is None:
                    break
                await asyncio.sleep(0 if self._dry else _PAUSE_SECONDS)
        for table, condition in self._loose():
            while True:
                removed = await self._run(self._rows, account, table, condition)
                self.counts[table.name] += removed
                if self._dry or removed < _BATCH:
                    break
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _run(self, step: Callable[..., Result], *arguments: object) -> Result:
        if self._dry:
            return await self._database.read(lambda connection: step(connection, *arguments))
        done, _ = await self._database.write(
            lambda transaction: step(transaction.connection, *arguments)
        )
        return done

    def _charges(
        self, connection: Connection, account: str, after: _Position | None
    ) -> tuple[Counter[str], _Position | None]:
        """A batch of units, each found by its first attempt."""
        charges = tables.charges.c
        wanted = [
            charges.account == account,
            charges.attempt == 1,
            charges.created_at < self._cutoff,
        ]
        if after is not None:
            wanted.append(tuple_(charges.created_at, charges.id) > tuple_(*after))
        page = connection.execute(
            select(charges.created_at, charges.id)
            .where(*wanted)
            .order_by(charges.created_at, charges.id)
            .limit(_BATCH)
        ).all()
        if not page:
            return Counter(), None
        roots = [row.id for row in page]
        unit = or_(
            charges.id.in_(roots),
            charges.intent_id.in_(
                select(charges.intent_id).where(
                    charges.account == account,
                    charges.id.in_(roots),
                    charges.intent_id.is_not(None),
                )
            ),
        )
        over = select(charges.id, charges.intent_id).where(
            charges.account == account, unit, self._over(tables.charges)
        )
        if not self._dry:
            held = connection.scalars(over.order_by(charges.id).with_for_update()).all()
            # Once more: what was begun on one of them before we held it is seen only now.
            over = over.where(charges.id.in_(held))
        rows = connection.execute(over).all()
        ids = [row.id for row in rows]
        intent_ids = sorted({row.intent_id for row in rows if row.intent_id is not None})
        refund_ids = self._refunds(connection, account, ids)
        counts: Counter[str] = Counter()
        for table, column, keys in (
            (tables.refund_events, "refund_id", refund_ids),
            (tables.refunds, "charge_id", ids),
            (tables.charge_events, "charge_id", ids),
            (tables.chargebacks, "charge_id", ids),
            (tables.shipments, "charge_id", ids),
            (tables.charges, "id", ids),
            (tables.intents, "id", intent_ids),
        ):
            counts[table.name] += self._remove(connection, table, account, column, keys)
        last = page[-1]
        return counts, (last.created_at, last.id) if len(page) == _BATCH else None

    def _refunds(self, connection: Connection, account: str, ids: list[str]) -> list[str]:
        refunds = tables.refunds.c
        return list(
            connection.scalars(
                select(refunds.id).where(refunds.account == account, refunds.charge_id.in_(ids))
            )
        )

    def _intents(
        self, connection: Connection, account: str, after: _Position | None
    ) -> tuple[Counter[str], _Position | None]:
        """Those that nobody tried to pay, long after they could be."""
        intents, charges = tables.intents.c, tables.charges.c
        early = self._now - EARLY
        tried = exists().where(charges.account == intents.account, charges.intent_id == intents.id)
        over = or_(intents.expires_at < early, intents.canceled_at < early)
        wanted = [intents.account == account, intents.created_at < early, over, not_(tried)]
        if after is not None:
            wanted.append(intents.id > after[0])
        query = select(intents.id).where(*wanted).order_by(intents.id).limit(_BATCH)
        ids = list(connection.scalars(query if self._dry else query.with_for_update()))
        counts = Counter({"intents": self._remove(connection, tables.intents, account, "id", ids)})
        return counts, (ids[-1],) if len(ids) == _BATCH else None

    def _notifications(
        self, connection: Connection, account: str, after: _Position | None
    ) -> tuple[Counter[str], _Position | None]:
        """Those that are told and whose charge is gone; from the oldest up to the first young one."""
        told = tables.notifications.c
        charge = tables.charges.alias()
        kept = exists().where(
            charge.c.account == told.account,
            charge.c.id == told.charge_id,
            not_(self._over(charge)),
        )
        gone = and_(told.applied_at.is_not(None), told.last_received_at < self._cutoff, not_(kept))
        page = connection.execute(
            select(told.id, told.received_at, gone.label("gone"))
            .where(told.account == account, told.id > (after[0] if after else 0))
            .order_by(told.id)
            .limit(_BATCH)
        ).all()
        old = [row for row in page if row.received_at < self._cutoff]
        ids = [row.id for row in old if row.gone]
        removed = self._remove(connection, tables.notifications, account, "id", ids)
        if ids and not self._dry:
            notifications.mark_pruned(connection, account, ids[-1])
        more = len(page) == _BATCH and len(old) == len(page)
        return Counter(notifications=removed), (page[-1].id,) if more else None

    def _loose(self) -> Iterator[tuple[Table, ColumnElement[bool]]]:
        """Tables whose rows belong to nothing else."""
        requests, chargebacks, tallies = (
            tables.requests.c,
            tables.chargebacks.c,
            tables.tallies.c,
        )
        early = self._now - EARLY
        yield tables.requests, and_(requests.created_at < early, requests.lease_until < early)
        yield (
            tables.chargebacks,
            and_(chargebacks.charge_id.is_(None), chargebacks.created_at < self._cutoff),
        )
        yield tables.tallies, tallies.until < floor(self._now.timestamp())

    def _rows(
        self, connection: Connection, account: str, table: Table, condition: ColumnElement[bool]
    ) -> int:
        wanted = and_(table.c.account == account, condition)
        if self._dry:
            return connection.scalar(select(func.count()).select_from(table).where(wanted)) or 0
        key = tuple_(*table.primary_key.columns)
        some = select(*table.primary_key.columns).where(wanted).limit(_BATCH)
        return connection.execute(delete(table).where(key.in_(some))).rowcount

    def _remove(
        self, connection: Connection, table: Table, account: str, column: str, keys: list[Any]
    ) -> int:
        """How many rows there are, or were."""
        if not keys:
            return 0
        wanted = and_(table.c.account == account, table.c[column].in_(keys))
        if self._dry:
            return connection.scalar(select(func.count()).select_from(table).where(wanted)) or 0
        return connection.execute(delete(table).where(wanted)).rowcount

    def _over(self, charge: FromClause) -> ColumnElement[bool]:
        """The charge is, and so is every other attempt on its intent."""
        sibling, intent = tables.charges.alias(), tables.intents.alias()
        waits = exists().where(
            sibling.c.account == charge.c.account,
            sibling.c.intent_id == charge.c.intent_id,
            not_(self._ended(sibling)),
        )
        open_ = exists().where(
            intent.c.account == charge.c.account,
            intent.c.id == charge.c.intent_id,
            intent.c.expires_at >= self._cutoff,
        )
        return and_(self._ended(charge), not_(waits), not_(open_))

    def _ended(self, charge: FromClause) -> ColumnElement[bool]:
        """It came to its end long ago, with all that followed it."""
        one, cutoff = charge.c, self._cutoff
        refund, dispute = tables.refunds.alias(), tables.chargebacks.alias()
        parcel, news = tables.shipments.alias(), tables.notifications.alias()
        # Each charge of a series needs its first one.
        series = and_(
            one.usage == ChargeUsage.INITIAL_RECURRING, one.status == ChargeStatus.SUCCEEDED
        )
        young = or_(
            exists().where(
                *_of(refund, one),
                or_(refund.c.status.not_in(sorted(REFUND_FINAL)), refund.c.updated_at >= cutoff),
            ),
            exists().where(
                *_of(dispute, one),
                or_(dispute.c.created_at >= cutoff, dispute.c.reply_by >= cutoff),
            ),
            exists().where(*_of(parcel, one), parcel.c.updated_at >= cutoff),
            exists().where(
                news.c.account == one.account,
                news.c.order_no == one.order_no,
                news.c.applied_at.is_(None),
            ),
        )
        return and_(
            one.status.in_(sorted(FINAL)),
            one.created_at < cutoff,
            one.updated_at < cutoff,
            one.next_look_at.is_(None),
            or_(one.action_status.is_(None), one.action_status.not_in(sorted(ACTION_IN_DOUBT))),
            not_(series),
            not_(young),
        )


_PRUNED: Final = (
    tables.charges,
    tables.charge_events,
    tables.refunds,
    tables.refund_events,
    tables.chargebacks,
    tables.shipments,
    tables.intents,
    tables.notifications,
    tables.requests,
    tables.tallies,
)


def _of(follower: FromClause, charge: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return follower.c.account == charge.account, follower.c.charge_id == charge.id


def _accounts(connection: Connection) -> list[str]:
    """Of whatever rows there are, those of accounts that are in no settings any more included. By one
    step in an index for each of them."""
    found = {name for table in _PRUNED for name in _steps(connection, table)}
    return sorted(found)


def _steps(connection: Connection, table: Table) -> Iterable[str]:
    name: str | None = connection.scalar(select(func.min(table.c.account)))
    while name is not None:
        yield name
        name = connection.scalar(select(func.min(table.c.account)).where(table.c.account > name))
