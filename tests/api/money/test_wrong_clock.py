"""A machine whose clock is set wrong charges nothing that it does not know of, and mends alone."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.api.conftest import Api, client
from tests.api.money.checkout import opened, status_of
from tests.api.money.gateways import Gateway, gateway
from tests.clock import Clock
from tests.far_side import CONFIRM, Simulator
from tests.looking import a_moment


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    with Clock() as hand:
        yield hand


@pytest.fixture(scope="module")
def clocked(
    clock: Clock, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("clocked")
    database = f"sqlite+aiosqlite:///{folder / 'gateway.db'}"
    with gateway(folder, settings, database, clock=clock) as serving:
        yield serving


@pytest.fixture
async def api(clocked: Gateway, clock: Clock, simulator: Simulator) -> AsyncIterator[Api]:
    async with client(clocked.url) as http:
        yield Api(http, simulator)
    clock.ahead(0)


async def minutes_ahead(api: Api) -> int:
    """What it takes its own clock to be, by Asiabill's last answer."""
    page = (await api.http.get("/metrics")).text
    name = "gateway_clock_skew_seconds "
    (line,) = [line for line in page.splitlines() if line.startswith(name)]
    return round(float(line.removeprefix(name)) / 60)


def told(serving: Gateway, event: str) -> list[int]:
    """The minutes of each line of that event in its log."""
    lines = serving.process.log.read_text().splitlines()
    read = [json.loads(line) for line in lines if f'"{event}"' in line]
    return [round(line["seconds"] / 60) for line in read]


@pytest.mark.parametrize("minutes", [11, -11])
async def test_a_clock_that_jumps_is_told_and_nothing_is_charged_until_it_is_right(
    api: Api, clocked: Gateway, clock: Clock, unique: str, minutes: int
) -> None:
    one, two = await opened(api, f"{unique}-1"), await opened(api, f"{unique}-2")
    # The jump comes while the call waits: it does not end it.
    await api.simulator.fault(CONFIRM, "delay", delayMs=500)
    paying = asyncio.create_task(one.paid())
    await api.simulator.received(CONFIRM, 1)
    clock.ahead(minutes)
    assert (await paying)["status"] == "SUCCEEDED"
    # Asiabill refuses what is signed that far off, so that nothing is begun.
    refused = (await two.pay())["userErrors"]
    assert [error["code"] for error in refused] == ["UPSTREAM_REJECTED"]
    assert await minutes_ahead(api) == minutes
    # One in a minute, and both of these are of the same one.
    assert told(clocked, "asiabill.clock.apart")[0] in (11, -11)
    assert len(await api.simulator.transactions()) == 1
    clock.ahead(0)
    # Signed anew, with the time of that moment: no call carries an old one.
    assert (await two.paid())["status"] == "SUCCEEDED"
    assert await minutes_ahead(api) == 0
    assert len(await api.simulator.transactions()) == 2


async def test_what_a_clock_that_was_ahead_has_put_off_is_not_waited_for(
    api: Api, clocked: Gateway, clock: Clock, unique: str
) -> None:
    """Nine minutes: Asiabill takes what is signed so, and the next look is written down by that clock."""
    await api.simulator.notifies("off")
    checkout = await opened(api, unique)
    clock.ahead(9)
    async with asyncio.timeout(30):
        while sum(told(clocked, "the clock was set")) != 9:
            await a_moment()
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    assert charge["status"] == "UNKNOWN"
    clock.ahead(0)
    # Nobody waits for it with an operation that would hasten the look.
    async with asyncio.timeout(30):
        while await status_of(api, charge["id"]) != "SUCCEEDED":
            await a_moment()
    assert (await api.simulator.calls())[CONFIRM] == 1
