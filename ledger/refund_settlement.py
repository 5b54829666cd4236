"""The only door to a change of a refund's status."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import update

from ledger import history, schedule
from ledger.changes import Change
from ledger.database import Transaction
from ledger.error import LedgerError, RefundNotSendable
from ledger.leases import freed
from ledger.message import NoAnswer, NotSent, Refused, Sent
from ledger.refund import Refund, RefundSettled
from ledger.refund_message import NotMade, RefundMessage, RefundReported, refund_source_of
from ledger.refund_rows import locked, refund_of
from ledger.refund_transition import RefundTransition, names, refund_matches, refund_transition
from ledger.status import Alarm, RefundStatus
from ledger.table import CODE, MESSAGE, refund_events, refunds
from ledger.text import tamed

# Asiabill gives money back in hours or days, so that there is no hurry.
_FIRST_LOOK: Final = {RefundStatus.UNKNOWN: 0, RefundStatus.PENDING: 3}


def settle(
    transaction: Transaction, account: str, refund_id: str, message: RefundMessage, now: datetime
) -> RefundSettled:
    """Apply `message` to the refund and write the line of history that tells of it.

    Raises UnknownRefund, and RefundNotSendable for a Sent that may not be.
    """
    refund = locked(transaction.connection, account, refund_id)
    step = refund_transition(refund, message)
    if isinstance(message, Sent) and not step.applied:
        raise RefundNotSendable(refund)
    values = _values(refund, message, step, now)
    changed = transaction.connection.execute(
        update(refunds)
        .where(
            refunds.c.account == account,
            refunds.c.id == refund_id,
            refunds.c.version == refund.version,
        )
        .values(**values)
        .returning(refunds)
    )
    row = changed.mappings().first()
    if row is None:
        raise LedgerError(f"refund {refund_id} changed under its lock")
    settled = refund_of(row)
    line = {
        "status": step.status,
        "source": refund_source_of(message),
        "kind": type(message).__name__,
        "applied": step.applied,
        "note": step.note,
        "alarm": step.alarm,
    }
    owner = {"account": account, "refund_id": refund_id}
    history.write(transaction, refund_events, owner, settled.version, line, now)
    if "updated_at" in values:
        # Who watches the charge sees its refunds too.
        transaction.changes.append(Change("charge", account, refund.charge_id))
    outcome = RefundSettled(settled, step)
    transaction.refunds_settled.append(outcome)
    return outcome


def _values(
    refund: Refund, message: RefundMessage, step: RefundTransition, now: datetime
) -> dict[str, Any]:
    facts = _facts(refund, message, step, now)
    if step.applied or (step.status.unsettled and "batch_no" in facts):
        facts |= _looks(step.status, facts.get("batch_no", refund.batch_no), now)
    if step.applied:
        facts["status"] = step.status
    if step.alarm is Alarm.LATE_SUCCESS:
        facts["late_success"] = True
    if facts:
        facts["updated_at"] = now
    # Counted on every message, so that each line of history has a number of its own.
    facts["version"] = refund.version + 1
    return facts


def _facts(
    refund: Refund, message: RefundMessage, step: RefundTransition, now: datetime
) -> dict[str, Any]:
    """The columns that the message teaches, whether or not the status moves."""
    match message:
        case Sent(request_id=request_id):
            return {
                "send_no": refund.send_no + 1,
                "sent_at": now,
                "in_flight": True,
                "request_ids": [*refund.request_ids, tamed(request_id, CODE)],
            }
        case NotSent() if step.applied:
            return {"sent_at": None, "in_flight": False}
        case NotMade() if step.applied:
            return {"in_flight": False}
        case NoAnswer() if refund.in_flight:
            code = {} if message.code is None else {"upstream_code": tamed(message.code, CODE)}
            return {"in_flight": False} | code
        case Refused() if step.applied:
            return {
                "in_flight": False,
                "upstream_code": tamed(message.code, CODE),
                "upstream_message": tamed(message.message, MESSAGE),
            }
        case RefundReported():
            return _told(refund, message, step)
    return {}


def _told(refund: Refund, message: RefundReported, step: RefundTransition) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if refund.in_flight and names(refund, message):
        told["in_flight"] = False
    if not refund_matches(refund, message):
        return told
    batch_no = tamed(message.batch_no, CODE) if message.batch_no else None
    if batch_no != refund.batch_no and batch_no and (step.applied or refund.batch_no is None):
        # Where two are known, the one that the money moved under is the one to ask about.
        told["batch_no"] = batch_no
    if not refund.final:
        told |= {
            name: tamed(value, longest)
            for name, value, longest in (
                ("upstream_code", message.code, CODE),
                ("upstream_message", message.message, MESSAGE),
            )
            if value and tamed(value, longest) != getattr(refund, name)
        }
    return told


def _looks(status: RefundStatus, batch_no: str | None, now: datetime) -> dict[str, Any]:
    """Look-ups begin anew; without Asiabill's number there is nothing to ask for."""
    first = _FIRST_LOOK.get(status) if batch_no else None
    due = None if first is None else now + schedule.STEPS[first]
    return {"looks": first or 0, "next_look_at": due, **freed(refunds)}
