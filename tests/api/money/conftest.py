"""Each test here runs on a gateway with SQLite and on one with a real PostgreSQL."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.api.conftest import MERCHANT, OPS, Api, client
from tests.api.money.checkout import CHALLENGE, Checkout, opened
from tests.api.money.gateways import Gateway, gateway
from tests.conftest import asiabill_at
from tests.databases import Postgres
from tests.far_side import Simulator

KEYS = ",".join(
    f"{line}:{hashlib.sha256(key.encode()).hexdigest()}"
    for line, key in (("shop:merchant", MERCHANT), ("books:ops", OPS))
)


# The ledger's own tests run on both databases each time, and so do these; the other ones of this
# folder would take minutes more, and run on the second with `make test-slow`.
ON_BOTH = {"test_charges", "test_doubts", "test_events", "test_learning_the_end", "test_webhooks"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        chosen = (
            item.callspec.params
            if isinstance(item, pytest.Function) and hasattr(item, "callspec")
            else {}
        )
        if chosen.get("new_database") == "postgresql" and item.path.stem not in ON_BOTH:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Gives the URL of a new database, which a gateway brings to its own revision."""
    if request.param == "sqlite":
        return lambda: f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('ledger') / 'gateway.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new


@pytest.fixture(scope="session")
def database_url(new_database: Callable[[], str]) -> str:
    """The database that most tests share."""
    return new_database()


@pytest.fixture(scope="session")
def settings(simulator_url: str) -> dict[str, str]:
    """What every gateway here is set to, but for its database."""
    return asiabill_at(simulator_url) | {"GATEWAY_MERCHANT_KEYS": KEYS}


@pytest.fixture(scope="session")
def gateway_url(database_url: str, settings: dict[str, str], folder: Path) -> Iterator[str]:
    """A gateway on that database."""
    with gateway(folder, settings, database_url) as serving:
        yield serving.url


@pytest.fixture
def own_gateway(
    new_database: Callable[[], str], settings: dict[str, str], tmp_path: Path
) -> Iterator[Gateway]:
    """A gateway with an empty ledger, for tests that count calls or end processes."""
    with gateway(tmp_path, settings, new_database()) as serving:
        yield serving


@pytest.fixture
async def own_api(own_gateway: Gateway, simulator: Simulator) -> AsyncIterator[Api]:
    """A client of `own_gateway`."""
    async with client(own_gateway.url) as http:
        yield Api(http, simulator)


@pytest.fixture
async def checkout(api: Api, unique: str) -> Checkout:
    """A buyer with a saved card, in front of an intent that nobody has paid yet."""
    return await opened(api, unique)


@pytest.fixture
async def challenged(api: Api, unique: str) -> Checkout:
    """The same with a card whose bank wants to see the buyer."""
    return await opened(api, unique, card=CHALLENGE)
