"""Transactions on whichever of the two databases the URL names."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

import structlog
from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.changes import Broadcaster, Change, first_of
from ledger.charge import Settled
from ledger.error import LedgerUnavailable
from ledger.refund import RefundSettled
from ledger.sqlite import SqliteFile
from ledger.statement import Row, first

# What PostgreSQL needs is a tenth of the start, and of no use on SQLite: it is loaded where it is used.
if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    from ledger.postgresql import PostgresServer

_AGAIN_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Transaction:
    """A write transaction. What is noted in `changes` is told to the watchers after COMMIT, and
    what was settled to the observers."""

    connection: Connection
    changes: list[Change] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    refunds_settled: list[RefundSettled] = field(default_factory=list)


class Database:
    """Opens connections lazily; `dispose` closes them. Raises LedgerUnavailable where it is not to be had.

    A transaction is a plain function, so that it waits for nothing but its database: on SQLite it
    runs in a thread of the file, on PostgreSQL between the loop's other tasks. A `patient` one lets a
    statement take as long as it takes, for work that nobody waits for in a page.
    """

    def __init__(self, url: str, *, patient: bool = False) -> None:
        self._place: Final = _place(url, patient)
        # The driver's own errors come through where no connection could be made.
        self._unavailable: Final[tuple[type[Exception], ...]] = (
            *(DBAPIError, PoolTimeout, OSError),
            *self._place.driver_errors,
        )

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` reads. It blocks nobody."""
        with self._translated():
            return await self._place.read(work)

    def glance(self, query: str, parameters: Sequence[str]) -> list[tuple[str, ...]] | None:
        """The rows of a look by key, where they are to be had at once; None where `read` must fetch
        them. `query` is SQLite's own words: to put them together takes longer than to run them."""
        return self._place.glance(query, parameters)

    async def write(self, work: Callable[[Transaction], Result]) -> tuple[Result, Transaction]:
        """What `work` returns, once it is committed, with what it has noted. Rolled back where it raises."""

        def whole(connection: Connection) -> tuple[Result, Transaction]:
            transaction = Transaction(connection)
            result = work(transaction)
            self._place.announce(connection, transaction.changes)
            return result, transaction

        with self._translated():
            return await self._place.write(whole)

    async def announce(self, changes: Sequence[Change]) -> None:
        """Tell the other processes of what no row tells of, where the database can."""
        with self._translated():
            await self._place.announce_alone(changes)

    async def follow(self, broadcaster: Broadcaster, closing: asyncio.Event) -> None:
        """Hear of other processes' changes until `closing`. A lost connection is replaced."""
        while not closing.is_set():
            try:
                with self._translated():
                    await self._place.follow(broadcaster, closing)
            except LedgerUnavailable as error:
                _log.warning("ledger_changes_lost", error=type(error.__cause__).__name__)
            await first_of(closing, seconds=_AGAIN_SECONDS)

    async def dispose(self) -> None:
        """Close every connection."""
        await self._place.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What the database cannot do now becomes LedgerUnavailable; a defect of ours stays itself."""
        try:
            yield
        except (IntegrityError, DataError, ProgrammingError):
            raise
        except self._unavailable as error:
            raise LedgerUnavailable("the ledger's database is not available") from error
        except StatementError as error:
            if isinstance(error.orig, ValueError):
                raise error.orig from None
            raise


def insert_new(connection: Connection, table: Table, values: Mapping[str, object]) -> Row | None:
    """The new row; None where any unique constraint had been taken. A rival's open transaction is
    waited for, and PostgreSQL's next statement sees what it committed."""
    return first(connection, _insert(table, connection.dialect.name), values)


@cache
def _insert(table: Table, dialect: str) -> Insert:
    # Built once: to put a statement together takes longer than SQLite needs to run it.
    return _into(table, dialect).on_conflict_do_nothing().returning(table)


def count_one(connection: Connection, table: Table, values: Mapping[str, object]) -> None:
    """A new row, or one more in the `count` of the row of that key, which stays locked."""
    first(connection, _count(table, connection.dialect.name), values)


@cache
def _count(table: Table, dialect: str) -> Insert:
    return _into(table, dialect).on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_={"count": table.c.count + 1}
    )


def _into(table: Table, dialect: str) -> "sqlite.Insert | postgresql.Insert":
    if dialect != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def _place(url: str, patient: bool) -> "SqliteFile | PostgresServer":
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        return SqliteFile(place)
    if place.get_driver_name() == "asyncpg":
        from ledger.postgresql import PostgresServer

        return PostgresServer(place, patient=patient)
    raise ValueError("the database URL must begin with sqlite or postgresql+asyncpg")
