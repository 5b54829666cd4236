"""A simulator for each module of tests, empty at the start of each test."""

from collections.abc import Iterator

import pytest

from tests.contract.simulator.merchant import Merchant, Style
from tests.contract.simulator.simulation import Receiver, Simulation, receiver, simulation

OTHER_GATEWAY = "12246001"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def _shared_simulation() -> Iterator[Simulation]:
    accounts = {"12246002": "12H4567r", OTHER_GATEWAY: "another-key"}
    with simulation(accounts=accounts, webhook_time_scale=0.001) as running:
        yield running


@pytest.fixture
def simulated(_shared_simulation: Simulation) -> Simulation:
    _shared_simulation.clock.ahead = 0
    _shared_simulation.control("/reset")
    return _shared_simulation


@pytest.fixture(params=["php", "documents"])
def style(request: pytest.FixtureRequest) -> Style:
    chosen: Style = request.param
    return chosen


@pytest.fixture
def either(simulated: Simulation, style: Style) -> Merchant:
    """The test runs once for each way of signing."""
    return Merchant(simulated.origin, simulated.http, style, now=simulated.clock)


@pytest.fixture
def merchant(simulated: Simulation) -> Merchant:
    return Merchant(simulated.origin, simulated.http, now=simulated.clock)


@pytest.fixture
def other_merchant(simulated: Simulation) -> Merchant:
    return Merchant(
        simulated.origin,
        simulated.http,
        gateway_no=OTHER_GATEWAY,
        sign_key="another-key",
        now=simulated.clock,
    )


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as running:
        yield running
