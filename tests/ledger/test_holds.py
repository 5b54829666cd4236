"""A hold is captured or voided once, whoever races for it and whatever answer is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from ledger import (
    HOLD_GRACE,
    ActionInProgress,
    ActionLost,
    ActionNotAllowed,
    ActionNotSent,
    ActionRefused,
    ActionSent,
    ActionStatus,
    Charge,
    ChargeAction,
    ChargeStatus,
    EventSource,
    HoldAction,
    Ledger,
    NotSendable,
    Outcome,
    Reported,
    UnknownCharge,
    allowed_actions,
)

CAPTURE: Final = ChargeAction.CAPTURE
VOID: Final = ChargeAction.VOID


def said(outcome: Outcome, source: EventSource = EventSource.LOOKUP) -> Reported:
    return Reported(source, outcome, "A-1", "10.99", "USD", trade_no="T-A-1")


@pytest.fixture
async def held(charged: Callable[..., Awaitable[Charge]]) -> Charge:
    """10.99 USD that are held."""
    return await charged(outcome=Outcome.AUTHORIZED)


async def lose(ledger: Ledger, held: Charge, kind: HoldAction = CAPTURE) -> Charge:
    """Its answer was lost just now."""
    await ledger.begin_action("default", held.id, kind)
    sent = (await ledger.settle("default", held.id, ActionSent(kind, "r2"))).charge
    lost = ActionLost(sent.action_send_no, "time-out")
    return (await ledger.settle("default", held.id, lost)).charge


async def test_a_capture_takes_the_money_once(ledger: Ledger, held: Charge) -> None:
    begun = await ledger.begin_action("default", held.id, CAPTURE)
    assert (begun.action, begun.action_status) == (CAPTURE, ActionStatus.BEGUN)
    sent = (await ledger.settle("default", held.id, ActionSent(CAPTURE, "r2"))).charge
    assert (sent.action_status, sent.action_send_no) == (ActionStatus.SENT, 1)
    assert sent.request_ids == ["r", "r2"]
    # The answer names no amount: the hold was compared when it was made.
    answer = Reported(EventSource.RESPONSE, Outcome.CAPTURED, "A-1", trade_no="T-A-1")
    done = (await ledger.settle("default", held.id, answer)).charge
    assert (done.status, done.action_status) == (ChargeStatus.SUCCEEDED, ActionStatus.DONE)
    assert ChargeAction.REFUND in allowed_actions(done, [])
    with pytest.raises(ActionNotAllowed) as refused:
        await ledger.begin_action("default", held.id, CAPTURE)
    assert refused.value.charge == done


async def test_only_a_hold_can_be_captured_or_voided(
    ledger: Ledger, charged: Callable[..., Awaitable[Charge]]
) -> None:
    taken = await charged()
    for kind in (CAPTURE, VOID):
        with pytest.raises(ActionNotAllowed):
            await ledger.begin_action("default", taken.id, kind)
        with pytest.raises(NotSendable):
            await ledger.settle("default", taken.id, ActionSent(kind, "r2"))
    with pytest.raises(UnknownCharge):
        await ledger.begin_action("another", taken.id, CAPTURE)


async def test_two_processes_that_race_to_capture_send_once(
    ledger: Ledger, other: Ledger, held: Charge
) -> None:
    async def capture(door: Ledger) -> Charge:
        await door.begin_action("default", held.id, CAPTURE)
        return (await door.settle("default", held.id, ActionSent(CAPTURE, "r2"))).charge

    ended = await asyncio.gather(
        *(capture(door) for door in (ledger, other) * 5), return_exceptions=True
    )
    sent = [end for end in ended if isinstance(end, Charge)]
    assert len(sent) == 1
    assert all(isinstance(end, Charge | NotSendable | ActionInProgress) for end in ended)
    assert sent[0].request_ids == ["r", "r2"]


async def test_a_capture_and_a_void_that_race_are_not_both_sent(
    ledger: Ledger, other: Ledger, held: Charge
) -> None:
    async def act(door: Ledger, kind: HoldAction) -> Charge:
        await door.begin_action("default", held.id, kind)
        return (await door.settle("default", held.id, ActionSent(kind, "r2"))).charge

    ended = await asyncio.gather(
        *(act(door, kind) for door in (ledger, other) for kind in (CAPTURE, VOID)),
        return_exceptions=True,
    )
    assert sum(isinstance(end, Charge) for end in ended) == 1


async def test_what_a_dead_process_had_begun_gives_way_to_the_other_action(
    ledger: Ledger, held: Charge, clock: Any
) -> None:
    await ledger.begin_action("default", held.id, CAPTURE)
    clock.advance(seconds=29)
    with pytest.raises(ActionInProgress):
        await ledger.begin_action("default", held.id, VOID)
    assert (await ledger.begin_action("default", held.id, CAPTURE)).action is CAPTURE
    clock.advance(seconds=1)
    assert (await ledger.begin_action("default", held.id, VOID)).action is VOID
    with pytest.raises(NotSendable):
        await ledger.settle("default", held.id, ActionSent(CAPTURE, "r2"))


@pytest.mark.parametrize(
    "message", [ActionNotSent(1, "refused"), ActionRefused(1, "P0001", "param error")]
)
async def test_what_was_surely_not_done_frees_the_hold(
    ledger: Ledger, held: Charge, message: ActionNotSent | ActionRefused
) -> None:
    await ledger.begin_action("default", held.id, CAPTURE)
    await ledger.settle("default", held.id, ActionSent(CAPTURE, "r2"))
    freed = (await ledger.settle("default", held.id, message)).charge
    assert (freed.status, freed.action, freed.next_look_at) == (ChargeStatus.AUTHORIZED, None, None)
    await ledger.begin_action("default", held.id, VOID)
    again = (await ledger.settle("default", held.id, ActionSent(VOID, "r3"))).charge
    assert again.action_send_no == 2
    # The word of the first send, told by a process that was stopped meanwhile, frees nothing.
    late = (await ledger.settle("default", held.id, message)).charge
    assert (late.action, late.action_status) == (VOID, ActionStatus.SENT)


async def test_a_lost_answer_leaves_the_hold_in_doubt_and_due_for_look_ups(
    ledger: Ledger, held: Charge, clock: Any
) -> None:
    lost = await lose(ledger, held)
    assert (lost.status, lost.action_status) == (ChargeStatus.AUTHORIZED, ActionStatus.UNKNOWN)
    for kind in (CAPTURE, VOID):
        with pytest.raises(ActionInProgress) as busy:
            await ledger.begin_action("default", held.id, kind)
        assert busy.value.charge == lost
    assert await ledger.next_look_at() == clock() + timedelta(seconds=2)
    clock.advance(seconds=2)
    [doubt] = await ledger.due_doubts("one", 10)
    assert doubt.charge == lost
    # Too early to believe that nothing happened: the next look comes by schedule.
    await ledger.settle("default", held.id, said(Outcome.AUTHORIZED))
    await ledger.looked(doubt)
    assert await ledger.next_look_at() == clock() + timedelta(seconds=5)
    captured = (await ledger.settle("default", held.id, said(Outcome.CAPTURED))).charge
    assert (captured.status, captured.action_status) == (ChargeStatus.SUCCEEDED, ActionStatus.DONE)
    assert await ledger.next_look_at() is None


async def test_what_a_dead_process_had_sent_is_looked_up(
    ledger: Ledger, held: Charge, clock: Any
) -> None:
    await ledger.begin_action("default", held.id, VOID)
    await ledger.settle("default", held.id, ActionSent(VOID, "r2"))
    clock.advance(seconds=49)
    assert await ledger.due_doubts("one", 10) == []
    clock.advance(seconds=1)
    assert len(await ledger.due_doubts("one", 10)) == 1
    assert await ledger.look_at_all() == 1
    voided = (await ledger.settle("default", held.id, said(Outcome.VOIDED))).charge
    assert (voided.status, voided.action) == (ChargeStatus.VOIDED, VOID)


async def test_a_hold_that_still_stands_after_the_grace_is_free_again(
    ledger: Ledger, held: Charge, clock: Any
) -> None:
    await lose(ledger, held)
    clock.advance(seconds=HOLD_GRACE.total_seconds())
    freed = (await ledger.settle("default", held.id, said(Outcome.AUTHORIZED))).charge
    assert (freed.status, freed.action) == (ChargeStatus.AUTHORIZED, None)
    assert await ledger.next_look_at() is None
    assert (await ledger.begin_action("default", held.id, VOID)).action is VOID


async def test_the_history_tells_what_was_done_to_the_hold(
    ledger: Ledger, held: Charge, clock: Any
) -> None:
    await lose(ledger, held)
    clock.advance(seconds=HOLD_GRACE.total_seconds())
    await ledger.settle("default", held.id, said(Outcome.AUTHORIZED))
    told = [(event.kind, event.note) for event in await ledger.history("default", held.id)]
    assert told[3:] == [
        ("ActionBegun", "CAPTURE begun"),
        ("ActionSent", "CAPTURE: send 1"),
        ("ActionLost", "CAPTURE: no answer: time-out"),
        ("Reported", "AUTHORIZED; CAPTURE was not done"),
    ]


async def test_a_watcher_is_woken_by_what_is_done_to_the_hold(ledger: Ledger, held: Charge) -> None:
    async with ledger.watch("default", charge_ids=[held.id]) as watch:
        while await watch.wait(0.4):
            pass
        await ledger.begin_action("default", held.id, CAPTURE)
        assert await watch.wait(0)
        await ledger.settle("default", held.id, ActionSent(CAPTURE, "r2"))
        assert await watch.wait(0)
