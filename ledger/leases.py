"""Rows that are looked up by one process at a time, each under a lease that a late word cannot touch."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    and_,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)

from ledger.database import Transaction


def freed(table: Table) -> dict[str, Any]:
    """The values that end a lease. The next token makes the old holder's word worthless."""
    return {
        "lease_owner": None,
        "lease_until": None,
        "lease_token": table.c.lease_token + 1,
    }


class Leases:
    """The leases of one table, whose rows want a look-up while `needed` holds."""

    def __init__(self, table: Table, needed: ColumnElement[bool]) -> None:
        self._table: Final = table
        self._needed: Final = needed

    def take(
        self, transaction: Transaction, owner: str, limit: int, lease: timedelta, now: datetime
    ) -> list[RowMapping]:
        """Up to `limit` rows whose look is due, the longest overdue first."""
        columns = self._table.c
        free = or_(columns.lease_until.is_(None), columns.lease_until <= now)
        wanted = transaction.connection.execute(
            select(columns.account, columns.id)
            .where(self._needed, columns.next_look_at <= now, free)
            .order_by(columns.next_look_at)
            .limit(limit)
            # Another process's rows are passed over; SQLite has one writer and needs no such words.
            .with_for_update(skip_locked=True)
        )
        keys = [(row.account, row.id) for row in wanted]
        if not keys:
            return []
        leased = transaction.connection.execute(
            update(self._table)
            .where(tuple_(columns.account, columns.id).in_(keys))
            .values(freed(self._table) | {"lease_owner": owner, "lease_until": now + lease})
            .returning(self._table)
        )
        found = {(row["account"], row["id"]): row for row in leased.mappings()}
        return [found[key] for key in keys]

    def give_back(
        self,
        transaction: Transaction,
        key: tuple[str, str],
        token: int,
        next_look_at: datetime,
        looks: int,
    ) -> None:
        """Of no effect where the lease is lost. `key` is (account, id)."""
        transaction.connection.execute(
            update(self._table)
            .where(self._is(key), self._table.c.lease_token == token, self._needed)
            .values(freed(self._table) | {"next_look_at": next_look_at, "looks": looks})
        )

    def hasten(self, transaction: Transaction, key: tuple[str, str], now: datetime) -> bool:
        """Make a look due now, even beside one under way. False where the row needs none."""
        hastened = transaction.connection.execute(
            update(self._table)
            .where(self._is(key), self._needed)
            .values(freed(self._table) | {"next_look_at": now})
        )
        return hastened.rowcount > 0

    def hasten_all(self, transaction: Transaction, now: datetime) -> int:
        """Everything that needs a look is due now, whoever holds it. How many that are.

        A dead process cannot give its leases back. A living one that loses some asks in vain: what
        it settles is settled, but it does not move the schedule.
        """
        hastened = transaction.connection.execute(
            update(self._table)
            .where(self._needed)
            .values(freed(self._table) | {"next_look_at": now})
        )
        return hastened.rowcount

    def next_due(self, connection: Connection) -> datetime | None:
        """When there is something to look up, if nothing changes before."""
        columns = self._table.c
        free_at = case(
            (columns.lease_until > columns.next_look_at, columns.lease_until),
            else_=columns.next_look_at,
        )
        moment: datetime | None = connection.scalar(
            select(func.min(free_at, type_=columns.next_look_at.type)).where(
                self._needed, columns.next_look_at.is_not(None)
            )
        )
        return moment

    def _is(self, key: tuple[str, str]) -> ColumnElement[bool]:
        account, row_id = key
        return and_(self._table.c.account == account, self._table.c.id == row_id)
