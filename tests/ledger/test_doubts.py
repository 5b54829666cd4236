"""Whatever is unsettled is looked up: by schedule, by one process at a time, until it is known."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ledger import (
    Charge,
    ChargeStatus,
    EventSource,
    Ledger,
    Message,
    NewCharge,
    NoAnswer,
    NotFound,
    Outcome,
    Reported,
    Sent,
)

Order = Callable[..., NewCharge]


@pytest.fixture
def lose(ledger: Ledger, order: Order) -> Callable[[str], Any]:
    """Makes a charge whose answer was lost just now."""

    async def lost(order_no: str = "A-1") -> Charge:
        charge = (await ledger.begin_charge(order(order_no))).charge
        await ledger.settle("default", charge.id, Sent("r"))
        return (await ledger.settle("default", charge.id, NoAnswer("time-out"))).charge

    return lost


async def test_looks_follow_the_schedule_for_as_long_as_it_takes(
    ledger: Ledger, lose: Any, clock: Any
) -> None:
    await lose()
    waits = []
    for _ in range(9):
        begun = clock()
        due_at = await ledger.next_look_at()
        assert due_at is not None
        clock.moment = due_at - timedelta(microseconds=1)
        assert await ledger.due_doubts("one", 10) == []
        clock.moment = due_at
        [doubt] = await ledger.due_doubts("one", 10)
        await ledger.settle("default", doubt.charge.id, NotFound())
        await ledger.looked(doubt)
        waits.append((clock() - begun).total_seconds())
    assert waits == [2, 5, 15, 60, 300, 1800, 3600, 3600, 3600]


async def test_an_order_that_asiabill_never_knew_is_failed_by_the_third_look_after_a_day(
    ledger: Ledger, lose: Any, clock: Any
) -> None:
    charge = await lose()
    looks_after = 0
    while (due_at := await ledger.next_look_at()) is not None:
        clock.moment = due_at
        [doubt] = await ledger.due_doubts("one", 10)
        looks_after += clock() - charge.sent_at >= timedelta(hours=24)
        await ledger.settle("default", charge.id, NotFound())
        await ledger.looked(doubt)
    assert looks_after == 3
    assert (await ledger.history("default", charge.id))[-1].status == "FAILED"


async def test_a_look_that_was_not_answered_is_repeated_soon(
    ledger: Ledger, lose: Any, clock: Any
) -> None:
    """An hour without Asiabill must not push the next look an hour away."""
    await lose()
    for answered in [True] * 6 + [False] * 3:
        clock.moment = await ledger.next_look_at()
        [doubt] = await ledger.due_doubts("one", 10)
        if answered:
            await ledger.looked(doubt)
            continue
        await ledger.put_back(doubt)
        due_at = await ledger.next_look_at()
        assert due_at is not None
        assert due_at - clock() <= timedelta(seconds=15)


async def test_two_processes_never_look_up_the_same_charge(
    ledger: Ledger, other: Ledger, lose: Any, clock: Any
) -> None:
    for number in range(20):
        await lose(f"A-{number}")
    clock.advance(seconds=2)
    shares = await asyncio.gather(
        *(door.due_doubts(name, 4) for door, name in ((ledger, "one"), (other, "two")) * 4)
    )
    leased = [doubt.charge.id for share in shares for doubt in share]
    assert len(leased) == len(set(leased))
    assert all(len(share) <= 4 for share in shares)
    rest = await ledger.due_doubts("one", 100)
    assert len(leased) + len(rest) == 20


async def test_the_lease_of_a_dead_process_ends_and_its_late_word_changes_nothing(
    ledger: Ledger, other: Ledger, lose: Any, clock: Any
) -> None:
    await lose()
    clock.advance(seconds=2)
    [stopped] = await ledger.due_doubts("one", 10, lease_seconds=30)
    assert await other.due_doubts("two", 10) == []
    clock.advance(seconds=30)
    [taken] = await other.due_doubts("two", 10, lease_seconds=30)
    before = await ledger.next_look_at()
    await ledger.looked(stopped)
    assert await ledger.next_look_at() == before
    await other.looked(taken)
    assert await ledger.next_look_at() == clock() + timedelta(seconds=5)


async def test_a_start_takes_what_a_dead_process_held_and_its_late_word_changes_nothing(
    ledger: Ledger, other: Ledger, lose: Any, clock: Any
) -> None:
    """Nobody waits for the lease to run out; and if its holder lives, what it has heard counts."""
    charge, waiting = await lose("A-1"), await lose("A-2")
    clock.advance(seconds=2)
    held = await ledger.due_doubts("one", 10, lease_seconds=3600)
    assert await other.look_at_all() == 2
    taken = await other.due_doubts("two", 10)
    assert {doubt.charge.id for doubt in taken} == {charge.id, waiting.id}
    before = await ledger.next_look_at()
    paid = Reported(EventSource.LOOKUP, Outcome.SUCCEEDED, "A-1", "10.99", "USD")
    said: dict[str, Message] = {charge.id: paid, waiting.id: NotFound()}
    for doubt in held:
        await ledger.looked(doubt, said[doubt.charge.id])
    settled = await other.charge("default", id=charge.id)
    assert settled is not None
    assert settled.status is ChargeStatus.SUCCEEDED
    assert await ledger.next_look_at() == before


async def test_what_a_look_up_has_told_is_settled_as_the_doubt_is_given_back(
    ledger: Ledger, lose: Any, clock: Any
) -> None:
    """In one transaction, or a process that dies between the two holds the charge for nothing."""
    charge = await lose()
    clock.advance(seconds=2)
    [doubt] = await ledger.due_doubts("one", 10)
    await ledger.looked(doubt, NotFound())
    assert await ledger.next_look_at() == clock() + timedelta(seconds=5)
    assert (await ledger.history("default", charge.id))[-1].kind == "NotFound"


async def test_a_look_asked_for_is_made_even_while_another_is_under_way(
    ledger: Ledger, lose: Any, clock: Any
) -> None:
    """The buyer came back after that look had begun, so that its answer may be too old."""
    charge = await lose()
    clock.advance(seconds=2)
    [under_way] = await ledger.due_doubts("one", 10)
    assert await ledger.look_soon("default", charge.id)
    await ledger.looked(under_way)
    assert [doubt.charge.id for doubt in await ledger.due_doubts("two", 10)] == [charge.id]


async def test_what_is_settled_is_looked_up_no_more(ledger: Ledger, lose: Any, clock: Any) -> None:
    charge = await lose()
    clock.advance(seconds=2)
    [doubt] = await ledger.due_doubts("one", 10)
    paid = Reported(EventSource.LOOKUP, Outcome.SUCCEEDED, "A-1", "10.99", "USD")
    await ledger.settle("default", charge.id, paid)
    await ledger.looked(doubt)
    clock.advance(days=1)
    assert await ledger.next_look_at() is None
    assert await ledger.due_doubts("one", 10) == []
    assert not await ledger.look_soon("default", charge.id)
    assert await ledger.look_at_all() == 0


async def test_at_start_up_everything_unsettled_is_due(
    ledger: Ledger, order: Order, lose: Any
) -> None:
    """Also what a dead process had sent and not heard of, and what a buyer had been sent away for."""
    await lose("A-1")
    sent = (await ledger.begin_charge(order("A-2"))).charge
    await ledger.settle("default", sent.id, Sent("r"))
    away = (await ledger.begin_charge(order("A-3"))).charge
    await ledger.settle("default", away.id, Sent("r"))
    redirect = Reported(
        EventSource.RESPONSE, Outcome.REQUIRES_ACTION, "A-3", redirect_url="https://bank.example"
    )
    await ledger.settle("default", away.id, redirect)
    await ledger.begin_charge(order("A-4"))
    assert await ledger.look_at_all() == 3
    due = await ledger.due_doubts("one", 10)
    assert sorted(doubt.charge.order_no for doubt in due) == ["A-1", "A-2", "A-3"]


async def test_a_charge_that_is_being_sent_is_given_time_to_answer(
    ledger: Ledger, order: Order, clock: Any
) -> None:
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    clock.advance(seconds=49)
    assert await ledger.due_doubts("one", 10) == []
    clock.advance(seconds=1)
    assert len(await ledger.due_doubts("one", 10)) == 1


async def test_a_pending_answer_is_followed_up_by_schedule(
    ledger: Ledger, order: Order, clock: Any
) -> None:
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    pending = Reported(EventSource.RESPONSE, Outcome.PENDING, "A-1", "10.99", "USD")
    for _ in range(2):
        await ledger.settle("default", charge.id, pending)
        assert await ledger.next_look_at() == clock() + timedelta(seconds=5)
