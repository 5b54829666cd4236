"""A soak: steady load, restarts, and then rest. What is left in a process that rests is a leak."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
from sqlalchemy import select

from ledger.database import Database
from ledger.table import charges, notifications
from tests.chaos.judge import Evidence, books, judged
from tests.chaos.plan import Plan, purchases
from tests.chaos.run import simulator_of_a_run
from tests.chaos.shop import Shop
from tests.conftest import free_port
from tests.far_side import Simulator
from tests.soak.life import Life, Sight
from tests.soak.load import Load

_SAMPLE_SECONDS: Final = 1.0
_REST_SECONDS: Final = 60.0
# One whose gateway was killed is PROCESSING for 50 s, and then looked up.
_SETTLE_SECONDS: Final = 150.0
_WARM_SHARE: Final = 0.25
# Shorter lives are all warm-up: memory is told, and not judged.
_JUDGED_SECONDS: Final = 240.0
_MOST_GROWTH: Final = 0.05
# Ten connections for transactions; the one that listens is there from the start.
_DATABASE_POOL: Final = 10
_UPSTREAM_LIMIT: Final = 32
# The first gateway lives from beginning to end; the second one ends at these parts of the run, in
# good order and not in turns, and has its longest life after the last.
_RESTARTS: Final = (0.1, 0.2, 0.3, 0.4)


@dataclass(frozen=True)
class Memory:
    """Of one life of a gateway. `growth` is None where it was too short to say; `by_minute` in MiB."""

    gateway: str
    seconds: float
    first_mib: float
    last_mib: float
    most_mib: float
    most_descriptors: int
    growth: float | None
    by_minute: list[float]


@dataclass(frozen=True)
class Report:
    """The figures of a soak. `in_grace` are charges that a kill kept from leaving: Asiabill has never
    seen them, which is believed after a day."""

    minutes: float
    restarts: dict[str, int]
    counts: dict[str, int]
    calls: int
    charges: dict[str, int]
    in_grace: int
    events: int
    memory: list[Memory]
    at_start: dict[str, Sight]
    at_rest: dict[str, Sight]
    settled_seconds: float
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """One line of JSON."""
        return msgspec.json.encode(self).decode()


async def run(minutes: float, pace: float, database_url: str, folder: Path) -> Report:
    """Soak two gateways on an empty, migrated PostgreSQL. Nothing is running after."""
    with simulator_of_a_run(folder) as far:
        async with (
            httpx.AsyncClient(trust_env=False, timeout=30, base_url=far, verify=False) as control,
            _fleet(far, database_url, folder) as fleet,
        ):
            return await _Soak(minutes * 60, pace, database_url, far, control, fleet).go()


class _Fleet:
    """Two gateways; each one's present life is the last of its lives."""

    def __init__(self, begin: Callable[[int], Awaitable[Life]]) -> None:
        self._begin = begin
        self.lives: list[list[Life]] = [[], []]
        self.restarts: dict[str, int] = {"in order": 0, "killed": 0}
        self.wrong: list[str] = []

    @property
    def present(self) -> list[Life]:
        return [lives[-1] for lives in self.lives]

    async def start(self, place: int) -> None:
        life = await self._begin(place)
        # Closed at once: a kept connection would be one that the process has open.
        async with httpx.AsyncClient(trust_env=False, timeout=30, verify=False) as http:
            life.ready = await life.sight(http)
        self.lives[place].append(life)

    async def restart(self, place: int, *, kill: bool) -> None:
        life = self.lives[place][-1]
        code = await (life.kill() if kill else life.end())
        self.restarts["killed" if kill else "in order"] += 1
        if not kill and code:
            self.wrong.append(f"{life.name} ended with {code} after SIGTERM")
        await self.start(place)

    def sample(self) -> None:
        for life in self.present:
            if life.process.returncode is None:
                with suppress(FileNotFoundError, ProcessLookupError):
                    life.sample()


