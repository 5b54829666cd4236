"""What each message does to a charge in each state: pure, total, and readable on one screen."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from ledger import hold
from ledger.charge import Charge
from ledger.hold import Hold
from ledger.message import (
    ActionBegun,
    ActionLost,
    ActionNotSent,
    ActionRefused,
    ActionSent,
    Lapsed,
    Message,
    NoAnswer,
    NotFound,
    NotSent,
    Outcome,
    Refused,
    Reported,
    Returned,
    Sent,
)
from ledger.money import same_amount
from ledger.status import FRUITLESS, UNSETTLED, Alarm, ChargeStatus, EventSource

GRACE: Final = timedelta(hours=24)
# The look that first finds nothing after the grace, and two further ones.
LOOKS_AFTER_GRACE: Final = 3

_S = ChargeStatus
_O = Outcome
# Where a report moves a charge. What is not listed stays: final states have no row at all, and a
# pending order proves nothing that REQUIRES_ACTION or UNKNOWN did not know already.
_SETTLING = {
    _O.SUCCEEDED: _S.SUCCEEDED,
    _O.CAPTURED: _S.SUCCEEDED,
    _O.CLEARED: _S.SUCCEEDED,
    _O.AUTHORIZED: _S.AUTHORIZED,
    _O.DECLINED: _S.DECLINED,
    _O.VOIDED: _S.VOIDED,
}
_MOVES: Final = MappingProxyType(
    {
        # Our record says that it never left, and it is wrong: never send it now, but look it up.
        _S.CREATED: dict.fromkeys(_O, _S.UNKNOWN),
        _S.PROCESSING: _SETTLING | {_O.REQUIRES_ACTION: _S.REQUIRES_ACTION},
        _S.UNKNOWN: _SETTLING | {_O.REQUIRES_ACTION: _S.REQUIRES_ACTION},
        _S.REQUIRES_ACTION: _SETTLING,
        _S.AUTHORIZED: {
            _O.SUCCEEDED: _S.SUCCEEDED,
            _O.CAPTURED: _S.SUCCEEDED,
            _O.CLEARED: _S.SUCCEEDED,
            _O.VOIDED: _S.VOIDED,
            # A released hold is a failed sale in Asiabill's books (contract 5.7).
            _O.DECLINED: _S.VOIDED,
        },
    }
)


@dataclass(frozen=True, slots=True)
class Transition:
    """`status` after the message; `applied`: it moved. `note` is for the history.

    `hold`: what is done to the hold after the message, where the message changes that.
    """

    status: ChargeStatus
    applied: bool
    note: str
    alarm: Alarm | None = None
    hold: Hold | None = None


def transition(
    charge: Charge, message: Message, now: datetime, grace: timedelta = GRACE
) -> Transition:
    """The one rule book. Never raises: every pair of state and message has a result."""

    def moved(status: ChargeStatus, note: str, alarm: Alarm | None = None) -> Transition:
        return Transition(status, status is not charge.status, note, alarm)

    def stays(note: str, alarm: Alarm | None = None) -> Transition:
        return Transition(charge.status, False, note, alarm)

    status = charge.status
    match message:
        case Sent():
            if status is _S.CREATED:
                return moved(_S.PROCESSING, f"send {charge.send_no + 1}")
            return stays(f"must not be sent: {status}")
        case NotSent():
            if status is not _S.PROCESSING or message.send_no != charge.send_no or charge.heard:
                return stays(f"late word that send {message.send_no} never left")
            return moved(_S.CREATED, f"not sent: {message.reason}")
        case NoAnswer():
            if status is _S.PROCESSING:
                return moved(_S.UNKNOWN, f"no answer: {message.reason}")
            return stays(f"no answer: {message.reason}")
        case Refused():
            note = f"refused: {message.code} {message.message}"
            if status not in (_S.PROCESSING, _S.UNKNOWN):
                return stays(note)
            if charge.heard:
                return moved(_S.UNKNOWN, f"{note}; but the order is known", Alarm.CONTRADICTION)
            return moved(_S.FAILED, note)
        case NotFound():
            if status not in UNSETTLED:
                return stays("Asiabill finds no such order")
            if not past_grace(charge, now, grace):
                return stays("Asiabill finds no such order yet")
            if charge.empty_looks + message.looks < LOOKS_AFTER_GRACE:
                return stays("Asiabill finds no such order after the grace")
            return moved(_S.FAILED, "Asiabill never knew the order: nothing was taken")
        case Lapsed():
            if status is _S.CREATED:
                return moved(_S.FAILED, f"never sent: {message.reason}")
            return stays(f"not given up, since it was sent: {message.reason}")
        case Returned():
            return stays(message.note)
        case Reported():
            step = _reported(charge, message)
            if step.alarm is not None and not step.applied:
                return step
            action, note = hold.reported(charge, message, step.status, now)
            return replace(step, hold=action, note=f"{step.note}; {note}") if note else step
        case ActionBegun() | ActionSent() | ActionNotSent() | ActionLost() | ActionRefused():
            action, note = hold.told(charge, message)
            return Transition(status, False, note, hold=action)


def past_grace(charge: Charge, now: datetime, grace: timedelta = GRACE) -> bool:
    """Asiabill has had all the time it may need to know of the order."""
    return now - (charge.sent_at or charge.created_at) >= grace


def matches(charge: Charge, message: Reported) -> bool:
    """Order number, amount (by value) and currency are the record's."""
    if message.order_no != charge.order_no:
        return False
    if message.amount is None and message.currency is None:
        # What is taken must be named; a hold has been compared when it was made.
        return not message.outcome.takes_money or charge.status is _S.AUTHORIZED
    return message.currency == charge.currency and same_amount(message.amount, charge.amount)


def _reported(charge: Charge, message: Reported) -> Transition:
    status, outcome = charge.status, message.outcome
    said = f"{outcome}" if not message.message else f"{outcome}: {message.message}"
    if not matches(charge, message):
        told = f"{message.order_no} {message.amount} {message.currency}"
        return Transition(status, False, f"{said}; not ours: {told}", Alarm.MISMATCH)
    other = bool(message.trade_no and charge.trade_no and message.trade_no != charge.trade_no)
    if other and not outcome.takes_money:
        note = f"{said}; of another trade, {message.trade_no}"
        return Transition(status, False, note, Alarm.OTHER_TRADE)
    target = _MOVES.get(status, {}).get(outcome, status)
    if outcome is _O.REQUIRES_ACTION and not message.redirect_url and status is not _S.CREATED:
        target = status
    if (
        status is _S.AUTHORIZED
        and outcome is _O.SUCCEEDED
        and message.source is EventSource.WEBHOOK
    ):
        # The same event announces a sale and a hold: only a look-up tells them apart.
        target = status
    alarm = _alarm(status, outcome, message.source) or (Alarm.OTHER_TRADE if other else None)
    return Transition(target, target is not status, said, alarm)


def _alarm(status: ChargeStatus, outcome: Outcome, source: EventSource) -> Alarm | None:
    if status is _S.CREATED:
        return Alarm.UNSENT
    # The announcement of a hold may simply be slower than the news of its end.
    if (status, outcome) == (_S.VOIDED, _O.AUTHORIZED):
        return None
    if (status, outcome, source) == (_S.SUCCEEDED, _O.AUTHORIZED, EventSource.WEBHOOK):
        return None
    if status in FRUITLESS and outcome.takes_money:
        return Alarm.LATE_SUCCESS
    if status is _S.SUCCEEDED and outcome in (_O.DECLINED, _O.VOIDED, _O.AUTHORIZED):
        return Alarm.CONTRADICTION
    return None
