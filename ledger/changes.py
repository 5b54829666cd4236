"""Waking whoever waits for a change: in this process at once, in others by what their database has."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg  # type: ignore[import-untyped]
import msgspec
import structlog
from sqlalchemy import text

from ledger.database import Change, Database, Transaction
from ledger.error import LedgerUnavailable

_CHANNEL: Final = "asiabill_gateway_changes"
_POLL_SECONDS: Final = 0.25
_HEARTBEAT_SECONDS: Final = 15.0
_AGAIN_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)
_decoder: Final = msgspec.json.Decoder(Change)

Interest = tuple[str, str, str]
_EVERYTHING: Final[Interest] = ("", "", "")


class Watch:
    """Wake-ups for one waiter. They carry nothing and melt into one: the row is read again."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    async def wait(self, seconds: float | None = None) -> bool:
        """True where something has, or may have, changed since the last call; False at time-out."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True

    async def __aiter__(self) -> AsyncIterator[None]:
        while await self.wait():
            yield

    def wake(self) -> None:
        """Never blocks: a writer does not wait for its readers."""
        self._woken.set()


class Broadcaster:
    """Who waits for what."""

    def __init__(self) -> None:
        self._watches: Final[defaultdict[Interest, set[Watch]]] = defaultdict(set)

    @property
    def watched(self) -> bool:
        """Somebody waits."""
        return bool(self._watches)

    @contextmanager
    def watch(self, interests: Collection[Interest]) -> Iterator[Watch]:
        """Wake-ups for these, from now until the block is left."""
        watch = Watch()
        for interest in interests:
            self._watches[interest].add(watch)
        try:
            yield watch
        finally:
            for interest in interests:
                self._watches[interest].discard(watch)
                if not self._watches[interest]:
                    del self._watches[interest]

    def publish(self, changes: Iterable[Change]) -> None:
        """Wake those who wait for one of these."""
        for change in changes:
            exact = (change.kind, change.account, change.id)
            for interest in (exact, (change.kind, change.account, ""), _EVERYTHING):
                for watch in self._watches.get(interest, ()):
                    watch.wake()

    def wake_all(self) -> None:
        """Something may have been missed."""
        for watches in self._watches.values():
            for watch in watches:
                watch.wake()


def interests(
    account: str | None, charge_ids: Collection[str], notifications: bool
) -> set[Interest]:
    """Everything, where neither charges nor notifications are named."""
    if account is None:
        return {_EVERYTHING}
    wanted: set[Interest] = {("charge", account, charge_id) for charge_id in charge_ids}
    if notifications:
        wanted.add(("notification", account, ""))
    return wanted or {("charge", account, ""), ("notification", account, "")}


async def announce(transaction: Transaction) -> None:
    """Tell the other processes, at COMMIT. SQLite's find out for themselves."""
    if transaction.connection.dialect.name != "postgresql":
        return
    for change in transaction.changes:
        await transaction.connection.execute(
            text("SELECT pg_notify(:channel, :change)"),
            {"channel": _CHANNEL, "change": msgspec.json.encode(change).decode()},
        )


async def follow(database: Database, broadcaster: Broadcaster, closing: asyncio.Event) -> None:
    """Hear of other processes' changes until `closing`. A lost connection is replaced.

    To be asked and not cancelled: a file's connection that is cancelled while it opens stays open.
    """
    while not closing.is_set():
        try:
            if database.sqlite:
                await _poll(database, broadcaster, closing)
            else:
                await _listen(database, broadcaster, closing)
        except (LedgerUnavailable, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            _log.warning("ledger_changes_lost", error=type(error).__name__)
        await _first_of(closing, seconds=_AGAIN_SECONDS)


async def _poll(database: Database, broadcaster: Broadcaster, closing: asyncio.Event) -> None:
    # One integer of the file's header: no row is read until some other connection has committed.
    async with database.alone() as connection:
        seen: object = None
        while not closing.is_set():
            if broadcaster.watched:
                version = (await connection.exec_driver_sql("PRAGMA data_version")).scalar()
                await connection.rollback()
                if version != seen:
                    seen = version
                    broadcaster.wake_all()
            await _first_of(closing, seconds=_POLL_SECONDS)


async def _listen(database: Database, broadcaster: Broadcaster, closing: asyncio.Event) -> None:
    connection = await asyncpg.connect(**database.driver_arguments(), timeout=5)
    lost = asyncio.Event()

    def heard(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        broadcaster.publish([_decoder.decode(str(payload))])

    try:
        connection.add_termination_listener(lambda _connection: lost.set())
        await connection.add_listener(_CHANNEL, heard)
        # Whatever was committed while nobody listened.
        broadcaster.wake_all()
        while not closing.is_set() and not lost.is_set():
            await _first_of(closing, lost, seconds=_HEARTBEAT_SECONDS)
            if not lost.is_set():
                await connection.execute("SELECT 1", timeout=5)
    finally:
        connection.terminate()


async def _first_of(*events: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
