"""PostgreSQL is killed while charges run, and starts again: nobody is charged twice or unknown to us."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from tests.api.conftest import Api, client
from tests.api.money.gateways import gateway
from tests.api.money.test_ledger_outage import Buyer, status
from tests.databases import Postgres, started
from tests.far_side import Simulator
from tests.looking import a_moment

CLERKS = 4
KILLS = 3


@dataclass
class Shop:
    """Charges one key after another, several at once, until it is told to close."""

    buyer: Buyer
    keys: list[str] = field(default_factory=list)
    paid: int = 0
    refused: int = 0
    closed: bool = False

    async def open(self) -> None:
        async with asyncio.TaskGroup() as clerks:
            for _ in range(CLERKS):
                clerks.create_task(self._clerk())

    async def _clerk(self) -> None:
        while not self.closed:
            self.keys.append(key := uuid4().hex)
            answer = await self.buyer.charge(key)
            # Whatever the database says of itself, the caller reads that it may try again.
            assert set(answer.codes) <= {"INTERNAL"}
            assert all(error["extensions"]["retryable"] for error in answer.errors)
            if answer.errors:
                self.refused += 1
                await asyncio.sleep(0.05)
            else:
                self.paid += answer.data["charge"]["charge"]["status"] == "SUCCEEDED"


async def kill_and_start(postgres: Postgres, shop: Shop) -> None:
    """Again and again, in the middle of what the shop does; it mends without being told."""
    for _ in range(KILLS):
        paid = shop.paid
        while shop.paid < paid + 2 * CLERKS:
            await a_moment()
        refused = shop.refused
        await asyncio.to_thread(postgres.kill)
        while shop.refused < refused + CLERKS:
            await a_moment()
        await asyncio.to_thread(postgres.start_again)
    paid = shop.paid
    while shop.paid < paid + 2 * CLERKS:
        await a_moment()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_postgresql_may_be_killed_and_started_again(
    settings: dict[str, str], simulator: Simulator, tmp_path: Path
) -> None:
    """What was not committed was not sent, and what was sent is found: a repeat of each call never
    sends what Asiabill has, and says what Asiabill says."""
    await simulator.notifies("off")
    server = started()
    postgres = await asyncio.to_thread(server.__enter__)
    serving = gateway(tmp_path, settings, await asyncio.to_thread(postgres.new))
    own = await asyncio.to_thread(serving.__enter__)
    try:
        async with client(own.url) as http:
            shop = Shop(await Buyer.of(Api(http, simulator)))

            async def meanwhile() -> None:
                try:
                    await kill_and_start(postgres, shop)
                finally:
                    shop.closed = True

            async with asyncio.timeout(200), asyncio.TaskGroup() as all_of_it:
                all_of_it.create_task(shop.open())
                all_of_it.create_task(meanwhile())
            assert shop.refused >= KILLS * CLERKS
            # Of a commit whose own answer was lost the gateway knows that it did not send; the ledger
            # may say "sent" all the same, and Asiabill that it has no such charge.
            ends: dict[str, str] = {}
            async with asyncio.timeout(120):
                while True:
                    for key in shop.keys:
                        if ends.get(key) != "SUCCEEDED":
                            ends[key] = await status(shop.buyer, key)
                    made = await simulator.transactions()
                    told = list(ends.values())
                    if all(told) and told.count("SUCCEEDED") == len(made):
                        break
                    await asyncio.sleep(0.1)
            assert set(told) <= {"SUCCEEDED", "UNKNOWN", "PROCESSING"}
            assert told.count("SUCCEEDED") >= len(told) - KILLS * CLERKS
            assert await shop.buyer.sent() == len(made)
    finally:
        await asyncio.to_thread(serving.__exit__, None, None, None)
        await asyncio.to_thread(server.__exit__, None, None, None)
