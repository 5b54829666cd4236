"""What goes wrong at Asiabill and on the way to it, from the seed, until it is told to stop."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from tests.chaos.plan import LOOK_UP_EFFECTS, Plan, Purchase
from tests.far_side import CONFIRM, LIST, LOOK_UP, Simulator

_FOREVER: Final = 1_000_000


class Weather:
    """Arms faults over the simulator's control interface; `armed` counts them by effect."""

    def __init__(self, plan: Plan, http: httpx.AsyncClient) -> None:
        self._plan = plan
        self._simulator = _Simulator(http)
        self._random = random.Random(f"weather {plan.seed}")
        self.armed: Counter[str] = Counter()

    async def begin(self) -> None:
        """What holds for the whole run."""
        if self._plan.look_ups == "never":
            await self._fault(LOOK_UP, "status_503", times=_FOREVER)
        if self._plan.webhooks == "off":
            await self._simulator.notifies("off")
        elif self._plan.webhooks == "reordered":
            await self._simulator.notifies(reorder=True, duplicate=1)

    async def strike(self, purchase: Purchase) -> None:
        """Make the charge of this purchase go wrong, if the plan says so."""
        if purchase.effect is None:
            return
        late = purchase.late_ms if purchase.effect.startswith("act_late") else 0
        await self._fault(CONFIRM, purchase.effect, match=purchase.name, delayMs=late)

    async def blow(self) -> None:
        """Change without end; cancelled when the faults stop."""
        tasks: list[Callable[[], Awaitable[None]]] = []
        if self._plan.look_ups == "faulty":
            tasks += [self._spoil_look_ups, self._spoil_lists]
        if self._plan.webhooks == "unruly":
            tasks.append(self._disturb_webhooks)
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(_again_and_again(task))

    async def clear(self) -> None:
        """The faults stop, and every webhook that was held is sent."""
        await self._simulator.mend()
        if self._plan.webhooks == "off":
            return
        await self._simulator.notifies()
        await self._simulator.flush()

    async def _spoil_look_ups(self) -> None:
        # Most look-ups go wrong, several in a row; without an end to it nothing would ever be known.
        if LOOK_UP not in await self._simulator.armed():
            effect = self._random.choice(LOOK_UP_EFFECTS)
            delay = self._random.randint(200, self._plan.stale_ms) if effect == "stale" else 0
            await self._fault(LOOK_UP, effect, self._random.randint(1, 4), delayMs=delay)
        await asyncio.sleep(self._random.uniform(0.1, 0.8))

    async def _spoil_lists(self) -> None:
        await asyncio.sleep(self._random.uniform(0.5, 1.5))
        if LIST not in await self._simulator.armed():
            await self._fault(LIST, self._random.choice(("drop_before", "status_503", "html")))

    async def _disturb_webhooks(self) -> None:
        draw = self._random
        kind = draw.choice(("on", "duplicate", "reorder", "delay", "lose", "hold", "off"))
        self.armed[f"webhooks {kind}"] += 1
        match kind:
            case "duplicate":
                await self._simulator.notifies(duplicate=draw.randint(1, 3), reorder=True)
            case "reorder":
                await self._simulator.notifies(reorder=True)
            case "delay":
                await self._simulator.notifies(delayMs=draw.randint(50, 1500))
            case "lose":
                await self._simulator.notifies(lose=draw.randint(1, 20))
            case "hold":
                await self._simulator.notifies("hold", reorder=True)
            case _:
                await self._simulator.notifies(kind)
        await asyncio.sleep(draw.uniform(0.3, 1.0))
        await self._simulator.flush()

    async def _fault(self, path: str, effect: str, times: int = 1, **more: object) -> None:
        self.armed[effect] += times if times < _FOREVER else 1
        await self._simulator.fault(path, effect, times, **more)


class _Simulator(Simulator):
    async def armed(self) -> set[str]:
        """The endpoints that a fault is waiting for."""
        faults = (await self._http.get("/_simulator/faults")).raise_for_status().json()
        return {fault["path"] for fault in faults}


async def _again_and_again(change: Callable[[], Awaitable[None]]) -> None:
    while True:
        await change()
