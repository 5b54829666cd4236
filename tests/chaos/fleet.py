"""The gateways of a run: killed from outside, dying by themselves, and started again at once."""

import asyncio
import multiprocessing
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

from tests.chaos import line
from tests.chaos.gateway_under_test import Orders, serve
from tests.chaos.plan import Plan
from tests.processes import PRELOADED

# Generous: the fork server imports everything first, and a loaded machine takes ten times as long.
_START_SECONDS: Final = 60.0
_PROBABILITY: Final = 0.04


@dataclass
class _Gateway:
    url: str
    settings: Mapping[str, str]
    process: ForkServerProcess | None = None
    lives: int = 0
    killed: bool = False


class Fleet:
    """Owns the processes: `running` starts them, and none is left after."""

    def __init__(self, plan: Plan, folder: Path, ports: list[int], settings: dict[str, str]):
        self._plan = plan
        self._folder = folder
        self._gateways = [
            _Gateway(f"http://127.0.0.1:{port}", settings | {"GATEWAY_PORT": str(port)})
            for port in ports
        ]
        self._random = random.Random(f"fleet {plan.seed}")
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            [*PRELOADED, "tests.chaos.gateway_under_test", "tests.chaos.preloaded"]
        )
        self._deadly = True
        self._stopping = False
        self.kills: Counter[str] = Counter()
        # Of each that was not killed, its exit code and the end of its log.
        self.ended: list[str] = []
        self.urls: Final = [gateway.url for gateway in self._gateways]
        self.sends: Final = folder / "sends"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Every gateway answers on entering."""
        tasks = [asyncio.create_task(self._keep(gateway)) for gateway in self._gateways]
        try:
            for gateway in self._gateways:
                await self._answers(gateway)
            yield
        finally:
            self._stopping = True
            for gateway in self._gateways:
                if gateway.process is not None:
                    gateway.process.kill()
            await asyncio.gather(*tasks)

    async def kill_one(self) -> None:
        """Wait until one of them serves, let it serve for a moment, and kill it."""
        gateway = self._random.choice(self._gateways)
        moment = self._random.uniform(0.0, 0.3)
        await self._answers(gateway)
        await asyncio.sleep(moment)
        self._kill(gateway)

    async def calm(self) -> None:
        """Replace every gateway by one that does not die by itself."""
        self._deadly = False
        for gateway in self._gateways:
            self._kill(gateway)
        for gateway in self._gateways:
            await self._answers(gateway)

    def _kill(self, gateway: _Gateway) -> None:
        if gateway.process is not None and gateway.process.is_alive():
            gateway.killed = True
            gateway.process.kill()

    async def _keep(self, gateway: _Gateway) -> None:
        """Start the gateway again each time that it ends."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            orders = self._orders(gateway)
            process = self._context.Process(target=serve, args=(orders,), daemon=True)
            await asyncio.to_thread(process.start)
            gateway.process = process
            gateway.lives += 1
            if self._stopping:
                process.kill()
            ended = asyncio.Event()
            loop.add_reader(process.sentinel, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(process.sentinel)
            await asyncio.to_thread(process.join)
            if self._stopping:
                return
            if process.exitcode != -signal.SIGKILL:
                said = orders.log.read_text(errors="replace") if orders.log.exists() else ""
                self.ended.append(f"exit code {process.exitcode}: {said[-600:]}")
            else:
                self.kills[orders.crash_point if not gateway.killed else "outside"] += 1
            gateway.killed = False

    def _orders(self, gateway: _Gateway) -> Orders:
        points = self._plan.crash_points
        deadly = self._deadly and points and self._random.random() < self._plan.crash_share
        port = gateway.settings["GATEWAY_PORT"]
        return Orders(
            settings=gateway.settings,
            log=self._folder / f"gateway-{port}.log",
            sends=self.sends,
            grace_seconds=self._plan.grace_seconds,
            defect=self._plan.defect,
            # The first life is for the customers and their cards.
            crash_point=self._random.choice(points) if deadly and gateway.lives else "",
            probability=_PROBABILITY,
            seed=self._random.randrange(2**32),
        )

    async def _answers(self, gateway: _Gateway) -> None:
        async with asyncio.timeout(_START_SECONDS):
            while not await line.answers(gateway.url):
                await asyncio.sleep(0.02)