@asynccontextmanager
async def _fleet(far: str, database_url: str, folder: Path) -> AsyncIterator[_Fleet]:
    settings = {
        "GATEWAY_DATABASE_URL": database_url,
        "GATEWAY_ASIABILL_PAYMENT_URL": f"{far}/V2022-03",
        "GATEWAY_ASIABILL_OPEN_URL": f"{far}/openApi/V2022-03",
        "GATEWAY_RETURN_ORIGINS": "https://shop.example",
        "GATEWAY_UPSTREAM_LIMIT": str(_UPSTREAM_LIMIT),
        # A few buyers who buy all day are what this is about.
        "GATEWAY_LIMIT_CHARGES": "off",
        "GATEWAY_LIMIT_DECLINES": "off",
        "GATEWAY_LIMIT_CARD_ATTEMPTS": "off",
        "GATEWAY_LIMIT_CARD_DECLINES": "off",
        "GATEWAY_LIMIT_ACCOUNT_DECLINES": "off",
    }
    ports = [free_port(), free_port()]
    far_port = urlsplit(far).port
    assert far_port is not None

    async def begin(place: int) -> Life:
        return await Life.begin(f"gateway-{place}", ports[place], far_port, settings, folder)

    fleet = _Fleet(begin)
    try:
        for place in range(len(ports)):
            await fleet.start(place)
        yield fleet
    finally:
        await asyncio.gather(*(life.kill() for lives in fleet.lives for life in lives))


