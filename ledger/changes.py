"""Waking whoever waits for a change: in this process at once, in others by what their database has."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

ChangeKind = Literal["charge", "notification", "customer", "card"]
Interest = tuple[str, str, str]
_EVERYTHING: Final[Interest] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Change:
    """A change, named by id alone: the row is read again. Of a charge and a notification it is
    committed; the cards of a customer, or one card, change at Asiabill, soon or just now."""

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


@dataclass(frozen=True, slots=True)
class CardFollower:
    """Who keeps what was read of cards. Called at once, in the loop; must not raise or block.

    `hearing` is told whether the news of other processes come through.
    """

    customer_changed: Callable[[str, str], None]
    card_changed: Callable[[str, str], None]
    hearing: Callable[[bool], None]


class Broadcaster:
    """Who waits for what."""

    def __init__(self) -> None:
        self._watches: Final[defaultdict[Interest, set[Watch]]] = defaultdict(set)
        self._followers: Final[list[CardFollower]] = []

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
            if change.kind == "customer":
                for follower in self._followers:
                    follower.customer_changed(change.account, change.id)
                continue
            if change.kind == "card":
                for follower in self._followers:
                    follower.card_changed(change.account, change.id)
                continue
            exact = (change.kind, change.account, change.id)
            for interest in (exact, (change.kind, change.account, ""), _EVERYTHING):
                for watch in self._watches.get(interest, ()):
                    watch.wake()

    def follow(self, follower: CardFollower) -> None:
        """Tell it of each change of cards, from now on."""
        self._followers.append(follower)

    def hearing(self, hears: bool) -> None:
        """The news of other processes come through from here on, or don't."""
        for follower in self._followers:
            follower.hearing(hears)

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
