"""Reading charges, and beginning one."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import history as lines
from ledger.charge import Begun, Charge, ChargeEvent, NewCharge
from ledger.database import Change, Transaction, insert_new
from ledger.error import IdempotencyMismatch, LedgerError, OrderNoTaken, UnknownCharge
from ledger.money import Money
from ledger.status import ChargeStatus, EventSource
from ledger.table import charge_events, charges

_LEASE: Final = {"lease_owner", "lease_until", "lease_token"}
_COLUMNS: Final = tuple(column for column in charges.c if column.name not in _LEASE)


def charge_of(row: RowMapping) -> Charge:
    """A row of `charges`, with or without its lease."""
    return Charge(**{column.name: row[column] for column in _COLUMNS})


async def find(
    connection: AsyncConnection,
    account: str,
    *,
    id: str | None = None,
    order_no: str | None = None,
    trade_no: str | None = None,
    key: tuple[str, str] | None = None,
) -> Charge | None:
    """By exactly one of these; `key` is (key_scope, idempotency_key). The oldest, where a trade
    number names several. Raises ValueError for none or more than one."""
    wanted = {"id": id, "order_no": order_no, "trade_no": trade_no}
    if key is not None:
        wanted |= {"key_scope": key[0], "idempotency_key": key[1]}
    given = {name: value for name, value in wanted.items() if value is not None}
    if len(given) != (1 if key is None else 2):
        raise ValueError("name a charge in exactly one way")
    query = _of(account).where(*(charges.c[name] == value for name, value in given.items()))
    row = (
        (await connection.execute(query.order_by(charges.c.created_at).limit(1))).mappings().first()
    )
    return None if row is None else charge_of(row)


async def by_ids(
    connection: AsyncConnection, account: str, ids: Collection[str]
) -> dict[str, Charge]:
    """Those that exist, by id."""
    rows = await connection.execute(_of(account).where(charges.c.id.in_(ids)))
    return {charge.id: charge for charge in map(charge_of, rows.mappings())}


async def of_intent(connection: AsyncConnection, account: str, intent_id: str) -> list[Charge]:
    """All attempts on an intent, the first one first."""
    query = _of(account).where(charges.c.intent_id == intent_id).order_by(charges.c.attempt)
    return [charge_of(row) for row in (await connection.execute(query)).mappings()]


async def history(connection: AsyncConnection, account: str, charge_id: str) -> list[ChargeEvent]:
    """Oldest first."""
    rows = await connection.execute(
        select(charge_events)
        .where(charge_events.c.account == account, charge_events.c.charge_id == charge_id)
        .order_by(charge_events.c.seq)
    )
    return [ChargeEvent(**row) for row in rows.mappings()]


async def locked(connection: AsyncConnection, account: str, charge_id: str) -> Charge:
    """The row, held until the transaction ends. Raises UnknownCharge."""
    query = _of(account).where(charges.c.id == charge_id).with_for_update()
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        raise UnknownCharge(f"no charge {charge_id!r}")
    return charge_of(row)


async def begin(
    transaction: Transaction,
    new: NewCharge,
    charge_id: str,
    now: datetime,
    *,
    order_no: str,
    money: Money,
    return_url: str | None,
    attempt: int,
) -> Begun:
    """Store the charge, unless a unique constraint says that there is one already.

    Raises IdempotencyMismatch, OrderNoTaken.
    """
    connection = transaction.connection
    values: dict[str, object] = {
        "account": new.account,
        "id": charge_id,
        "order_no": order_no,
        "status": ChargeStatus.CREATED,
        "customer_id": new.customer_id,
        "payment_method_id": new.payment_method_id,
        "amount": money.amount,
        "currency": money.currency,
        "minor_units": money.minor_units,
        "usage": new.usage,
        "live": new.live,
        "intent_id": new.intent_id,
        "attempt": attempt,
        "key_scope": new.key_scope,
        "idempotency_key": new.idempotency_key,
        "args_digest": new.args_digest,
        "send_no": 0,
        "heard": False,
        "request_ids": [],
        "return_url": return_url,
        "webhook_count": 0,
        "empty_looks": 0,
        "late_success": False,
        "looks": 0,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    row = await insert_new(connection, charges, values)
    if row is None:
        twin = await twin_of(connection, new)
        if twin is not None:
            return twin
        holder = await find(connection, new.account, order_no=order_no)
        if holder is None:
            raise LedgerError("a rival charge came and went")
        raise OrderNoTaken(holder)
    line = {
        "status": ChargeStatus.CREATED,
        "source": EventSource.REQUEST,
        "kind": "Begun",
        "applied": True,
        "note": "stored",
        "alarm": None,
    }
    owner = {"account": new.account, "charge_id": charge_id}
    await lines.write(transaction, charge_events, owner, 1, line, now)
    transaction.changes.append(Change("charge", new.account, charge_id))
    return Begun(charge_of(row), created=True)


async def twin_of(connection: AsyncConnection, new: NewCharge) -> Begun | None:
    """The charge that the same key has begun before. Raises IdempotencyMismatch for another call's."""
    if new.idempotency_key is None:
        return None
    key = (new.key_scope, new.idempotency_key)
    existing = await find(connection, new.account, key=key)
    if existing is None:
        return None
    if existing.args_digest != new.args_digest:
        raise IdempotencyMismatch(existing)
    return Begun(existing, created=False)


def _of(account: str) -> Select[Any]:
    return select(*_COLUMNS).where(charges.c.account == account)
