"""One run: the far side, the gateways, the clients and the faults; then the judge."""

import asyncio
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from sqlalchemy import func, select

from ledger.database import Database
from ledger.status import UNSETTLED
from ledger.table import charges
from tests.chaos.defects import DEFECTS
from tests.chaos.fleet import Fleet
from tests.chaos.judge import Evidence, Violation, books, judged, lasting
from tests.chaos.plan import Plan, Purchase, kill_marks, purchases
from tests.chaos.shop import Order, Shop
from tests.chaos.weather import Weather
from tests.conftest import free_port
from tests.far_side import CONFIRM, Simulator

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 5.0
# Webhooks that the ledger needs no more are still to be waited for, since the judge counts them.
_WEBHOOK_SECONDS: Final = 15.0
# Each look reads the whole ledger and the whole truth.
_LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Report:
    """The figures of a run. `ended` says why: "settled", "found" where the defect that was put in has
    shown itself, "stopped" from outside. `settled_seconds`: from the end of the faults to the last
    settlement."""

    seed: int
    database: str
    gateways: int
    defect: str
    keys: int
    kills: dict[str, int]
    charges: int
    money: int
    requests: int
    calls: int
    lost_calls: int
    faults: dict[str, int]
    webhooks: dict[str, int]
    statuses: dict[str, int]
    ended: str
    settled_seconds: float
    seconds: float
    violations: list[Violation] = field(default_factory=list)

    def line(self) -> str:
        """One line of JSON."""
        return msgspec.json.encode(self).decode()


async def run(plan: Plan, database_url: str, folder: Path) -> Report:
    """Do what the plan says on an empty, migrated database. Nothing is running after.

    A defect that has shown itself ends the run, and so does SIGTERM: it is judged as it stands then.
    """
    started = time.monotonic()
    with _sigterm() as stopped, simulator_of_a_run(folder) as far:
        fleet = Fleet(
            plan,
            folder,
            [free_port() for _ in range(plan.gateways)],
            {
                "GATEWAY_DATABASE_URL": database_url,
                "GATEWAY_ASIABILL_PAYMENT_URL": f"{far}/V2022-03",
                "GATEWAY_ASIABILL_OPEN_URL": f"{far}/openApi/V2022-03",
                "GATEWAY_RETURN_ORIGINS": "https://shop.example",
                # Buyers who try again and again are what this is about.
                "GATEWAY_LIMIT_CHARGES": "off",
                "GATEWAY_LIMIT_DECLINES": "off",
                "GATEWAY_LIMIT_CARD_ATTEMPTS": "off",
                "GATEWAY_LIMIT_CARD_DECLINES": "off",
                "GATEWAY_LIMIT_ACCOUNT_DECLINES": "off",
            },
        )
        async with (
            httpx.AsyncClient(trust_env=False, timeout=30, base_url=far, verify=False) as control,
            fleet.running(),
        ):
            shop = Shop(plan, fleet.urls, far)
            weather = Weather(plan, control)
            trial = _Trial(plan, fleet, shop, weather, database_url)
            simulator = Simulator(control)

            async def looked_at() -> Evidence:
                # The ledger first: what it calls an end must be true whenever one looks.
                kept = await books(database_url)
                return _evidence(trial, kept, await simulator.transactions(), frozenset())

            ways = {"settled": trial.go(), "stopped": stopped.wait()}
            if plan.defect:
                ways["found"] = _shown(DEFECTS[plan.defect].shows, looked_at)
            ended = await _first(ways)
            if ended == "settled":
                await _drained(simulator, min(_WEBHOOK_SECONDS, plan.settle_seconds))
            truth = await simulator.transactions()
            tally = await simulator.notifications()
            requests = (await simulator.calls()).get(CONFIRM, 0)
    waiting = frozenset(event["orderNo"] for event in tally["waiting"])
    evidence = _evidence(trial, await books(database_url), truth, waiting)
    statuses = Counter(charge["status"].value for charge in evidence.charges)
    violations = judged(evidence)
    violations += [Violation("ended by itself", "", words) for words in fleet.ended]
    return Report(
        seed=plan.seed,
        database=plan.database,
        gateways=plan.gateways,
        defect=plan.defect,
        keys=plan.keys,
        kills=dict(fleet.kills),
        charges=len(truth),
        money=sum(1 for row in truth if row["status"] == "success"),
        requests=requests,
        calls=shop.diary.calls,
        lost_calls=shop.diary.lost_calls,
        faults=dict(weather.armed),
        webhooks={name: tally[name] for name in ("delivered", "failed", "givenUp", "lost")},
        statuses=dict(statuses),
        ended=ended,
        settled_seconds=round(trial.settled_seconds, 1),
        seconds=round(time.monotonic() - started, 1),
        violations=violations,
    )


