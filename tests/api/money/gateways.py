"""Gateways that a test may stop, kill and start again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import _ready, free_port


@dataclass
class Gateway:
    """A running `asiabill-gateway serve`, and what it takes to start another on its ledger."""

    url: str
    process: subprocess.Popen[str]
    folder: Path
    settings: Mapping[str, str]
    database_url: str

    def kill(self) -> None:
        """As the machine does when it has no memory left: nothing is said good-bye to."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Keep it from running, as a long pause of a virtual machine does."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def gateway(
    folder: Path,
    settings: Mapping[str, str],
    database_url: str,
    *,
    port: int | None = None,
    workers: int = 1,
) -> Iterator[Gateway]:
    """A gateway of one's own on that database; ended after, however it fares."""
    port = port or free_port()
    command = [
        *(sys.executable, "-m", "gateway.cli", "serve"),
        *("--port", str(port), "--workers", str(workers)),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    log = folder / f"serve-{port}.log"
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            command,
            cwd=folder,
            env={**clean, **settings, "GATEWAY_DATABASE_URL": database_url},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield Gateway(_ready(process, log), process, folder, settings, database_url)
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(35)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def another(first: Gateway, *, port: int | None = None) -> Iterator[Gateway]:
    """A second gateway on the ledger of the first."""
    with gateway(first.folder, first.settings, first.database_url, port=port) as second:
        yield second
