"""Keeping intents, and beginning a charge on one."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from ledger import charges as charge_rows
from ledger import settlement
from ledger.charge import Begun, Charge, NewCharge
from ledger.database import Transaction, insert_new
from ledger.error import (
    ChargeInProgress,
    IdempotencyMismatch,
    IntentCanceled,
    IntentExpired,
    IntentPaid,
    LedgerError,
    OrderNoTaken,
    TooManyAttempts,
    UnknownIntent,
)
from ledger.intent import (
    Intent,
    IntentMade,
    NewIntent,
    attempts_used,
    order_no_of,
    payer,
    status_of,
)
from ledger.message import Lapsed
from ledger.money import Money
from ledger.statement import Row, first
from ledger.status import ChargeStatus, IntentStatus
from ledger.table import intents

# Whoever stored a charge sends it within moments, or has died.
SEND_OVERDUE: Final = timedelta(seconds=30)

# Built once, as those of `ledger.charges`.
_BY_ID: Final = select(intents).where(
    intents.c.account == bindparam("account"), intents.c.id == bindparam("id")
)
_LOCKED: Final = _BY_ID.with_for_update()


def create(transaction: Transaction, new: NewIntent, intent_id: str, now: datetime) -> IntentMade:
    """Store the intent, or find the one that the key has made.

    Raises IdempotencyMismatch, OrderNoTaken.
    """
    connection = transaction.connection
    if new.max_attempts < 1:
        raise ValueError("max_attempts must be at least 1")
    twin = _twin(connection, new, now)
    if twin is not None:
        return twin
    taken = charge_rows.find(connection, new.account, order_no=new.order_no)
    if taken is not None:
        raise OrderNoTaken(taken)
    values: dict[str, object] = {
        "account": new.account,
        "id": intent_id,
        "customer_id": new.customer_id,
        "order_no": new.order_no,
        "amount": new.money.amount,
        "currency": new.money.currency,
        "minor_units": new.money.minor_units,
        "return_url": new.return_url,
        "details": new.details,
        "live": new.live,
        "max_attempts": new.max_attempts,
        "key_scope": new.key_scope,
        "idempotency_key": new.idempotency_key,
        "args_digest": new.args_digest,
        "expires_at": new.expires_at,
        "created_at": now,
    }
    row = insert_new(connection, intents, values)
    if row is not None:
        return IntentMade(_seen(connection, row, now), created=True)
    twin = _twin(connection, new, now)
    if twin is not None:
        return twin
    holder = find(connection, new.account, now, order_no=new.order_no)
    if holder is None:
        raise LedgerError("a rival intent came and went")
    raise OrderNoTaken(holder)


def find(connection: Connection, account: str, now: datetime, **wanted: str) -> Intent | None:
    """By the columns named in `wanted`."""
    query = select(intents).where(intents.c.account == account)
    for name, value in wanted.items():
        query = query.where(intents.c[name] == value)
    row = connection.execute(query).mappings().first()
    return None if row is None else _seen(connection, row, now)


def get(
    connection: Connection, account: str, intent_id: str, now: datetime, *, lock: bool = False
) -> Intent:
    """Raises UnknownIntent. `lock` holds the intent until the transaction ends."""
    row = first(connection, _LOCKED if lock else _BY_ID, {"account": account, "id": intent_id})
    if row is None:
        raise UnknownIntent(f"no intent {intent_id!r}")
    return _seen(connection, row, now)


def cancel(
    transaction: Transaction, account: str, intent_id: str, now: datetime, grace: timedelta
) -> Intent:
    """No further attempt. Raises UnknownIntent, IntentPaid, ChargeInProgress; repeats do nothing."""
    intent = get(transaction.connection, account, intent_id, now, lock=True)
    if intent.status is IntentStatus.PAID:
        raise IntentPaid(intent.id, intent.paid_by)
    waiting = intent.live_charge
    if waiting is not None:
        if waiting.status is not ChargeStatus.CREATED:
            raise ChargeInProgress(waiting)
        _lapse(transaction, waiting, "the intent was canceled", now, grace)
    if intent.canceled_at is None:
        transaction.connection.execute(
            update(intents)
            .where(intents.c.account == account, intents.c.id == intent_id)
            .values(canceled_at=now)
        )
    return get(transaction.connection, account, intent_id, now)


def begin(
    transaction: Transaction, new: NewCharge, charge_id: str, now: datetime, grace: timedelta
) -> Begun:
    """The next attempt on an intent, whose order number, money and return URL it takes.

    Without a key, a call with the arguments of the attempt under way joins it. Raises what
    `Ledger.begin_charge` says.
    """
    connection = transaction.connection
    intent = get(connection, new.account, new.intent_id or "", now, lock=True)
    twin = charge_rows.twin_of(connection, new)
    if twin is not None:
        return twin
    if intent.customer_id is not None and intent.customer_id != new.customer_id:
        raise UnknownIntent(f"no intent {intent.id!r} for this customer")
    if intent.status is IntentStatus.PAID:
        raise IntentPaid(intent.id, intent.paid_by)
    under_way = intent.live_charge
    if under_way is not None:
        if _joins(under_way, new):
            return Begun(under_way, created=False)
        if not _abandoned(under_way, new, now):
            raise ChargeInProgress(under_way)
        _lapse(transaction, under_way, "another attempt took its place", now, grace)
        intent = get(connection, new.account, intent.id, now)
    if intent.status is IntentStatus.CANCELED:
        raise IntentCanceled(intent.id)
    if intent.status is IntentStatus.EXPIRED:
        raise IntentExpired(intent.id)
    if intent.attempts_left < 1:
        raise TooManyAttempts(intent.id)
    attempt = max((charge.attempt for charge in intent.charges), default=0) + 1
    return charge_rows.begin(
        transaction,
        replace(new, live=intent.live),
        charge_id,
        now,
        order_no=order_no_of(intent.order_no, attempt),
        money=Money(intent.amount, intent.currency),
        return_url=new.return_url or intent.return_url,
        attempt=attempt,
    )


def _joins(under_way: Charge, new: NewCharge) -> bool:
    keyless = new.idempotency_key is None and under_way.idempotency_key is None
    return keyless and new.args_digest == under_way.args_digest


def _abandoned(under_way: Charge, new: NewCharge, now: datetime) -> bool:
    if under_way.status is not ChargeStatus.CREATED:
        return False
    other_card = under_way.payment_method_id != new.payment_method_id
    return other_card or now - under_way.created_at >= SEND_OVERDUE


def _lapse(
    transaction: Transaction, charge: Charge, reason: str, now: datetime, grace: timedelta
) -> None:
    settled = settlement.settle(transaction, charge.account, charge.id, Lapsed(reason), now, grace)
    # Its owner sent it between our reading and our taking its row.
    if not settled.transition.applied:
        raise ChargeInProgress(settled.charge)


def _twin(connection: Connection, new: NewIntent, now: datetime) -> IntentMade | None:
    if new.idempotency_key is None:
        return None
    existing = find(
        connection,
        new.account,
        now,
        key_scope=new.key_scope,
        idempotency_key=new.idempotency_key,
    )
    if existing is None:
        return None
    if existing.args_digest != new.args_digest:
        raise IdempotencyMismatch(existing)
    return IntentMade(existing, created=False)


def _seen(connection: Connection, row: Row, now: datetime) -> Intent:
    attempts = tuple(charge_rows.of_intent(connection, row["account"], row["id"]))
    return Intent(
        **row,
        charges=attempts,
        status=status_of(attempts, row["expires_at"], row["canceled_at"], now),
        attempts_left=max(0, row["max_attempts"] - attempts_used(attempts)),
        paid_by=payer(attempts),
    )
