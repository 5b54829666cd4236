"""A PostgreSQL server, shared by any number of gateways."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import asyncpg  # type: ignore[import-untyped]
import msgspec
from sqlalchemy import URL, Connection, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.changes import Broadcaster, Change, first_of

_CONNECTIONS: Final = 10
_TURN_SECONDS: Final = 10.0
# A firewall between forgets a connection that says nothing, and tells nobody.
_KEPT_SECONDS: Final = 300
_CHANNEL: Final = "asiabill_gateway_changes"
_HEARTBEAT_SECONDS: Final = 15.0
_NOTIFY: Final = text(
    "SELECT pg_notify(:channel, change) FROM unnest(CAST(:changes AS text[])) AS change"
)
# A process that is stopped inside a transaction must lose it, not hold everybody else's rows.
_SETTINGS: Final = {
    "application_name": "asiabill-gateway",
    "idle_in_transaction_session_timeout": "15000",
    "lock_timeout": "5000",
    "statement_timeout": "10000",
}

# The limits above are for who serves. A migration of a large ledger takes as long as it takes, and who
# finds one under way waits for its end.
_PATIENT: Final = {
    "application_name": "asiabill-gateway migrate",
    "idle_in_transaction_session_timeout": "60000",
    "lock_timeout": "0",
    "statement_timeout": "0",
}
_COMMAND_SECONDS: Final = 15.0

_decoder: Final = msgspec.json.Decoder(Change)

Result = TypeVar("Result")


class PostgresServer:
    """Transactions on a server, and the news of those that other processes have made.

    A `patient` one sets no limit to a statement.
    """

    driver_errors: Final[tuple[type[Exception], ...]] = (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
    )

    def __init__(self, url: URL, *, patient: bool = False) -> None:
        self._url: Final = url
        self._engine: Final = create_async_engine(
            url,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=_TURN_SECONDS,
            pool_recycle=_KEPT_SECONDS,
            hide_parameters=True,
            connect_args={
                "timeout": 5,
                "command_timeout": None if patient else _COMMAND_SECONDS,
                "server_settings": _PATIENT if patient else _SETTINGS,
            },
        )
        event.listen(self._engine.sync_engine, "checkout", _demand_open)
        # Each statement sees what is committed by then, with BEGIN or without.
        self._reader: Final = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """`work` on a connection; each of its statements sees the newest state, and blocks nobody."""
        async with self._reader.connect() as connection:
            return await connection.run_sync(work)

    def glance(self, query: str, parameters: Sequence[str]) -> list[tuple[str, ...]] | None:
        """None: whatever is read here, is waited for."""

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """`work` in a transaction of its own, committed when it returns."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    def announce(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Tell the other processes, at COMMIT."""
        if changes:
            told = [msgspec.json.encode(change).decode() for change in changes]
            connection.execute(_NOTIFY, {"channel": _CHANNEL, "changes": told})

    async def announce_alone(self, changes: Sequence[Change]) -> None:
        """The same of what no row tells of."""
        await self.write(lambda connection: self.announce(connection, changes))

    async def follow(self, broadcaster: Broadcaster, closing: asyncio.Event) -> None:
        """Wake whoever waits for what another process has changed; returns where the connection is lost."""
        connection = await asyncpg.connect(**self._driver_arguments(), timeout=5)
        lost = asyncio.Event()

        def heard(_connection: object, _pid: int, _channel: str, payload: object) -> None:
            broadcaster.publish([_decoder.decode(str(payload))])

        def ended(_connection: object) -> None:
            broadcaster.hearing(False)
            lost.set()

        try:
            connection.add_termination_listener(ended)
            await connection.add_listener(_CHANNEL, heard)
            if not lost.is_set():
                broadcaster.hearing(True)
            # Whatever was committed while nobody listened.
            broadcaster.wake_all()
            while not closing.is_set() and not lost.is_set():
                await first_of(closing, lost, seconds=_HEARTBEAT_SECONDS)
                if not lost.is_set():
                    await connection.execute("SELECT 1", timeout=5)
        finally:
            broadcaster.hearing(False)
            connection.terminate()

    async def dispose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    def _driver_arguments(self) -> dict[str, Any]:
        _, arguments = self._engine.dialect.create_connect_args(self._url)
        return dict(arguments)


def _demand_open(connection: Any, *_: object) -> None:
    """Have the pool replace a kept connection that the server has ended, as by a restart.

    The driver has seen that by itself. Asking the server, as `pool_pre_ping` does, would cost three
    round trips for each transaction, and could still be wrong a moment later.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError
