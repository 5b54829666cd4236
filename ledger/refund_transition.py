"""What each message does to a refund in each state: pure and total, as `transition` is for charges."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ledger.message import Lapsed, NoAnswer, NotSent, Refused, Sent
from ledger.money import same_amount
from ledger.refund import Refund
from ledger.refund_message import NotMade, RefundMessage, RefundOutcome, RefundReported
from ledger.status import Alarm, RefundStatus

_S = RefundStatus
_O = RefundOutcome
# Where a report moves a refund. Final states have no row: nothing moves them.
_MOVES: Final = MappingProxyType(
    {
        # Our record says that it never left, and it is wrong: never send it now, but look it up.
        _S.CREATED: dict.fromkeys(_O, _S.UNKNOWN),
        _S.UNKNOWN: {
            _O.PENDING: _S.PENDING,
            _O.SUCCEEDED: _S.SUCCEEDED,
            _O.FAILED: _S.FAILED,
        },
        _S.PENDING: {_O.SUCCEEDED: _S.SUCCEEDED, _O.FAILED: _S.FAILED},
    }
)


@dataclass(frozen=True, slots=True)
class RefundTransition:
    """`status` after the message; `applied`: it moved. `note` is for the history."""

    status: RefundStatus
    applied: bool
    note: str
    alarm: Alarm | None = None


def refund_transition(refund: Refund, message: RefundMessage) -> RefundTransition:
    """The one rule book of refunds. Never raises: every pair of state and message has a result."""

    def moved(status: RefundStatus, note: str) -> RefundTransition:
        return RefundTransition(status, status is not refund.status, note)

    def stays(note: str, alarm: Alarm | None = None) -> RefundTransition:
        return RefundTransition(refund.status, False, note, alarm)

    status = refund.status
    waiting = status is _S.UNKNOWN and refund.in_flight
    match message:
        case Sent():
            if status is _S.CREATED:
                return moved(_S.UNKNOWN, f"send {refund.send_no + 1}")
            return stays(f"must not be sent: {status}")
        case NotSent():
            if not waiting or message.send_no != refund.send_no:
                return stays(f"late word that send {message.send_no} never left")
            return moved(_S.CREATED, f"not sent: {message.reason}")
        case NoAnswer():
            return stays(f"no answer: {message.reason}")
        case Refused():
            note = f"refused: {message.code} {message.message}"
            if waiting:
                return moved(_S.FAILED, note)
            if status in (_S.CREATED, _S.FAILED):
                return stays(note)
            return stays(f"{note}; but the refund is known", Alarm.CONTRADICTION)
        case Lapsed():
            if status is _S.CREATED:
                return moved(_S.FAILED, f"never sent: {message.reason}")
            return stays(f"not given up, since it was sent: {message.reason}")
        case NotMade():
            # One that has a number is Asiabill's to tell of.
            if status is _S.UNKNOWN and refund.batch_no is None:
                return moved(_S.FAILED, "not made, by the word of a person")
            return stays("a person says that it was not made")
        case RefundReported():
            return _reported(refund, message)


def names(refund: Refund, message: RefundReported) -> bool:
    """The report is of this refund: it says nothing else of whose it is."""
    return message.refund_id in (None, refund.id)


def refund_matches(refund: Refund, message: RefundReported) -> bool:
    """Our number, amount (by value) and currency are the record's, as far as they were said."""
    return (
        names(refund, message)
        and message.currency in (None, refund.currency)
        and (message.amount is None or same_amount(message.amount, refund.amount))
    )


def _reported(refund: Refund, message: RefundReported) -> RefundTransition:
    status, outcome = refund.status, message.outcome
    said = f"{outcome}" if not message.message else f"{outcome}: {message.message}"
    if not refund_matches(refund, message):
        told = f"{message.refund_id} {message.amount} {message.currency}"
        return RefundTransition(status, False, f"{said}; not ours: {told}", Alarm.MISMATCH)
    other = bool(message.batch_no and refund.batch_no and message.batch_no != refund.batch_no)
    if other and outcome is not _O.SUCCEEDED:
        note = f"{said}; of another batch, {message.batch_no}"
        return RefundTransition(status, False, note, Alarm.OTHER_TRADE)
    target = _MOVES.get(status, {}).get(outcome, status)
    alarm = _alarm(status, outcome) or (Alarm.OTHER_TRADE if other else None)
    return RefundTransition(target, target is not status, said, alarm)


def _alarm(status: RefundStatus, outcome: RefundOutcome) -> Alarm | None:
    match status, outcome:
        case _S.CREATED, _:
            return Alarm.UNSENT
        case _S.FAILED, _O.SUCCEEDED:
            return Alarm.LATE_SUCCESS
        case _S.SUCCEEDED, _O.FAILED:
            return Alarm.CONTRADICTION
    return None
