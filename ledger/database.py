"""The engine, and the two kinds of transaction. The only module that knows the two databases apart."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import Connection, RowMapping, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, Pool

from ledger.charge import Settled
from ledger.error import LedgerUnavailable
from ledger.refund import RefundSettled

_TURN_SECONDS: Final = 10.0
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
)
# A process that is stopped inside a transaction must lose it, not hold everybody else's rows.
_POSTGRES_SETTINGS: Final = {
    "application_name": "asiabill-gateway",
    "idle_in_transaction_session_timeout": "15000",
    "lock_timeout": "5000",
    "statement_timeout": "10000",
}

# The driver's own errors come through where no connection could be made.
_UNAVAILABLE: Final = (
    DBAPIError,
    PoolTimeout,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)

ChangeKind = Literal["charge", "notification"]


@dataclass(frozen=True, slots=True)
class Change:
    """A committed change, named by id alone: the row is read again."""

    kind: ChangeKind
    account: str
    id: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """A write transaction. What is noted in `changes` is told to the watchers after COMMIT, and
    what was settled to the observers."""

    connection: AsyncConnection
    changes: list[Change] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    refunds_settled: list[RefundSettled] = field(default_factory=list)


class Database:
    """Opens connections lazily; `dispose` closes them. Raises LedgerUnavailable where it is not to be had."""

    def __init__(self, url: str) -> None:
        self.url: Final = make_url(url)
        self.sqlite: Final = self.url.get_backend_name() == "sqlite"
        self._engine: Final = _engine(url)
        # One writer at a time is SQLite's own rule: queueing here is fair, its busy time-out is not.
        self._turn: Final = asyncio.Lock() if self.sqlite else None
        self._writer: Final = self._engine.execution_options(ledger_write=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view that blocks nobody."""
        with _translated():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Commits on leaving, rolls back on an exception."""
        with _translated():
            async with self._queued(), self._writer.begin() as connection:
                yield Transaction(connection)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """A connection outside the pool: for listening."""
        engine = _engine(self.url.render_as_string(hide_password=False), NullPool)
        try:
            with _translated():
                async with engine.connect() as connection:
                    yield connection
        finally:
            await engine.dispose()

    def driver_arguments(self) -> dict[str, Any]:
        """How the driver itself reaches the same database."""
        _, arguments = self._engine.dialect.create_connect_args(self.url)
        return dict(arguments)

    async def dispose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _queued(self) -> AsyncIterator[None]:
        if self._turn is None:
            yield
            return
        async with asyncio.timeout(_TURN_SECONDS):
            await self._turn.acquire()
        try:
            yield
        finally:
            self._turn.release()


async def insert_new(
    connection: AsyncConnection, table: Table, values: Mapping[str, object]
) -> RowMapping | None:
    """The new row; None where any unique constraint had been taken. A rival's open transaction is
    waited for, and PostgreSQL's next statement sees what it committed."""
    build = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    inserted = await connection.execute(
        build(table).values(**values).on_conflict_do_nothing().returning(table)
    )
    row: RowMapping | None = inserted.mappings().first()
    return row


def _engine(url: str, poolclass: type[Pool] | None = None) -> AsyncEngine:
    place = make_url(url)
    options: dict[str, Any] = {"hide_parameters": True}
    if poolclass is not None:
        options["poolclass"] = poolclass
    else:
        options |= {"pool_size": 10, "max_overflow": 0, "pool_timeout": _TURN_SECONDS}
    if place.get_backend_name() == "sqlite":
        engine = create_async_engine(place, **options)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    if place.get_driver_name() != "asyncpg":
        raise ValueError("the database URL must begin with sqlite+aiosqlite or postgresql+asyncpg")
    options["connect_args"] = {
        "timeout": 5,
        "command_timeout": 15,
        "server_settings": _POSTGRES_SETTINGS,
    }
    return create_async_engine(place, pool_pre_ping=poolclass is None, **options)


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own implicit BEGIN is off: a write must hold the lock from its first statement.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("ledger_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _translated() -> Iterator[None]:
    """What the database cannot do now becomes LedgerUnavailable; a defect of ours stays itself."""
    try:
        yield
    except (IntegrityError, DataError, ProgrammingError):
        raise
    except _UNAVAILABLE as error:
        raise LedgerUnavailable("the ledger's database is not available") from error
    except StatementError as error:
        if isinstance(error.orig, ValueError):
            raise error.orig from None
        raise