async def _first(ways: Mapping[str, Coroutine[Any, Any, object]]) -> str:
    """The name of the one that ends first; the other ones are cancelled. Raises what it raised."""
    tasks = {asyncio.create_task(way): name for name, way in ways.items()}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    first = next(task for task in tasks if task in done)
    first.result()
    return tasks[first]


async def _shown(rule: str, looked_at: Callable[[], Awaitable[Evidence]]) -> None:
    """Until this rule is broken, and nothing that is still to come can mend it."""
    while all(violation.rule != rule for violation in lasting(await looked_at())):
        await asyncio.sleep(_LOOK_SECONDS)


@contextmanager
def _sigterm() -> Iterator[asyncio.Event]:
    """Set by SIGTERM, which has no other effect meanwhile."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGTERM)
    loop.add_signal_handler(signal.SIGTERM, told.set)
    try:
        yield told
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)


class _Trial:
    def __init__(
        self,
        plan: Plan,
        fleet: Fleet,
        shop: Shop,
        weather: Weather,
        database_url: str,
    ) -> None:
        self.plan: Final = plan
        self.fleet: Final = fleet
        self.shop: Final = shop
        self._weather = weather
        self._database_url = database_url
        self._answered = asyncio.Condition()
        self._count = 0
        self.purchases: Final = list(purchases(plan))
        self.settled_seconds = plan.settle_seconds

    async def go(self) -> None:
        """Buy everything in bad weather, then wait in good weather until all is settled."""
        following: set[asyncio.Task[None]] = set()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.plan.whole_seconds):
                    await self._in_bad_weather(following)
            calm = time.monotonic()
            await self._weather.clear()
            await self.fleet.calm()
            await self._settled(following)
            self.settled_seconds = time.monotonic() - calm
        finally:
            for follower in following:
                follower.cancel()
            ends = await asyncio.gather(*following, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _in_bad_weather(self, following: set[asyncio.Task[None]]) -> None:
        await self.shop.open(self.plan.cards)
        await self._weather.begin()
        disturbing = [
            asyncio.create_task(self._weather.blow()),
            asyncio.create_task(self._kill()),
        ]
        try:
            await self._buy_all(following)
            # The last mark lies before the last purchase.
            await disturbing[1]
        finally:
            for task in disturbing:
                task.cancel()
            await asyncio.gather(*disturbing, return_exceptions=True)

    async def _buy_all(self, following: set[asyncio.Task[None]]) -> None:
        waiting = iter(self.purchases)

        async def client() -> None:
            for purchase in waiting:
                order = await self._buy(purchase)
                if order.charge_id:
                    following.add(asyncio.create_task(order.follow()))

        async with asyncio.TaskGroup() as clients:
            for _ in range(self.plan.clients):
                clients.create_task(client())

    async def _buy(self, purchase: Purchase) -> Order:
        await self._weather.strike(purchase)
        order = await self.shop.buy(purchase)
        async with self._answered:
            self._count += 1
            self._answered.notify_all()
        return order

    async def _kill(self) -> None:
        for mark in kill_marks(self.plan):
            async with self._answered:
                await self._answered.wait_for(lambda mark=mark: self._count >= mark)  # type: ignore[misc]
            await self.fleet.kill_one()

    async def _settled(self, following: set[asyncio.Task[None]]) -> None:
        """Until no charge is in doubt and every client knows its end, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.plan.settle_seconds):
                if following:
                    await asyncio.wait(following)
                while await _in_doubt(self._database_url):
                    await asyncio.sleep(0.1)


def _evidence(
    trial: _Trial,
    kept: Mapping[str, Any],
    truth: Sequence[Mapping[str, Any]],
    waiting: frozenset[str],
) -> Evidence:
    sends = trial.fleet.sends
    return Evidence(
        plan=trial.plan,
        purchases=trial.purchases,
        diary=trial.shop.diary,
        truth=truth,
        sent=sends.read_text().split() if sends.exists() else [],
        waiting=waiting,
        **kept,
    )


async def _in_doubt(url: str) -> int:
    database = Database(url)
    try:
        query = select(func.count()).where(charges.c.status.in_(sorted(UNSETTLED)))
        return await database.read(lambda connection: connection.scalar(query) or 0)
    finally:
        await database.dispose()


async def _drained(simulator: Simulator, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await simulator.notifications())["waiting"]:
                await asyncio.sleep(0.1)


@contextmanager
def simulator_of_a_run(folder: Path) -> Iterator[str]:
    """The judge: one process from the beginning to the end."""
    command = [
        *(sys.executable, "-m", "gateway.cli", "simulator"),
        *("--port", str(free_port()), "--webhook-time-scale", "0.003"),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    with (
        (folder / "simulator.log").open("wb") as errors,
        subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            env=clean,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                if not selector.select(_START_SECONDS):
                    raise TimeoutError("the simulator did not start")
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
