"""A keyed call that moves no money has one effect, also when the process that made it dies."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ledger import Claim, ClaimLost, ClaimState, Ledger


async def claim(ledger: Ledger, key: str = "k", digest: str = "d", scope: str = "shop") -> Claim:
    return await ledger.requests.claim("default", "createCustomer", scope, key, digest, 30)


async def test_one_of_many_gets_the_work(ledger: Ledger, other: Ledger) -> None:
    claims = await asyncio.gather(*(claim(door) for door in (ledger, other) * 10))
    states = sorted(one.state for one in claims)
    assert states == [ClaimState.IN_PROGRESS] * 19 + [ClaimState.NEW]


async def test_the_result_answers_every_later_call(ledger: Ledger) -> None:
    await ledger.requests.finish(await claim(ledger), "cus_1")
    later = await claim(ledger)
    assert (later.state, later.result) == (ClaimState.DONE, "cus_1")
    assert (await claim(ledger, digest="other")).state is ClaimState.MISMATCH
    assert (await claim(ledger, scope="cus_2")).state is ClaimState.NEW


async def test_a_released_key_is_free(ledger: Ledger) -> None:
    await ledger.requests.release(await claim(ledger))
    assert (await claim(ledger, digest="other")).state is ClaimState.NEW


async def test_after_the_lease_another_takes_over_and_the_first_is_told(
    ledger: Ledger, other: Ledger, clock: Any
) -> None:
    stopped = await claim(ledger)
    clock.moment += timedelta(seconds=30)
    taken = await claim(other)
    assert taken.state is ClaimState.NEW
    await ledger.requests.release(stopped)
    with pytest.raises(ClaimLost):
        await ledger.requests.finish(stopped, "cus_1")
    await other.requests.finish(taken, "cus_2")
    assert (await claim(ledger)).result == "cus_2"
