"""Gateways that a test may stop, kill and start again."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.clock import Clock
from tests.conftest import free_port
from tests.processes import Program, program


@dataclass
class Gateway:
    """A running `asiabill-gateway serve`, and what it takes to start another on its ledger."""

    url: str
    process: Program
    folder: Path
    settings: Mapping[str, str]
    database_url: str

    def kill(self) -> None:
        """As the machine does when it has no memory left: nothing is said good-bye to."""
        self.process.kill()

    def freeze(self) -> None:
        """Keep it from running, as a long pause of a virtual machine does."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def gateway(
    folder: Path,
    settings: Mapping[str, str],
    database_url: str,
    *,
    port: int | None = None,
    workers: int = 1,
    clock: Clock | None = None,
) -> Iterator[Gateway]:
    """A gateway of one's own on that database; ended after, however it fares."""
    arguments = ("serve", "--port", str(port or free_port()), "--workers", str(workers))
    environment = {**settings, "GATEWAY_DATABASE_URL": database_url}
    with program(*arguments, cwd=folder, environment=environment, clock=clock) as process:
        yield Gateway(process.ready(), process, folder, settings, database_url)


@contextmanager
def another(first: Gateway, *, port: int | None = None) -> Iterator[Gateway]:
    """A second gateway on the ledger of the first."""
    with gateway(first.folder, first.settings, first.database_url, port=port) as second:
        yield second
