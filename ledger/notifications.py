"""Keeping what Asiabill sent, until it is applied and after."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, select, update

from ledger.changes import Change
from ledger.charges import id_of_order
from ledger.database import Transaction, insert_new
from ledger.notification import NewNotification, Notification, Recorded
from ledger.statement import Row
from ledger.table import CODE, MESSAGE, charges, counters, notifications
from ledger.text import tamed

_SERIES: Final = "notification"
_PRUNED: Final = "notification-pruned"


def record(transaction: Transaction, new: NewNotification, now: datetime) -> Recorded:
    """Store the message, or count it where it is known.

    One that says something else than its namesake takes its place, as a new one: a message that did
    not fit its charge must not make the right one a mere repeat.
    """
    connection = transaction.connection
    identity = {
        "account": new.account,
        "type": tamed(new.type, CODE),
        "trade_no": tamed(new.trade_no, CODE),
        "batch_no": tamed(new.batch_no, CODE),
        "status": tamed(new.status, CODE),
    }
    charge_id = id_of_order(connection, new.account, new.order_no)
    # A number of ours was checked before it was sent: if its digits add up as a card's do, it is none.
    order_no = new.order_no if charge_id is not None else tamed(new.order_no, CODE)
    fields = {name: tamed(value, MESSAGE) for name, value in new.fields.items()}
    content = {
        "order_no": order_no,
        "fields": fields,
        "body_sha256": new.body_sha256,
        "charge_id": charge_id,
        "received_at": now,
    }
    namesake = _count(connection, identity, now)
    if namesake is None:
        fresh = {"id": _next_id(connection, new.account), "deliveries": 1, "last_received_at": now}
        row = insert_new(connection, notifications, identity | content | fresh)
        if row is not None:
            return _announced(transaction, row)
        # A twin was stored while the next number was waited for.
        namesake = _count(connection, identity, now)
        if namesake is None:
            raise RuntimeError("a notification is neither new nor known")
    if namesake.says(order_no, fields):
        return Recorded(namesake, is_new=False)
    replaced = connection.execute(
        update(notifications)
        .where(_is(identity))
        .values(id=_next_id(connection, new.account), applied_at=None, **content)
        .returning(notifications)
    )
    return _announced(transaction, replaced.mappings().one())


def apply(
    transaction: Transaction, account: str, number: int, now: datetime, charge_id: str | None
) -> bool:
    """It needs no further attention; `charge_id` is the charge that is told. False where it needed
    none before."""
    values: dict[str, Any] = {"applied_at": now}
    if charge_id is not None:
        values["charge_id"] = charge_id
    applied = transaction.connection.execute(
        update(notifications)
        .where(
            notifications.c.account == account,
            notifications.c.id == number,
            notifications.c.applied_at.is_(None),
        )
        .values(values)
    )
    if not applied.rowcount:
        return False
    transaction.changes.append(Change("notification", account, str(number)))
    return True


def pending(
    connection: Connection, account: str, order_no: str | None, after_id: int, limit: int
) -> list[Notification]:
    """Not yet applied, of orders that exist, numbered above `after_id`, in order, each with its
    `charge_id`."""
    query = (
        select(notifications, charges.c.id.label("owner_id"))
        .join(
            charges,
            (charges.c.account == notifications.c.account)
            & (charges.c.order_no == notifications.c.order_no),
        )
        .where(
            notifications.c.account == account,
            notifications.c.applied_at.is_(None),
            notifications.c.id > after_id,
        )
        .order_by(notifications.c.id)
        .limit(limit)
    )
    if order_no is not None:
        query = query.where(notifications.c.order_no == order_no)
    rows = connection.execute(query)
    return [replace(_notification_of(row), charge_id=row["owner_id"]) for row in rows.mappings()]


def after(
    connection: Connection,
    account: str,
    types: Collection[str] | None,
    after_id: int,
    limit: int,
) -> list[Notification]:
    """Numbered above `after_id`, in order. None means every type."""
    query = (
        select(notifications)
        .where(notifications.c.account == account, notifications.c.id > after_id)
        .order_by(notifications.c.id)
        .limit(limit)
    )
    if types is not None:
        query = query.where(notifications.c.type.in_(types))
    return [_notification_of(row) for row in connection.execute(query).mappings()]


def last_id(connection: Connection, account: str) -> int:
    """The newest number that can be seen; 0 before the first."""
    value: int | None = connection.scalar(
        select(counters.c.value).where(counters.c.account == account, counters.c.name == _SERIES)
    )
    return value or 0


def pruned_id(connection: Connection, account: str) -> int:
    """At this number and below, some are not kept any more; 0 where all are."""
    value: int | None = connection.scalar(
        select(counters.c.value).where(counters.c.account == account, counters.c.name == _PRUNED)
    )
    return value or 0


def mark_pruned(connection: Connection, account: str, number: int) -> None:
    """What is numbered `number` was removed, and some below it."""
    key = {"account": account, "name": _PRUNED}
    insert_new(connection, counters, key | {"value": 0})
    connection.execute(
        update(counters)
        .where(
            counters.c.account == account,
            counters.c.name == _PRUNED,
            counters.c.value < number,
        )
        .values(value=number)
    )


def _next_id(connection: Connection, account: str) -> int:
    series = {"account": account, "name": _SERIES}
    insert_new(connection, counters, series | {"value": 0})
    taken = connection.execute(
        update(counters)
        .where(counters.c.account == account, counters.c.name == _SERIES)
        .values(value=counters.c.value + 1)
        .returning(counters.c.value)
    )
    return int(taken.scalar_one())


def _count(connection: Connection, identity: dict[str, str], now: datetime) -> Notification | None:
    counted = connection.execute(
        update(notifications)
        .where(_is(identity))
        .values(deliveries=notifications.c.deliveries + 1, last_received_at=now)
        .returning(notifications)
    )
    row = counted.mappings().first()
    return None if row is None else _notification_of(row)


def _is(identity: dict[str, str]) -> ColumnElement[bool]:
    return and_(*(notifications.c[name] == value for name, value in identity.items()))


def _announced(transaction: Transaction, row: Row) -> Recorded:
    stored = _notification_of(row)
    transaction.changes.append(Change("notification", stored.account, str(stored.id)))
    return Recorded(stored, is_new=True)


def _notification_of(row: Row) -> Notification:
    return Notification(**{column.name: row[column.name] for column in notifications.c})