class _Soak:
    def __init__(
        self,
        seconds: float,
        pace: float,
        database_url: str,
        far: str,
        control: httpx.AsyncClient,
        fleet: _Fleet,
    ) -> None:
        self._seconds = seconds
        self._database_url = database_url
        self._fleet = fleet
        self._simulator = Simulator(control)
        # The far side is honest but for the answers that the buyers lose.
        self._plan = Plan(keys=10_000_000, faulty=0.0, webhooks="off")
        urls = [life.url for life in fleet.present]
        self._shop = Shop(self._plan, urls, far)
        self._load = Load(urls, self._shop, self._simulator, [], purchases(self._plan), pace)
        # Of processes that nobody had asked anything yet; a life that begins later begins under load.
        self._fresh = {life.name: life.ready for life in fleet.present if life.ready is not None}
        self._wrong: list[str] = []

    async def go(self) -> Report:
        await self._shop.open(self._plan.cards)
        self._load.customers = self._shop.customers
        stop, leave = asyncio.Event(), asyncio.Event()
        following = asyncio.create_task(self._load.follow(leave))
        flowing = asyncio.create_task(self._load.flow(stop))
        sampling = asyncio.create_task(self._sample())
        try:
            await self._let_time_pass(flowing)
            stop.set()
            began = time.monotonic()
            await self._settle(flowing)
            settled_seconds = time.monotonic() - began
            events = await self._events(following)
        finally:
            leave.set()
            for task in (flowing, sampling):
                task.cancel()
            await asyncio.gather(flowing, sampling, following, return_exceptions=True)
        at_rest = {life.name: await self._rest(life) for life in self._fleet.present}
        return await self._report(settled_seconds, events, at_rest)

    async def _let_time_pass(self, flowing: asyncio.Task[None]) -> None:
        began = time.monotonic()
        for number, part in enumerate(_RESTARTS):
            await self._until(began + part * self._seconds, flowing)
            await self._fleet.restart(1, kill=number % 2 == 1)
        await self._until(began + self._seconds, flowing)

    async def _until(self, moment: float, flowing: asyncio.Task[None]) -> None:
        left = max(0.0, moment - time.monotonic())
        await asyncio.wait({flowing}, timeout=left)
        if flowing.done():
            flowing.result()

    async def _sample(self) -> None:
        while True:
            self._fleet.sample()
            await asyncio.sleep(_SAMPLE_SECONDS)

    async def _settle(self, flowing: asyncio.Task[None]) -> None:
        """Until every buyer has seen the end, but for those whose charge never left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                while not flowing.done():
                    await asyncio.wait({flowing}, timeout=1.0)
                    if await self._unsettled() <= await self._never_arrived():
                        # The last answers are on their way.
                        await asyncio.wait({flowing}, timeout=10.0)
                        break
        if flowing.done():
            flowing.result()

    async def _events(self, following: asyncio.Task[None]) -> int:
        """Every event that the ledger has was told to who listened all the time. How many."""
        numbers: set[int] = set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_REST_SECONDS):
                while not following.done():
                    numbers = await self._numbers()
                    if numbers <= self._load.heard:
                        break
                    await asyncio.sleep(0.5)
        if following.done():
            following.result()
        if missing := numbers - self._load.heard:
            self._wrong.append(f"{len(missing)} of {len(numbers)} events were not told")
        return len(numbers)

    async def _rest(self, life: Life) -> Sight:
        """Once nobody asks it anything any more."""
        fresh = self._fresh[life.name]
        sight, wrong = fresh, ["it was not seen"]
        async with httpx.AsyncClient(trust_env=False, timeout=30, verify=False) as http:
            with suppress(TimeoutError):
                async with asyncio.timeout(_REST_SECONDS):
                    while wrong:
                        sight = await life.sight(http)
                        wrong = list(_left(life.name, sight, fresh))
                        await asyncio.sleep(0.25)
        self._wrong += wrong
        return sight

    async def _report(
        self, settled_seconds: float, events: int, at_rest: Mapping[str, Sight]
    ) -> Report:
        truth = await self._simulator.transactions()
        kept = await books(self._database_url)
        lost = {row["orderNo"] for row in truth}
        in_grace = [
            row
            for row in kept["charges"]
            if row["status"].unsettled and row["order_no"] not in lost
        ]
        excused = {row["order_no"] for row in in_grace}
        names = {told.purchase.name for told in self._shop.diary.told if told.order_no in excused}
        evidence = Evidence(
            plan=self._plan,
            purchases=self._load.bought,
            diary=self._shop.diary,
            truth=truth,
            sent=(),
            waiting=frozenset(),
            **kept,
        )
        killed = self._fleet.restarts["killed"]
        broken = [one for one in judged(evidence) if not (killed and one.order in excused | names)]
        memory = [
            _memory(life, self._seconds * _WARM_SHARE)
            for lives in self._fleet.lives
            for life in lives
        ]
        statuses: dict[str, int] = {}
        for row in kept["charges"]:
            statuses[row["status"]] = statuses.get(row["status"], 0) + 1
        return Report(
            minutes=self._seconds / 60,
            restarts=self._fleet.restarts,
            counts=dict(self._load.counts),
            calls=self._shop.diary.calls,
            charges=statuses,
            in_grace=len(in_grace),
            events=events,
            memory=memory,
            at_start=self._fresh,
            at_rest=dict(at_rest),
            settled_seconds=round(settled_seconds, 1),
            wrong=[
                *self._wrong,
                *self._fleet.wrong,
                *(f"{what}: {count} times" for what, count in self._load.wrong.items()),
                *(f"{one.rule}: {one.order}: {one.words}" for one in broken[:20]),
                *_grown(memory),
            ],
        )

    async def _unsettled(self) -> int:
        return len(await self._in_doubt())

    async def _never_arrived(self) -> int:
        known = {row["orderNo"] for row in await self._simulator.transactions()}
        return len([order for order in await self._in_doubt() if order not in known])

    async def _in_doubt(self) -> list[str]:
        query = select(charges.c.order_no, charges.c.status)
        rows = await self._read(query)
        return [row.order_no for row in rows if not row.status.final]

    async def _numbers(self) -> set[int]:
        return {row.id for row in await self._read(select(notifications.c.id))}

    async def _read(self, query: Any) -> Sequence[Any]:
        database = Database(self._database_url)
        try:
            return await database.read(lambda connection: connection.execute(query).all())
        finally:
            await database.dispose()


def _left(name: str, now: Sight, fresh: Sight) -> list[str]:
    """What a process that rests must not have."""
    checks = (
        ("operations under way", now.operations, 0),
        ("subscribers", now.subscribers, 0),
        ("calls to Asiabill under way", now.calls, 0),
        ("tasks", now.tasks, fresh.tasks),
        # Whoever looks has one.
        ("connections of clients", now.inbound, 1),
        ("connections to Asiabill", now.upstream, _UPSTREAM_LIMIT),
        ("other descriptors", now.other, fresh.other + _DATABASE_POOL),
    )
    return [
        f"{name} has {found} {what} at rest, at most {most}"
        for what, found, most in checks
        if found > most
    ]


def _memory(life: Life, warm: float) -> Memory:
    sizes = [size / 2**20 for _, size in life.memory]
    lived = life.memory[-1][0] - life.began if life.memory else 0.0
    growth = life.growth(warm) if lived >= _JUDGED_SECONDS else None
    return Memory(
        gateway=life.name,
        seconds=round(lived),
        first_mib=round(sizes[0], 1) if sizes else 0.0,
        last_mib=round(sizes[-1], 1) if sizes else 0.0,
        most_mib=round(max(sizes, default=0.0), 1),
        most_descriptors=life.most_open,
        growth=None if growth is None else round(growth, 4),
        by_minute=[round(size, 1) for size in sizes[:: round(60 / _SAMPLE_SECONDS)]],
    )


def _grown(memory: Sequence[Memory]) -> list[str]:
    return [
        f"{life.gateway}: memory grew by {life.growth:.1%} after warm-up"
        for life in memory
        if life.growth is not None and life.growth > _MOST_GROWTH
    ]
