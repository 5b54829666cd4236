"""The servers that are measured, each alone on one core."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.names import BARE, BEST_PEER, GUIDES, NODE_PROXY, OURS, PROXY, STORING
from ledger import migrate

ROOT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "peers"
KEY = "mk_simulator"
# What runs the gateway, the floors in Python, the straightforward stack and the stub.
PYTHON = os.environ.get("BENCH_PYTHON", sys.executable)
SERVER_CORE, LOAD_CORE = "0", "1"

_TICK = os.sysconf("SC_CLK_TCK")
_UVICORN = (
    *(PYTHON, "-m", "uvicorn", "--factory", "--loop", "uvloop", "--http", "httptools"),
    *("--log-level", "critical", "--no-access-log", "--lifespan", "off", "--backlog", "2048"),
)


@dataclass(frozen=True)
class Stack:
    """A server: how it is started, and what it is. `graphql` is False for the floors; with `ledger` an
    empty one of ours is made for it, `gateway.db` in its folder."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    graphql: bool = True
    path: str = "/graphql"
    ledger: bool = False
    workers: int = 1


def _node(
    name: str, file: str, graphql: bool = True, ledger: bool = False, **environment: str
) -> Stack:
    path = "/graphql" if graphql else "/"
    return Stack(name, ("node", str(PEERS / file)), environment, graphql, path, ledger)


def _floor(name: str, factory: str, graphql: bool = False) -> Stack:
    # Mounted, as Strawberry's guide does: without the last stroke it answers 307.
    path = "/graphql/" if graphql else "/"
    return Stack(name, (*_UVICORN, "--port", "{port}", factory), {}, graphql, path)


def ours(name: str = OURS, workers: int = 1, **environment: str) -> Stack:
    """This gateway with every check on."""
    # Every request asks Asiabill, unless the cell is about the lists that are kept.
    environment = {"GATEWAY_CARD_CACHE_SECONDS": "0"} | environment
    command = ("-m", "gateway.cli", "serve", "--port", "{port}", "--workers", str(workers))
    # The ledger is there before it starts, as where `asiabill-gateway migrate` is a step of its own.
    return Stack(name, (PYTHON, *command), environment, ledger=True, workers=workers)


STACKS = {
    stack.name: stack
    for stack in (
        ours(),
        _node(BEST_PEER, "mercurius.js", JIT="1"),
        _node("mercurius", "mercurius.js"),
        _node("Apollo Server", "apollo.js"),
        _node("graphql-yoga", "yoga.js"),
        _floor(GUIDES, "bench.straightforward:app", graphql=True),
        _floor(BARE, "bench.floors:bare"),
        _floor(PROXY, "bench.floors:proxy"),
        _node(NODE_PROXY, "proxy.js", graphql=False),
    )
}
# Where something is stored: it writes the rows that this gateway writes.
STORES = _node(STORING, "storing.js", ledger=True)


@dataclass
class Running:
    """A server that answers."""

    stack: Stack
    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float

    def pids(self) -> list[int]:
        """The process and its children."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found

    def cpu(self) -> float:
        """Processor seconds used so far."""
        total = 0
        for pid in self.pids():
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(words[11]) + int(words[12])
        return total / _TICK

    def memory(self) -> float:
        """Resident MB of the process, or of each worker on average."""
        pids = self.pids()[-self.stack.workers :] if self.stack.workers > 1 else self.pids()[:1]
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 / len(pids)


def ask(port: int, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
    """One request; what it answers."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        told: dict[str, object] = json.load(answer)
        return told


def free_port() -> int:
    """One that nobody listens on: two runs must not load each other's servers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    stack: Stack, upstream: str, *, cores: str = SERVER_CORE, **more: str
) -> Iterator[Running]:
    """Start a server on its core, wait until it answers a query, and end it after."""
    port = free_port()
    folder = tempfile.mkdtemp(prefix="bench-")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")
    }
    environment |= {
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        "UPSTREAM": upstream,
        "NODE_ENV": "production",
        "GATEWAY_ASIABILL_PAYMENT_URL": upstream,
        "GATEWAY_ASIABILL_OPEN_URL": upstream,
        **stack.environment,
        **more,
    }
    if stack.ledger:
        asyncio.run(migrate(f"sqlite+aiosqlite:///{folder}/gateway.db"))
    command = ["taskset", "-c", cores, *(word.format(port=port) for word in stack.command)]
    begun = time.monotonic()
    with (Path(folder) / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        made = Running(stack, process, port, 0.0)
        _wait(made, Path(folder) / "log")
        made.start_seconds = time.monotonic() - begun
        yield made
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(made: Running, log: Path) -> None:
    query = {"query": '{ customer(id: "cus_1") { id savedCards { id brand last4 } } }'}
    deadline = time.monotonic() + 30
    while True:
        try:
            told = ask(made.port, made.stack.path, query)
        except (OSError, urllib.error.URLError, ValueError):
            if made.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{made.stack.name} did not start:\n{log.read_text()}") from None
            time.sleep(0.02)
            continue
        if "errors" in told:
            raise SystemExit(f"{made.stack.name}: {told}")
        return
