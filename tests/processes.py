"""The project's own processes, as `asiabill-gateway` starts them, without the time of their imports.

A server for forks imports everything once in each run of the tests. What it forks is a whole process
with its own signals, files and death: it lacks nothing but the two seconds of an interpreter's start.
"""

import io
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Final

import pytest

from tests.clock import Clock, obey

# Generous: a loaded machine takes ten times what an idle one does.
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 5.0

# Also what is otherwise imported by the first request.
PRELOADED: Final = (
    "alembic.command",
    "anyio._backends._asyncio",
    "asyncpg",
    "certifi",
    "encodings.idna",
    "gateway.app",
    "gateway.cli",
    "gateway.serving",
    "httpcore",
    "simulator.server",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "strawberry.federation.schema_directives",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)


def forks() -> ForkServerContext:
    """The server of this process; it starts with the first fork and ends with us."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED, "tests.preloaded"])
    return context


@dataclass
class Program:
    """A running `asiabill-gateway`."""

    process: ForkServerProcess
    output: Connection
    log: Path
    _said: bytearray = field(default_factory=bytearray)

    def line(self) -> str:
        """The next line of its output. Fails the test where it ends or says nothing."""
        while b"\n" not in self._said:
            if not wait([self.output], START_SECONDS):
                break
            if not (more := os.read(self.output.fileno(), 65536)):
                break
            self._said += more
        line, newline, self._said = self._said.partition(b"\n")
        if not newline:
            self.kill()
            pytest.fail(f"it said no line; its log ends:\n{self.log.read_text()[-3000:]}")
        return line.decode()

    def ready(self) -> str:
        """The address of its `ready` line."""
        word, url = self.line().split()
        assert word == "ready"
        return url

    def end(self) -> tuple[int, str]:
        """Wait until it has ended by itself; its exit code, and what it said."""
        while wait([self.output], START_SECONDS):
            if not (more := os.read(self.output.fileno(), 65536)):
                break
            self._said += more
        self.process.join(START_SECONDS)
        assert self.process.exitcode is not None, "it did not end"
        return self.process.exitcode, self._said.decode()

    def send_signal(self, number: signal.Signals) -> None:
        """Of no effect where it has ended."""
        if self.process.exitcode is None:
            assert self.process.pid is not None
            os.kill(self.process.pid, number)

    def kill(self) -> None:
        """As the machine does when it has no memory left: nothing is said good-bye to."""
        assert self.process.pid is not None
        # With all that it has started, which has a session of its own.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()

    def stop(self) -> None:
        """As an operator does, with some time to end in order; whatever is left then is killed."""
        self.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.join(STOP_SECONDS)
        if self.process.exitcode is None:
            self.kill()


@contextmanager
def program(
    *arguments: str, cwd: Path, environment: Mapping[str, str], clock: Clock | None = None
) -> Iterator[Program]:
    """Run `asiabill-gateway` with these arguments and no other settings; it is ended after. With a
    `clock` the test sets the process's own."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    log = cwd / f"{arguments[0]}.log"
    # Not a daemon of multiprocessing: with --workers it has processes of its own.
    process = forks().Process(
        target=_run,
        args=(arguments, cwd, log, dict(environment), theirs, clock and clock.theirs),
        daemon=False,
    )
    process.start()
    theirs.close()
    running = Program(process, ours, log)
    try:
        yield running
    finally:
        running.stop()
        ours.close()
        process.close()


def _run(
    arguments: tuple[str, ...],
    cwd: Path,
    log: Path,
    environment: dict[str, str],
    output: Connection,
    clock: Connection | None,
) -> None:
    os.setsid()
    errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output.fileno(), 1)
    os.dup2(errors, 2)
    output.close()
    os.close(errors)
    # What the server for forks was started with is pytest's own, which may be closed by now. These
    # have the numbers that a process of a gateway's own (--workers) inherits.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True)
    os.chdir(cwd)
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        del os.environ[name]
    os.environ.update(environment)

    from gateway.cli import app

    if clock is not None:
        obey(clock)
    app(arguments)
