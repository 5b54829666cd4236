"""Waking whoever waits for a change: in this process at once, in others by what their database has."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

ChangeKind = Literal["charge", "notification"]
Interest = tuple[str, str, str]
_EVERYTHING: Final[Interest] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Change:
    """A committed change, named by id alone: the row is read again."""

    kind: ChangeKind
    account: str
    id: str


class Watch:
    """Wake-ups for one waiter. They carry nothing and melt into one: the row is read again."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    async def wait(self, seconds: float | None = None) -> bool:
        """True where something has, or may have, changed since the last call; False at time-out."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True

    async def __aiter__(self) -> AsyncIterator[None]:
        while await self.wait():
            yield

    def wake(self) -> None:
        """Never blocks: a writer does not wait for its readers."""
        self._woken.set()


class Broadcaster:
    """Who waits for what."""

    def __init__(self) -> None:
        self._watches: Final[defaultdict[Interest, set[Watch]]] = defaultdict(set)

    @property
    def waiters(self) -> int:
        """How many wait; one that waits for several things counts for each."""
        return sum(map(len, self._watches.values()))

    @contextmanager
    def watch(self, interests: Collection[Interest]) -> Iterator[Watch]:
        """Wake-ups for these, from now until the block is left."""
        watch = Watch()
        for interest in interests:
            self._watches[interest].add(watch)
        try:
            yield watch
        finally:
            for interest in interests:
                self._watches[interest].discard(watch)
                if not self._watches[interest]:
                    del self._watches[interest]

    def publish(self, changes: Iterable[Change]) -> None:
        """Wake those who wait for one of these."""
        for change in changes:
            exact = (change.kind, change.account, change.id)
            for interest in (exact, (change.kind, change.account, ""), _EVERYTHING):
                for watch in self._watches.get(interest, ()):
                    watch.wake()

    def wake_all(self) -> None:
        """Something may have been missed."""
        for watches in self._watches.values():
            for watch in watches:
                watch.wake()


def interests(
    account: str | None, charge_ids: Collection[str], notifications: bool
) -> set[Interest]:
    """Everything, where neither charges nor notifications are named."""
    if account is None:
        return {_EVERYTHING}
    wanted: set[Interest] = {("charge", account, charge_id) for charge_id in charge_ids}
    if notifications:
        wanted.add(("notification", account, ""))
    return wanted or {("charge", account, ""), ("notification", account, "")}


async def first_of(*events: asyncio.Event, seconds: float) -> None:
    """Until one of them is set, or the time is over."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
