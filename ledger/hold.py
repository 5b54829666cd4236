"""The capture or void of a hold: at most one under way, each sent at most once. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger.charge import Charge
from ledger.message import (
    ActionBegun,
    ActionLost,
    ActionMessage,
    ActionNotSent,
    ActionRefused,
    ActionSent,
    Outcome,
    Reported,
)
from ledger.status import ActionStatus, ChargeAction, ChargeStatus, EventSource, HoldAction

# A look-up may be older than the act that it is to show; after this it is believed.
HOLD_GRACE: Final = timedelta(minutes=10)

_ENDS: Final = {
    ChargeAction.CAPTURE: ChargeStatus.SUCCEEDED,
    ChargeAction.VOID: ChargeStatus.VOIDED,
}


@dataclass(frozen=True, slots=True)
class Hold:
    """What is being done to a hold; both None where nothing is."""

    action: HoldAction | None = None
    status: ActionStatus | None = None


FREE: Final = Hold()


def told(charge: Charge, message: ActionMessage) -> tuple[Hold | None, str]:
    """What a message about an action changes, None where nothing, and the note for the history."""
    kind, status = charge.action, charge.action_status
    held = charge.status is ChargeStatus.AUTHORIZED
    match message:
        case ActionBegun():
            if not held or charge.action_in_doubt:
                return None, f"{message.kind} must not begin: {charge.status}, {status}"
            return Hold(message.kind, ActionStatus.BEGUN), f"{message.kind} begun"
        case ActionSent():
            if not held or kind is not message.kind or status is not ActionStatus.BEGUN:
                return None, f"{message.kind} must not be sent: {charge.status}, {status}"
            send = f"{message.kind}: send {charge.action_send_no + 1}"
            return Hold(message.kind, ActionStatus.SENT), send
        case ActionNotSent():
            note = f"{kind} not sent: {message.reason}"
            return (FREE if _waits(charge, message.send_no) else None), note
        case ActionRefused():
            note = f"{kind} refused: {message.code} {message.message}"
            return (FREE if _waits(charge, message.send_no) else None), note
        case ActionLost():
            note = f"{kind}: no answer: {message.reason}"
            lost = Hold(kind, ActionStatus.UNKNOWN) if _waits(charge, message.send_no) else None
            return lost, note


def reported(
    charge: Charge, message: Reported, status: ChargeStatus, now: datetime
) -> tuple[Hold | None, str]:
    """What a report, after which the charge has `status`, says of the action under way."""
    kind = charge.action
    if kind is None or charge.status is not ChargeStatus.AUTHORIZED:
        return None, ""
    if status is _ENDS[kind]:
        return Hold(kind, ActionStatus.DONE), f"{kind} done"
    if status is not ChargeStatus.AUTHORIZED:
        return FREE, f"{kind} came too late"
    shows_hold = (message.source, message.outcome) == (EventSource.LOOKUP, Outcome.AUTHORIZED)
    if shows_hold and charge.action_in_doubt and _past_grace(charge, now):
        return FREE, f"{kind} was not done"
    return None, ""


def _waits(charge: Charge, send_no: int) -> bool:
    """That send is the last one, and it was neither answered nor given up."""
    held = charge.status is ChargeStatus.AUTHORIZED
    sent = charge.action_status is ActionStatus.SENT
    return held and sent and send_no == charge.action_send_no


def _past_grace(charge: Charge, now: datetime) -> bool:
    return charge.action_at is None or now - charge.action_at >= HOLD_GRACE
