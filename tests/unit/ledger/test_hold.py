"""A hold is captured or voided at most once at a time, and what is in doubt stays so until it is known."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import (
    HOLD_GRACE,
    ActionBegun,
    ActionLost,
    ActionNotSent,
    ActionRefused,
    ActionSent,
    ActionStatus,
    Charge,
    ChargeAction,
    ChargeStatus,
    EventSource,
    Hold,
    HoldAction,
    Message,
    NotFound,
    Outcome,
    Reported,
    Returned,
    transition,
)
from tests.unit.ledger.records import NOW, a_charge

CAPTURE: Final = ChargeAction.CAPTURE
VOID: Final = ChargeAction.VOID
BEGUN, SENT = ActionStatus.BEGUN, ActionStatus.SENT
UNKNOWN, DONE = ActionStatus.UNKNOWN, ActionStatus.DONE
FREE = Hold(None, None)


def held(
    action: HoldAction | None = None, status: ActionStatus | None = None, **changed: object
) -> Charge:
    """A hold, of which `action` was sent once, a minute ago."""
    fields: dict[str, object] = {
        "action": action,
        "action_status": status,
        "action_send_no": 1,
        "action_at": NOW - timedelta(minutes=1),
    }
    return a_charge(ChargeStatus.AUTHORIZED, **(fields | changed))


def said(outcome: Outcome, source: EventSource = EventSource.LOOKUP) -> Reported:
    return Reported(source, outcome, "A-1", "10.99", "USD", "T1")


# What becomes of the action by each message; None changes nothing.
GRID: dict[tuple[ActionStatus | None, Message], Hold | None] = {
    (None, ActionBegun(CAPTURE)): Hold(CAPTURE, BEGUN),
    (None, ActionSent(CAPTURE, "r")): None,
    (None, ActionNotSent(1, "refused")): None,
    (None, ActionLost(1, "time-out")): None,
    (None, ActionRefused(1, "P0001", "no")): None,
    (BEGUN, ActionBegun(CAPTURE)): Hold(CAPTURE, BEGUN),
    (BEGUN, ActionBegun(VOID)): Hold(VOID, BEGUN),
    (BEGUN, ActionSent(CAPTURE, "r")): Hold(CAPTURE, SENT),
    (BEGUN, ActionSent(VOID, "r")): None,
    (BEGUN, ActionNotSent(1, "refused")): None,
    (BEGUN, ActionLost(1, "time-out")): None,
    (BEGUN, ActionRefused(1, "P0001", "no")): None,
    (SENT, ActionBegun(CAPTURE)): None,
    (SENT, ActionBegun(VOID)): None,
    (SENT, ActionSent(CAPTURE, "r")): None,
    (SENT, ActionNotSent(1, "refused")): FREE,
    (SENT, ActionNotSent(2, "refused")): None,
    (SENT, ActionLost(1, "time-out")): Hold(CAPTURE, UNKNOWN),
    (SENT, ActionLost(2, "time-out")): None,
    (SENT, ActionRefused(1, "P0001", "no")): FREE,
    (SENT, ActionRefused(2, "P0001", "no")): None,
    (UNKNOWN, ActionBegun(VOID)): None,
    (UNKNOWN, ActionSent(CAPTURE, "r")): None,
    (UNKNOWN, ActionNotSent(1, "refused")): None,
    (UNKNOWN, ActionLost(1, "time-out")): None,
    (UNKNOWN, ActionRefused(1, "P0001", "no")): None,
}
MESSAGES = list(dict.fromkeys(message for _, message in GRID)) + [
    said(outcome, source)
    for outcome, source in product(Outcome, (EventSource.LOOKUP, EventSource.WEBHOOK))
]


@pytest.mark.parametrize(("status", "message"), GRID, ids=repr)
def test_a_message_moves_an_action_as_the_grid_says(
    status: ActionStatus | None, message: Message
) -> None:
    charge = held(CAPTURE if status else None, status)
    step = transition(charge, message, NOW)
    assert step.hold == GRID[status, message]
    assert (step.status, step.applied) == (ChargeStatus.AUTHORIZED, False)
    assert step.note


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
@pytest.mark.parametrize("action", ActionStatus)
@pytest.mark.parametrize(
    "status", [status for status in ChargeStatus if status is not ChargeStatus.AUTHORIZED]
)
def test_where_nothing_is_held_nothing_is_done(
    status: ChargeStatus, action: ActionStatus, message: Message
) -> None:
    charge = replace(held(CAPTURE, action), status=status)
    assert transition(charge, message, NOW).hold is None


@pytest.mark.parametrize("status", [BEGUN, SENT, UNKNOWN])
@pytest.mark.parametrize(
    ("action", "outcome", "after", "hold"),
    [
        (CAPTURE, Outcome.CAPTURED, ChargeStatus.SUCCEEDED, Hold(CAPTURE, DONE)),
        (VOID, Outcome.VOIDED, ChargeStatus.VOIDED, Hold(VOID, DONE)),
        (VOID, Outcome.DECLINED, ChargeStatus.VOIDED, Hold(VOID, DONE)),
        (CAPTURE, Outcome.VOIDED, ChargeStatus.VOIDED, FREE),
        (VOID, Outcome.CAPTURED, ChargeStatus.SUCCEEDED, FREE),
    ],
)
def test_the_end_of_a_hold_ends_its_action(
    status: ActionStatus,
    action: HoldAction,
    outcome: Outcome,
    after: ChargeStatus,
    hold: Hold,
) -> None:
    step = transition(held(action, status), said(outcome), NOW)
    assert (step.status, step.hold) == (after, hold)


def test_a_look_up_that_still_shows_the_hold_is_believed_only_after_the_grace() -> None:
    """Asiabill's book may be older than the act that it is to show."""
    charge = held(CAPTURE, UNKNOWN, action_at=NOW)
    early = transition(charge, said(Outcome.AUTHORIZED), NOW + HOLD_GRACE - timedelta(seconds=1))
    assert early.hold is None
    late = transition(charge, said(Outcome.AUTHORIZED), NOW + HOLD_GRACE)
    assert late.hold == FREE
    assert "not done" in late.note


