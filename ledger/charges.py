"""Reading charges, and beginning one."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from ledger import history as lines
from ledger.changes import Change
from ledger.charge import Begun, Charge, ChargeEvent, NewCharge
from ledger.database import Transaction, insert_new
from ledger.error import IdempotencyMismatch, LedgerError, OrderNoTaken, UnknownCharge
from ledger.money import Money
from ledger.statement import Row, first, rows
from ledger.status import ChargeStatus, EventSource
from ledger.table import ORDER_NO, charge_events, charges
from ledger.text import BadText, checked

_ASIDE: Final = {"lease_owner", "lease_until", "lease_token", "counted"}
_COLUMNS: Final = tuple(column for column in charges.c if column.name not in _ASIDE)
_NAMES: Final = tuple(column.name for column in _COLUMNS)
# Built once: to put a statement together takes longer than SQLite needs to run it.
_OF_ACCOUNT: Final = select(*_COLUMNS).where(charges.c.account == bindparam("account"))
_OLDEST: Final = _OF_ACCOUNT.order_by(charges.c.created_at).limit(1)
_BY_NAME: Final = {
    name: _OLDEST.where(charges.c[name] == bindparam(name))
    for name in ("id", "order_no", "trade_no")
}
_BY_KEY: Final = _OLDEST.where(
    charges.c.key_scope == bindparam("key_scope"),
    charges.c.idempotency_key == bindparam("idempotency_key"),
)
# For `Database.glance`: nothing of it but that there is one.
KEY_IS_TAKEN: Final = (
    "SELECT id FROM charges WHERE account = ? AND key_scope = ? AND idempotency_key = ?"
)
_BY_IDS: Final = _OF_ACCOUNT.where(charges.c.id.in_(bindparam("ids", expanding=True)))
_OF_INTENT: Final = _OF_ACCOUNT.where(charges.c.intent_id == bindparam("intent_id")).order_by(
    charges.c.attempt
)
_LOCKED: Final = _OF_ACCOUNT.where(charges.c.id == bindparam("id")).with_for_update()


def charge_of(row: Row) -> Charge:
    """A row of `charges`, with or without what is kept aside."""
    return Charge(**{name: row[name] for name in _NAMES})


def find(
    connection: Connection,
    account: str,
    *,
    id: str | None = None,
    order_no: str | None = None,
    trade_no: str | None = None,
    key: tuple[str, str] | None = None,
) -> Charge | None:
    """By exactly one of these; `key` is (key_scope, idempotency_key). The oldest, where a trade
    number names several. Raises ValueError for none or more than one."""
    names = {"id": id, "order_no": order_no, "trade_no": trade_no}
    given = {name: value for name, value in names.items() if value is not None}
    if len(given) + (key is not None) != 1:
        raise ValueError("name a charge in exactly one way")
    if key is not None:
        query, given = _BY_KEY, {"key_scope": key[0], "idempotency_key": key[1]}
    else:
        query = _BY_NAME[next(iter(given))]
    row = first(connection, query, given | {"account": account})
    return None if row is None else charge_of(row)


def id_of_order(connection: Connection, account: str, order_no: str) -> str | None:
    """The charge that an order number from outside names, whatever text it is. It must not be tamed:
    the digits of a number of ours may add up as a card's do."""
    try:
        found = find(connection, account, order_no=checked(order_no, ORDER_NO))
    except BadText:
        return None
    return None if found is None else found.id


def by_ids(connection: Connection, account: str, ids: Collection[str]) -> dict[str, Charge]:
    """Those that exist, by id."""
    found = connection.execute(_BY_IDS, {"account": account, "ids": list(ids)})
    return {charge.id: charge for charge in map(charge_of, found.mappings())}


def of_intent(connection: Connection, account: str, intent_id: str) -> list[Charge]:
    """All attempts on an intent, the first one first."""
    found = rows(connection, _OF_INTENT, {"account": account, "intent_id": intent_id})
    return [charge_of(row) for row in found]


def history(connection: Connection, account: str, charge_id: str) -> list[ChargeEvent]:
    """Oldest first."""
    found = connection.execute(
        select(charge_events)
        .where(charge_events.c.account == account, charge_events.c.charge_id == charge_id)
        .order_by(charge_events.c.seq)
    )
    return [ChargeEvent(**row) for row in found.mappings()]


def locked(connection: Connection, account: str, charge_id: str) -> Charge:
    """The row, held until the transaction ends. Raises UnknownCharge."""
    row = first(connection, _LOCKED, {"account": account, "id": charge_id})
    if row is None:
        raise UnknownCharge(f"no charge {charge_id!r}")
    return charge_of(row)


def begin(
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
    row = insert_new(connection, charges, values)
    if row is None:
        twin = twin_of(connection, new)
        if twin is not None:
            return twin
        holder = find(connection, new.account, order_no=order_no)
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
    lines.write(transaction, charge_events, owner, 1, line, now)
    transaction.changes.append(Change("charge", new.account, charge_id))
    return Begun(charge_of(row), created=True)


def twin_of(connection: Connection, new: NewCharge) -> Begun | None:
    """The charge that the same key has begun before. Raises IdempotencyMismatch for another call's."""
    if new.idempotency_key is None:
        return None
    key = (new.key_scope, new.idempotency_key)
    existing = find(connection, new.account, key=key)
    if existing is None:
        return None
    if existing.args_digest != new.args_digest:
        raise IdempotencyMismatch(existing)
    return Begun(existing, created=False)
