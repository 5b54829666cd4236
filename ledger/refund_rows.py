"""Reading refunds."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, or_, select

from ledger.error import UnknownRefund
from ledger.refund import Refund, RefundEvent
from ledger.statement import Row
from ledger.status import REFUND_UNSETTLED
from ledger.table import refund_events, refunds

_LEASE: Final = {"lease_owner", "lease_until", "lease_token"}
_COLUMNS: Final = tuple(column for column in refunds.c if column.name not in _LEASE)


def refund_of(row: Row) -> Refund:
    """A row of `refunds`, with or without its lease."""
    return Refund(**{column.name: row[column.name] for column in _COLUMNS})


def find(
    connection: Connection,
    account: str,
    *,
    id: str | None = None,
    batch_no: str | None = None,
    key: tuple[str, str] | None = None,
) -> Refund | None:
    """By exactly one of these; `key` is (key_scope, idempotency_key). The oldest, where a batch
    number names several. Raises ValueError for none or more than one."""
    wanted = {"id": id, "batch_no": batch_no}
    if key is not None:
        wanted |= {"key_scope": key[0], "idempotency_key": key[1]}
    given = {name: value for name, value in wanted.items() if value is not None}
    if len(given) != (1 if key is None else 2):
        raise ValueError("name a refund in exactly one way")
    query = _of(account).where(*(refunds.c[name] == value for name, value in given.items()))
    row = connection.execute(query.order_by(refunds.c.created_at).limit(1)).mappings().first()
    return None if row is None else refund_of(row)


def of_charges(
    connection: Connection, account: str, charge_ids: Collection[str]
) -> dict[str, list[Refund]]:
    """By charge id, the oldest first; a charge without refunds has an empty list."""
    query = _of(account).where(refunds.c.charge_id.in_(charge_ids))
    rows = connection.execute(query.order_by(refunds.c.created_at, refunds.c.id))
    found: dict[str, list[Refund]] = {charge_id: [] for charge_id in charge_ids}
    for refund in map(refund_of, rows.mappings()):
        found[refund.charge_id].append(refund)
    return found


def history(connection: Connection, account: str, refund_id: str) -> list[RefundEvent]:
    """Oldest first."""
    rows = connection.execute(
        select(refund_events)
        .where(refund_events.c.account == account, refund_events.c.refund_id == refund_id)
        .order_by(refund_events.c.seq)
    )
    return [RefundEvent(**row) for row in rows.mappings()]


def unresolved(connection: Connection, account: str, overdue: datetime, limit: int) -> list[Refund]:
    """Sent, and without a number to look up; an answer is awaited for those sent after `overdue`."""
    query = _of(account).where(
        refunds.c.status.in_(sorted(REFUND_UNSETTLED)),
        refunds.c.batch_no.is_(None),
        or_(refunds.c.in_flight.is_(False), refunds.c.sent_at <= overdue),
    )
    rows = connection.execute(query.order_by(refunds.c.sent_at).limit(limit))
    return [refund_of(row) for row in rows.mappings()]


def locked(connection: Connection, account: str, refund_id: str) -> Refund:
    """The row, held until the transaction ends. Raises UnknownRefund."""
    query = _of(account).where(refunds.c.id == refund_id).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise UnknownRefund(f"no refund {refund_id!r}")
    return refund_of(row)


def _of(account: str) -> Select[Any]:
    return select(*_COLUMNS).where(refunds.c.account == account)