@pytest.mark.parametrize(
    "message",
    [
        said(Outcome.AUTHORIZED, EventSource.WEBHOOK),
        said(Outcome.SUCCEEDED, EventSource.WEBHOOK),
        said(Outcome.PENDING),
        NotFound(),
        Returned(),
        replace(said(Outcome.AUTHORIZED), amount="1.00"),
        replace(said(Outcome.AUTHORIZED), trade_no="T2"),
    ],
    ids=repr,
)
def test_nothing_but_the_look_up_frees_what_is_in_doubt(message: Message) -> None:
    """A repeated notification of the hold says nothing about what was done to it since."""
    charge = held(CAPTURE, UNKNOWN, trade_no="T1")
    step = transition(charge, message, NOW + timedelta(days=9))
    assert (step.status, step.hold) == (ChargeStatus.AUTHORIZED, None)


@given(st.lists(st.tuples(st.sampled_from(MESSAGES), st.integers(0, 900)), max_size=40))
def test_no_sequence_sends_while_an_earlier_send_may_still_act(
    told: list[tuple[Message, int]],
) -> None:
    charge = held(action_send_no=0)
    now, may_act = NOW, False
    for message, seconds in told:
        now += timedelta(seconds=seconds)
        step = transition(charge, message, now)
        charge = replace(charge, status=step.status)
        if step.hold is None:
            continue
        if isinstance(message, ActionSent):
            assert not may_act
            may_act = True
            charge = replace(charge, action_send_no=charge.action_send_no + 1, action_at=now)
        elif step.hold == FREE and may_act and not charge.final:
            assert isinstance(message, ActionNotSent | ActionRefused | Reported)
            if isinstance(message, Reported):
                assert charge.action_at is not None
                assert now - charge.action_at >= HOLD_GRACE
            may_act = False
        charge = replace(charge, action=step.hold.action, action_status=step.hold.status)
