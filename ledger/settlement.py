"""The only door to a change of a charge's status."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, update

from ledger import history, schedule, tallies
from ledger.changes import Change
from ledger.charge import Charge, Settled
from ledger.charges import charge_of, locked
from ledger.database import Transaction
from ledger.error import LedgerError, NotSendable
from ledger.hold import Hold
from ledger.leases import freed
from ledger.message import (
    ActionBegun,
    ActionLost,
    ActionRefused,
    ActionSent,
    Message,
    NoAnswer,
    NotFound,
    NotSent,
    Refused,
    Reported,
    Sent,
    source_of,
)
from ledger.statement import first
from ledger.status import Alarm, ChargeStatus, EventSource
from ledger.table import ADDRESS, CODE, MESSAGE, charge_events, charges
from ledger.tally import Guard
from ledger.text import tamed
from ledger.transition import Transition, matches, past_grace, transition

# A live process has read its answer by then; one that died leaves PROCESSING behind.
ANSWER_OVERDUE: Final = timedelta(seconds=50)

# Built once, as those of `ledger.charges`; the columns to set are those that are handed over.
_CHANGE: Final = (
    update(charges)
    .where(
        charges.c.account == bindparam("of_account"),
        charges.c.id == bindparam("of_id"),
        charges.c.version == bindparam("of_version"),
    )
    .returning(charges)
)
_CHANGE_AND_FREE: Final = _CHANGE.values(freed(charges))


def settle(
    transaction: Transaction,
    account: str,
    charge_id: str,
    message: Message,
    now: datetime,
    grace: timedelta,
    guard: Guard | None = None,
) -> Settled:
    """Apply `message` to the charge and write the line of history that tells of it.

    `guard` is for a Sent. Raises UnknownCharge, NotSendable for a Sent or ActionSent that may not
    be, and LimitReached.
    """
    charge = locked(transaction.connection, account, charge_id)
    step = transition(charge, message, now, grace)
    if isinstance(message, Sent) and not step.applied:
        raise NotSendable(charge)
    if isinstance(message, ActionSent) and step.hold is None:
        raise NotSendable(charge)
    values = _values(charge, message, step, now, grace)
    if guard is not None:
        tallies.take(transaction, account, guard, now)
        values["counted"] = tallies.written(guard)
    unchanged = {"of_account": account, "of_id": charge_id, "of_version": charge.version}
    # A new schedule takes the look-up from whoever holds it.
    statement = _CHANGE_AND_FREE if "next_look_at" in values else _CHANGE
    row = first(transaction.connection, statement, values | unchanged)
    if row is None:
        raise LedgerError(f"charge {charge_id} changed under its lock")
    settled = charge_of(row)
    if settled.status is not charge.status:
        tallies.count_end(transaction, settled, row["counted"], now)
    _record(transaction, settled, message, step, now)
    if "updated_at" in values:
        transaction.changes.append(Change("charge", account, charge_id))
    news = settled.status is not charge.status or source_of(message) is EventSource.WEBHOOK
    if settled.customer_id and news:
        # A charge may bind its card: told of before it is sent, and with whatever is heard of it.
        transaction.changes.append(Change("customer", account, settled.customer_id))
    outcome = Settled(settled, step)
    transaction.settled.append(outcome)
    return outcome


def _values(
    charge: Charge, message: Message, step: Transition, now: datetime, grace: timedelta
) -> dict[str, Any]:
    facts = _facts(charge, message, step, now, grace)
    if step.status is not charge.status:
        facts["status"] = step.status
        facts |= _looks(message, step.status, now)
    elif charge.status is ChargeStatus.PROCESSING and "heard" in facts:
        # The answer is here, and says that there is none yet: no need to wait until it is overdue.
        facts |= _looks(message, step.status, now)
    if step.hold is not None:
        facts |= _action(charge, message, step.hold, now)
    if step.alarm is Alarm.LATE_SUCCESS:
        facts["late_success"] = True
    if facts:
        facts["updated_at"] = now
    # Counted on every message, so that each line of history has a number of its own.
    facts["version"] = charge.version + 1
    return facts


def _facts(
    charge: Charge, message: Message, step: Transition, now: datetime, grace: timedelta
) -> dict[str, Any]:
    """The columns that the message teaches, whether or not the status moves."""
    match message:
        case Sent():
            return {
                "send_no": charge.send_no + 1,
                "sent_at": now,
                "heard": False,
                "empty_looks": 0,
                "request_ids": [*charge.request_ids, tamed(message.request_id, CODE)],
            }
        case NotSent() if step.applied:
            return {"sent_at": None}
        case NoAnswer(code=str(code)) | ActionLost(code=str(code)) if not charge.final:
            return {"upstream_code": tamed(code, CODE)}
        case Refused() | ActionRefused() if not charge.final:
            return {
                "upstream_code": tamed(message.code, CODE),
                "upstream_message": tamed(message.message, MESSAGE),
            }
        case NotFound() if charge.status.unsettled and past_grace(charge, now, grace):
            return {"empty_looks": charge.empty_looks + message.looks}
        case Reported():
            return _told(charge, message, step)
    return {}


def _told(charge: Charge, message: Reported, step: Transition) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if message.source is EventSource.WEBHOOK:
        told["webhook_count"] = charge.webhook_count + 1
    if not charge.heard and message.order_no == charge.order_no:
        told["heard"] = True
    if not matches(charge, message):
        return told
    if charge.empty_looks:
        told["empty_looks"] = 0
    fresh: Mapping[str, tuple[str | None, int]] = {
        "trade_no": (message.trade_no, CODE),
        "masked_card": (message.masked_card, CODE),
        "redirect_url": (message.redirect_url, ADDRESS),
    }
    told |= {
        name: tamed(value, longest)
        for name, (value, longest) in fresh.items()
        if value and getattr(charge, name) is None
    }
    if step.applied and message.trade_no:
        # Where two are known, the one that the money moved under is the one to refund.
        told["trade_no"] = tamed(message.trade_no, CODE)
    if not charge.final:
        told |= {
            name: tamed(value, longest)
            for name, value, longest in (
                ("upstream_code", message.code, CODE),
                ("upstream_message", message.message, MESSAGE),
            )
            if value and tamed(value, longest) != getattr(charge, name)
        }
    return told


def _action(charge: Charge, message: Message, hold: Hold, now: datetime) -> dict[str, Any]:
    """What is done to the hold now, and when to look how that ended."""
    facts: dict[str, Any] = {"action": hold.action, "action_status": hold.status}
    due: datetime | None = None
    match message:
        case ActionBegun():
            return facts | {"action_at": now}
        case ActionSent():
            due = now + ANSWER_OVERDUE
            facts |= {
                "action_at": now,
                "action_send_no": charge.action_send_no + 1,
                "request_ids": [*charge.request_ids, tamed(message.request_id, CODE)],
            }
        case ActionLost():
            due = now + schedule.STEPS[0]
    return facts | {"looks": 0, "next_look_at": due}


def _looks(message: Message, status: ChargeStatus, now: datetime) -> dict[str, Any]:
    """A new status begins its look-ups anew."""
    first = schedule.first_look(status)
    due = None if first is None else now + schedule.STEPS[first]
    if isinstance(message, Sent):
        due = now + ANSWER_OVERDUE
    return {"looks": first or 0, "next_look_at": due}


def _record(
    transaction: Transaction, charge: Charge, message: Message, step: Transition, now: datetime
) -> None:
    line = {
        "status": step.status,
        "source": source_of(message),
        "kind": type(message).__name__,
        "applied": step.applied,
        "note": step.note,
        "alarm": step.alarm,
    }
    owner = {"account": charge.account, "charge_id": charge.id}
    history.write(transaction, charge_events, owner, charge.version, line, now)
