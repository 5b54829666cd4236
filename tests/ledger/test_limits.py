"""Counts that limit: never exceeded, shared by all processes, and forgotten when their time is over."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from ledger import (
    Charge,
    ChargeStatus,
    EventSource,
    Guard,
    Ledger,
    LimitReached,
    NewCharge,
    Outcome,
    Rate,
    Reported,
    Sent,
    Tally,
    Total,
)
from tests.ledger.conftest import Clock

HOURLY = Tally("charges", "cus_1", Rate(3, 3600))
OTHER = Tally("charges", "cus_2", Rate(3, 3600))


async def test_a_limit_holds_and_says_when_there_is_room_again(
    ledger: Ledger, clock: Clock
) -> None:
    for _ in range(3):
        await ledger.limits.take("default", Guard(take=(HOURLY,)))
    with pytest.raises(LimitReached) as reached:
        await ledger.limits.take("default", Guard(take=(HOURLY,)))
    assert reached.value.tally.name == "charges"
    assert 3600 <= reached.value.retry_after <= 3900 + 1
    await ledger.limits.take("default", Guard(take=(OTHER,)))
    await ledger.limits.take("another", Guard(take=(HOURLY,)))

    clock.advance(seconds=reached.value.retry_after)
    await ledger.limits.take("default", Guard(take=(HOURLY,)))


async def test_no_span_of_its_time_has_more_than_the_limit(ledger: Ledger, clock: Clock) -> None:
    """A window that begins anew at each full hour would let twice as many through at its edge."""
    passed: list[float] = []
    for _ in range(200):
        clock.advance(seconds=61)
        try:
            await ledger.limits.take("default", Guard(take=(HOURLY,)))
        except LimitReached:
            continue
        passed.append(clock().timestamp())
    assert len(passed) > 6
    for moment in passed:
        assert sum(moment - 3600 < other <= moment for other in passed) <= 3


async def test_what_was_refused_is_not_counted(ledger: Ledger) -> None:
    full = Tally("declines", "cus_1", Rate(0, 900))
    with pytest.raises(LimitReached):
        await ledger.limits.take("default", Guard(take=(HOURLY,), below=(full,)))
    assert await ledger.limits.totals("default", [HOURLY, full]) == [Total(0, 1), Total(0, 1)]


async def test_rivals_of_two_processes_share_the_limit(ledger: Ledger, other: Ledger) -> None:
    guard = Guard(take=(HOURLY, OTHER))
    tries = [one.limits.take("default", guard) for one in (ledger, other) for _ in range(10)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert [end for end in ended if end is None] == [None] * 3
    assert all(isinstance(end, LimitReached) for end in ended if end is not None)


async def test_a_send_is_counted_with_the_commit_that_lets_it_go(
    ledger: Ledger, order: Callable[..., NewCharge]
) -> None:
    """Where there is no room the charge is as it was, so that nothing leaves."""
    guard = Guard(take=(Tally("charges", "cus_1", Rate(1, 3600)),))
    first = (await ledger.begin_charge(order("A-1"))).charge
    second = (await ledger.begin_charge(order("A-2"))).charge
    await ledger.settle("default", first.id, Sent("r1"), guard=guard)
    with pytest.raises(LimitReached):
        await ledger.settle("default", second.id, Sent("r2"), guard=guard)
    stored = await ledger.charge("default", id=second.id)
    assert stored is not None
    assert stored.status is ChargeStatus.CREATED
    assert stored.send_no == 0


async def test_an_end_is_counted_once_by_whoever_learns_of_it(
    ledger: Ledger, order: Callable[..., NewCharge]
) -> None:
    ended, bad = Tally("ended", "", Rate(9, 600)), Tally("declined", "cus_1", Rate(9, 900))
    guard = Guard(ended=(ended,), declined=(bad,))
    for outcome in (Outcome.DECLINED, Outcome.SUCCEEDED):
        charge = (await ledger.begin_charge(order(f"A-{outcome}"))).charge
        await ledger.settle("default", charge.id, Sent("r"), guard=guard)
        for source in (EventSource.RESPONSE, EventSource.WEBHOOK, EventSource.LOOKUP):
            report = Reported(source, outcome, charge.order_no, charge.amount, charge.currency)
            await ledger.settle("default", charge.id, report)
    found = await ledger.limits.totals("default", [ended, bad])
    assert [total.count for total in found] == [2, 1]


async def test_old_counts_are_swept(ledger: Ledger, clock: Clock) -> None:
    for number in range(20):
        tally = Tally("charges", f"cus_{number}", Rate(3, 3600))
        await ledger.limits.take("default", Guard(take=(tally,)))
    clock.advance(hours=3)
    await ledger.limits.take("default", Guard(take=(HOURLY,)))
    rows = text("SELECT count(*) FROM tallies")
    assert await ledger._store.read(lambda connection: connection.scalar(rows)) == 1


async def test_who_has_paid_is_known(
    ledger: Ledger, order: Callable[..., NewCharge], charged: Callable[..., Awaitable[Charge]]
) -> None:
    await ledger.begin_charge(order("A-0"))
    assert not await ledger.limits.has_paid("default", "cus_1")
    await charged("A-1")
    assert await ledger.limits.has_paid("default", "cus_1")
    assert not await ledger.limits.has_paid("another", "cus_1")
