"""Beginning a refund: the balance is read and taken in one transaction that holds the charge."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from ledger import charges, history, intents, refund_settlement
from ledger.changes import Change
from ledger.charge import Charge
from ledger.database import Transaction, insert_new
from ledger.error import (
    CurrencyDiffers,
    IdempotencyMismatch,
    LedgerError,
    NotRefundable,
    RefundExceedsBalance,
)
from ledger.message import Lapsed
from ledger.money import Money, amount_text
from ledger.refund import NewRefund, Refund, RefundBegun, refundable
from ledger.refund_rows import find, of_charges, refund_of
from ledger.status import ChargeStatus, EventSource, RefundStatus
from ledger.table import refund_events, refunds


def begin(transaction: Transaction, new: NewRefund, refund_id: str, now: datetime) -> RefundBegun:
    """Store the refund, or find its twin. Raises what `RefundLedger.begin` says."""
    connection = transaction.connection
    charge = charges.locked(connection, new.account, new.charge_id)
    twin = _twin(connection, new)
    if twin is not None:
        return twin
    if charge.status is not ChargeStatus.SUCCEEDED:
        raise NotRefundable(charge)
    if new.money is not None and new.money.currency != charge.currency:
        raise CurrencyDiffers(charge)
    earlier = _of(connection, charge)
    if not _fits(charge, earlier, new.money) and _lapse(transaction, earlier, now):
        earlier = _of(connection, charge)
    left = refundable(charge, earlier)
    if not _fits(charge, earlier, new.money):
        raise RefundExceedsBalance(charge, amount_text(left, charge.currency))
    full = left == charge.minor_units and (new.money is None or new.money.minor_units == left)
    if new.money is not None:
        money = new.money
    elif full:
        money = Money(charge.amount, charge.currency)
    else:
        money = Money(amount_text(left, charge.currency), charge.currency)
    return _store(transaction, new, refund_id, money, full, now)


def _store(
    transaction: Transaction,
    new: NewRefund,
    refund_id: str,
    money: Money,
    full: bool,
    now: datetime,
) -> RefundBegun:
    values: dict[str, object] = {
        "account": new.account,
        "id": refund_id,
        "charge_id": new.charge_id,
        "amount": money.amount,
        "currency": money.currency,
        "minor_units": money.minor_units,
        "full": full,
        "reason": new.reason,
        "status": RefundStatus.CREATED,
        "key_scope": new.key_scope,
        "idempotency_key": new.idempotency_key,
        "args_digest": new.args_digest,
        "send_no": 0,
        "in_flight": False,
        "request_ids": [],
        "late_success": False,
        "looks": 0,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    row = insert_new(transaction.connection, refunds, values)
    if row is None:
        # The key began a refund of another charge, whose row this transaction does not hold.
        twin = _twin(transaction.connection, new)
        if twin is None:
            raise LedgerError("a rival refund came and went")
        return twin
    line = {
        "status": RefundStatus.CREATED,
        "source": EventSource.REQUEST,
        "kind": "Begun",
        "applied": True,
        "note": "stored",
        "alarm": None,
    }
    owner = {"account": new.account, "refund_id": refund_id}
    history.write(transaction, refund_events, owner, 1, line, now)
    transaction.changes.append(Change("charge", new.account, new.charge_id))
    return RefundBegun(refund_of(row), created=True)


def _fits(charge: Charge, earlier: Sequence[Refund], money: Money | None) -> bool:
    left = refundable(charge, earlier)
    return left > 0 if money is None else money.minor_units <= left


def _lapse(transaction: Transaction, earlier: Sequence[Refund], now: datetime) -> bool:
    """Give up what was stored and not sent in time. True where something was."""
    lapsed = False
    for refund in earlier:
        waiting = now - refund.updated_at
        if refund.status is not RefundStatus.CREATED or waiting < intents.SEND_OVERDUE:
            continue
        message = Lapsed("another refund took its place")
        step = refund_settlement.settle(transaction, refund.account, refund.id, message, now)
        lapsed |= step.transition.applied
    return lapsed


def _of(connection: Connection, charge: Charge) -> list[Refund]:
    return (of_charges(connection, charge.account, [charge.id]))[charge.id]


def _twin(connection: Connection, new: NewRefund) -> RefundBegun | None:
    existing = find(connection, new.account, key=(new.key_scope, new.idempotency_key))
    if existing is None:
        return None
    if existing.args_digest != new.args_digest:
        raise IdempotencyMismatch(existing)
    return RefundBegun(existing, created=False)
