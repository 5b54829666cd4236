"""One life of a gateway's process, and what the system and its own page of metrics say of it."""

import asyncio
import os
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

_ROOT: Final = Path(__file__).parents[2]
_START_SECONDS: Final = 60.0
# SIGTERM to end, as docs/operating.md promises it.
_STOP_SECONDS: Final = 30.0
_SERIES: Final = re.compile(r"^(gateway_\w+)(?:\{.*\})? (\S+)$", re.MULTILINE)
_LISTENING: Final = "0A"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a process has open and under way. `inbound` and `upstream` are TCP connections, `other`
    every other descriptor: files, the database's sockets, the loop's own."""

    tasks: int
    operations: int
    subscribers: int
    calls: int
    inbound: int
    upstream: int
    other: int


@dataclass
class Life:
    """A running `asiabill-gateway serve`. `memory` are samples of (moment, bytes)."""

    name: str
    process: asyncio.subprocess.Process
    url: str
    far_port: int
    began: float
    memory: list[tuple[float, int]] = field(default_factory=list)
    most_open: int = 0
    ready: Sight | None = None

    @classmethod
    async def begin(
        cls, name: str, port: int, far_port: int, settings: Mapping[str, str], folder: Path
    ) -> "Life":
        """It answers on return."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")
        }
        with (folder / f"{name}.log").open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway.cli", "serve", "--port", str(port)),
                cwd=_ROOT,
                env={**clean, **settings},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        assert process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            line = (await process.stdout.readline()).decode()
        if not line:
            raise RuntimeError(f"{name} did not start: see {folder / name}.log")
        return cls(name, process, line.split()[1], far_port, time.monotonic())

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def sample(self) -> None:
        """Note how much memory it has now, and how many descriptors."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        self.memory.append((time.monotonic(), int(pages) * os.sysconf("SC_PAGE_SIZE")))
        self.most_open = max(
            self.most_open, len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))
        )

    def growth(self, warm: float) -> float | None:
        """By what share the memory has grown since it was `warm` seconds old: the median of the last
        fifth of that time over the median of its first fifth, less 1. None before there is enough."""
        told = [size for moment, size in self.memory if moment - self.began >= warm]
        part = len(told) // 5
        if part < 3:
            return None
        return statistics.median(told[-part:]) / statistics.median(told[:part]) - 1

    async def sight(self, http: httpx.AsyncClient) -> Sight:
        """What is open and under way now; whoever asks is not counted."""
        page = (await http.get(f"{self.url}/metrics")).raise_for_status().text
        told: Counter[str] = Counter()
        for name, value in _SERIES.findall(page):
            told[name] += int(float(value))
        inbound, upstream, other = await asyncio.to_thread(self._descriptors)
        return Sight(
            tasks=told["gateway_tasks"],
            operations=told["gateway_operations_in_flight"],
            subscribers=told["gateway_subscribers"],
            calls=told["gateway_upstream_calls_in_flight"],
            inbound=inbound,
            upstream=upstream,
            other=other,
        )

    async def end(self) -> int:
        """By SIGTERM. The exit code; that of a SIGKILL where it did not end in time."""
        self.process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                return await self.process.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """As the machine does when it has no memory left."""
        if self.process.returncode is None:
            self.process.kill()
        return await self.process.wait()

    def _descriptors(self) -> tuple[int, int, int]:
        ours = int(self.url.rpartition(":")[2])
        places = _connections(self.process.pid)
        inbound = upstream = other = 0
        folder = Path(f"/proc/{self.process.pid}/fd")
        for descriptor in folder.iterdir():
            try:
                place = places.get(str(descriptor.readlink()))
            except FileNotFoundError:
                continue
            match place:
                case (local, _) if local == ours:
                    inbound += 1
                case (_, remote) if remote == self.far_port:
                    upstream += 1
                case _:
                    other += 1
        return inbound, upstream, other


def _connections(pid: int) -> dict[str, tuple[int, int]]:
    """Local and remote port of each TCP connection that does not listen, by its descriptor's target."""
    found = {}
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_, inode = line.split()[:10]
        if state != _LISTENING:
            ports = int(local.rpartition(":")[2], 16), int(remote.rpartition(":")[2], 16)
            found[f"socket:[{inode}]"] = ports
    return found
