"""A SQLite file: one thread writes, one reads, and a transaction is one visit to its thread, which the
writes that wait for it share."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from ledger.changes import Broadcaster, Change, first_of
from ledger.group_commit import GroupCommit

_TURN_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.25
_SECONDS_A_WAITER: Final = 0.001
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
)

Result = TypeVar("Result")


class SqliteFile:
    """Transactions on a file that other processes may share."""

    # SQLAlchemy tells all of them in its own words.
    driver_errors: Final[tuple[type[Exception], ...]] = ()

    def __init__(self, url: URL) -> None:
        # More readers read no more, since Python runs one of them at a time; but each takes its share
        # of the interpreter from the writer. One writer at a time is SQLite's own rule: queueing here
        # is fair, its busy time-out is not.
        self._url: Final = url
        self._glances: sqlite3.Connection | None = None
        self._reader: Final = _Thread(url, "ledger-reader", "BEGIN")
        self._writer: Final = _Thread(url, "ledger-writer", "BEGIN IMMEDIATE")
        self._writes: Final = GroupCommit(self._writer.begin, _TURN_SECONDS)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """`work` in a transaction of its own, that sees one state of the file and blocks nobody."""
        return await self._reader.run(partial(_transact, work))

    def glance(self, query: str, parameters: Sequence[str]) -> list[tuple[str, ...]] | None:
        """The rows of a look by key, from this thread: to wake the other one costs ten times the look.
        None where it can't be had at once, or the URL has wishes of its own."""
        if self._glances is None:
            if self._url.query or not self._url.database or self._url.database == ":memory:":
                return None
            # Waits for nobody, and makes no file.
            path = Path(self._url.database).absolute().as_uri()
            try:
                self._glances = sqlite3.connect(
                    f"{path}?mode=rw", uri=True, timeout=0, isolation_level=None
                )
                self._glances.execute("PRAGMA query_only = ON")
            except sqlite3.Error:
                self._end_glances()
                return None
        try:
            return self._glances.execute(query, parameters).fetchall()
        except sqlite3.Error:
            # Whatever it is, the patient way will find it too.
            self._end_glances()
            return None

    def _end_glances(self) -> None:
        if self._glances is not None:
            self._glances.close()
            self._glances = None

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """`work` as a transaction of its own, or within that of all who waited with it; once it is
        committed."""
        return await self._writes.write(work)

    def announce(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Nothing: the other processes find out for themselves."""

    async def announce_alone(self, changes: Sequence[Change]) -> None:
        """Nothing: no row tells of it, so others could not find out."""

    async def follow(self, broadcaster: Broadcaster, closing: asyncio.Event) -> None:
        """Wake every waiter after another process has committed.

        The file does not say what was changed, so each waiter reads its row again. The writer's own
        commits do not count, and the more waiters there are, the rarer the look: all of them
        together read no more than a thousand rows a second.
        """
        # Of cards there is nothing to hear: who keeps lists must be the only process.
        broadcaster.hearing(True)
        seen: object = None
        while not closing.is_set():
            if broadcaster.waiters:
                version = await self._writer.run(_data_version)
                if version != seen:
                    seen = version
                    broadcaster.wake_all()
            pause = max(_POLL_SECONDS, broadcaster.waiters * _SECONDS_A_WAITER)
            await first_of(closing, seconds=pause)

    async def dispose(self) -> None:
        """Let what is under way end, and close the file."""
        self._end_glances()
        await asyncio.to_thread(self._reader.close)
        await asyncio.to_thread(self._writer.close)


class _Thread:
    """A thread and its connection."""

    def __init__(self, url: URL, name: str, begin: str) -> None:
        # SQLAlchemy's plain driver, whichever the URL names: the thread is ours.
        self._engine: Final = create_engine(
            url.set(drivername="sqlite"), pool_size=1, max_overflow=0, hide_parameters=True
        )
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", self._begin)
        self._words: Final = begin
        # Kept out of the pool: to take it and to give it back would cost more than a transaction does.
        self._connection: Connection | None = None
        self._name: Final = name
        self._executor: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """As `begin`, for who waits."""
        return await self.begin(work)

    def begin(self, work: Callable[[Connection], Result]) -> asyncio.Future[Result]:
        """What `work` will give. TimeoutError where the thread was not free in time: then nothing was
        done."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, self._name)
        latest = time.monotonic() + _TURN_SECONDS
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._executor, self._in_time, work, latest)

    def _in_time(self, work: Callable[[Connection], Result], latest: float) -> Result:
        if time.monotonic() > latest:
            raise TimeoutError("the ledger's file was busy")
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            return work(self._connection)
        except BaseException:
            self._let_go()
            raise

    def _begin(self, connection: Connection) -> None:
        connection.exec_driver_sql(self._words)

    def _let_go(self) -> None:
        """Give the connection to the pool, which rolls back what it may have open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Blocks until what is under way has ended."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None
        self._let_go()
        self._engine.dispose()


def _transact(work: Callable[[Connection], Result], connection: Connection) -> Result:
    with connection.begin():
        return work(connection)


def _data_version(connection: Connection) -> object:
    """Another number after each commit of another connection than the writer's."""
    # Asked of the driver: a transaction of the writer's would take the lock.
    return connection.connection.cursor().execute("PRAGMA data_version").fetchone()[0]


def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own implicit BEGIN is off: a write must hold the lock from its first statement.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()
