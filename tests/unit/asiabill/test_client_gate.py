"""Places in front of the pool."""

import asyncio

import pytest

from clients.asiabill.gate import Gate

pytestmark = pytest.mark.anyio


async def _full(gate: Gate, *, money: bool) -> bool:
    try:
        await gate.enter(money=money)
    except TimeoutError:
        return True
    gate.leave(money=money)
    return False


@pytest.mark.parametrize(("limit", "reads"), [(2, 1), (7, 6), (8, 7), (15, 14), (16, 14), (32, 28)])
async def test_an_eighth_of_the_places_is_kept_for_money(limit: int, reads: int) -> None:
    """And one at least."""
    gate = Gate(limit, patience=0)
    for _ in range(reads):
        await gate.enter(money=False)
    assert await _full(gate, money=False)
    for _ in range(limit - reads):
        await gate.enter(money=True)
    assert await _full(gate, money=True)
    gate.leave(money=True)
    assert await _full(gate, money=False)
    assert not await _full(gate, money=True)


async def test_money_may_take_every_place() -> None:
    gate = Gate(4, patience=0)
    for _ in range(4):
        await gate.enter(money=True)
    assert await _full(gate, money=True)
    assert await _full(gate, money=False)


@pytest.mark.parametrize("money", [True, False])
async def test_who_gives_up_waiting_keeps_no_place(money: bool) -> None:
    """Cancelled or out of patience: afterwards every place can be had again."""
    gate = Gate(3, patience=0.05)
    for _ in range(3):
        await gate.enter(money=True)
    assert await _full(gate, money=money)
    waiting = [asyncio.create_task(gate.enter(money=money)) for _ in range(5)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for _ in range(3):
        gate.leave(money=True)
    await gate.enter(money=False)
    await gate.enter(money=False)
    await gate.enter(money=True)


async def test_a_charge_does_not_queue_behind_a_crowd_of_reads() -> None:
    """Of two places one read has one: the charge takes the other, however many reads wait."""
    gate = Gate(2, patience=5)
    await gate.enter(money=False)
    crowd = [asyncio.create_task(gate.enter(money=False)) for _ in range(100)]
    await asyncio.sleep(0)
    await gate.enter(money=True)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
