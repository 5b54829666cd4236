"""Each test here runs twice: on a new SQLite file and on a new database of a real PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ledger import (
    Charge,
    EventSource,
    Ledger,
    Money,
    NewCharge,
    NewIntent,
    Outcome,
    Reported,
    Sent,
    migrate,
)
from tests.databases import Postgres


@dataclass
class Clock:
    """A clock that only the test moves."""

    moment: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **time: float) -> None:
        """By the given seconds, minutes, hours, ..."""
        self.moment += timedelta(**time)


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_file(empty_file: Path, tmp_path: Path) -> Path:
    """A migrated file of this test's own."""
    own = tmp_path / "ledger.db"
    shutil.copy(empty_file, own)
    return own


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A migrated and empty database for this test alone, on PostgreSQL."""
    with postgres.lent() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated and empty database for this test alone, on each of the two."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{request.getfixturevalue('sqlite_file')}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def kick(postgres: Postgres) -> Callable[[str], Awaitable[None]]:
    """Ends every connection to a database of PostgreSQL, and waits for their ends."""

    async def kicked(url: str) -> None:
        name = make_url(url).database
        await postgres.run(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            f"WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        )

    return kicked


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ledger(url: str, clock: Clock) -> AsyncIterator[Ledger]:
    async with Ledger(url, now=clock, jitter=lambda: 0.0) as ledger:
        yield ledger


@pytest.fixture
async def other(url: str, clock: Clock) -> AsyncIterator[Ledger]:
    """A second process's Ledger on the same database."""
    async with Ledger(url, now=clock, jitter=lambda: 0.0) as ledger:
        yield ledger


@pytest.fixture
def order() -> Callable[..., NewCharge]:
    """What a merchant asks for: `order("A-1", customer_id=...)`, 10.99 USD from a saved card."""

    def made(order_no: str | None = "A-1", **changed: object) -> NewCharge:
        asked: dict[str, object] = {
            "account": "default",
            "customer_id": "cus_1",
            "payment_method_id": "pm_1",
            "args_digest": "digest",
            "live": False,
            "order_no": order_no,
            "money": Money("10.99", "USD"),
        }
        return NewCharge(**(asked | changed))  # type: ignore[arg-type]

    return made


@pytest.fixture
def attempt(order: Callable[..., NewCharge]) -> Callable[..., NewCharge]:
    """A buyer's attempt on an intent, which names neither amount nor order."""

    def made(intent_id: str, **changed: object) -> NewCharge:
        return order(None, money=None, intent_id=intent_id, **changed)

    return made


@pytest.fixture
def intended(clock: Clock) -> Callable[..., NewIntent]:
    """An intent of 10.99 USD that is open for half an hour."""

    def made(order_no: str = "A-1", **changed: object) -> NewIntent:
        asked: dict[str, object] = {
            "account": "default",
            "order_no": order_no,
            "money": Money("10.99", "USD"),
            "expires_at": clock() + timedelta(minutes=30),
            "args_digest": "digest",
            "live": False,
            "return_url": "https://shop.example/thanks",
        }
        return NewIntent(**(asked | changed))  # type: ignore[arg-type]

    return made


@pytest.fixture
def charged(ledger: Ledger, order: Callable[..., NewCharge]) -> Callable[..., Awaitable[Charge]]:
    """A charge that has taken its money: `await charged("A-1", outcome=AUTHORIZED, ...)`."""

    async def made(
        order_no: str = "A-1", *, outcome: Outcome = Outcome.SUCCEEDED, **changed: object
    ) -> Charge:
        charge = (await ledger.begin_charge(order(order_no, **changed))).charge
        await ledger.settle(charge.account, charge.id, Sent("r"))
        report = Reported(
            EventSource.RESPONSE,
            outcome,
            order_no,
            charge.amount,
            charge.currency,
            trade_no=f"T-{order_no}",
        )
        return (await ledger.settle(charge.account, charge.id, report)).charge

    return made
