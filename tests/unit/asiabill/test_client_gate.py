"""Places in front of the pool."""

import asyncio
import random

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


async def entered(gate: Gate, order: list[str], name: str, *, money: bool) -> None:
    await gate.enter(money=money)
    order.append(name)


async def test_who_came_first_goes_first_and_money_and_reads_take_turns() -> None:
    """However many of the one kind came before the other."""
    gate = Gate(2, patience=5)
    await gate.enter(money=True)
    await gate.enter(money=True)
    order: list[str] = []
    names = ["read 1", "read 2", "read 3", "charge 1", "charge 2", "charge 3"]
    waiting = []
    for name in names:
        waiting.append(
            asyncio.create_task(entered(gate, order, name, money=name.startswith("charge")))
        )
        await asyncio.sleep(0)
    money = True
    for _ in names:
        gate.leave(money=money)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        money = order[-1].startswith("charge")
    assert order == ["charge 1", "read 1", "charge 2", "read 2", "charge 3", "read 3"]


async def test_who_went_away_is_not_waited_for() -> None:
    """A place that was given to nobody would be lost."""
    gate = Gate(2, patience=5)
    await gate.enter(money=False)
    gone = [asyncio.create_task(gate.enter(money=False)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    gate.leave(money=False)
    await asyncio.wait_for(gate.enter(money=False), 1)


async def test_a_place_that_was_given_to_one_who_just_went_away_is_the_next_ones() -> None:
    gate = Gate(2, patience=5)
    await gate.enter(money=False)
    first, second = (asyncio.create_task(gate.enter(money=False)) for _ in range(2))
    await asyncio.sleep(0)
    gate.leave(money=False)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert first.cancelled()
    await asyncio.wait_for(second, 1)


async def test_each_has_patience_of_its_own() -> None:
    """Also one that came while another was waiting."""
    gate = Gate(2, patience=0.2)
    await gate.enter(money=False)
    early = asyncio.create_task(gate.enter(money=False))
    await asyncio.sleep(0.1)
    late = asyncio.create_task(gate.enter(money=False))
    await asyncio.wait({early}, timeout=5)
    assert isinstance(early.exception(), TimeoutError)
    assert not late.done()
    await asyncio.wait({late}, timeout=5)
    assert isinstance(late.exception(), TimeoutError)
    gate.leave(money=False)
    await gate.enter(money=False)


@pytest.mark.parametrize("seed", range(20))
async def test_no_place_is_lost_and_none_given_twice(seed: int) -> None:
    """Whoever comes, leaves and goes away, in whatever order."""
    chance = random.Random(seed)
    gate, limit, reads_at_most = Gate(8, patience=0.02), 8, 7
    inside: list[bool] = []

    async def visit(money: bool, stay: float) -> None:
        await gate.enter(money=money)
        inside.append(money)
        assert len(inside) <= limit
        assert inside.count(False) <= reads_at_most
        try:
            await asyncio.sleep(stay)
        finally:
            inside.remove(money)
            gate.leave(money=money)

    visits = []
    for _ in range(300):
        stay = chance.choice([0, 0, 0.001, 0.005])
        visits.append(asyncio.create_task(visit(chance.random() < 0.4, stay)))
        if chance.random() < 0.3:
            chance.choice(visits).cancel()
        if chance.random() < 0.2:
            await asyncio.sleep(0.001)
    outcomes = await asyncio.gather(*visits, return_exceptions=True)
    kinds = {type(outcome) for outcome in outcomes}
    assert kinds <= {type(None), asyncio.CancelledError, TimeoutError}
    assert inside == []
    for _ in range(reads_at_most):
        await asyncio.wait_for(gate.enter(money=False), 1)
    await asyncio.wait_for(gate.enter(money=True), 1)
    assert await _full(gate, money=True)
