"""Single flight: identical reads under way at the same moment share one call to Asiabill."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

Key = tuple[str, ...]


class SingleFlight:
    """The reads of one account that are under way, by what they ask.

    A caller that goes away takes only itself away: the call lives in a task of its own and its
    other waiters keep it. `forget` is for writers: a read that began before a write ended may
    carry the state from before it, so a reader that comes after must not join it.
    """

    def __init__(self) -> None:
        self._flights: dict[Key, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(
        self, key: Key, call: Callable[[], Coroutine[Any, Any, T]], joined: Callable[[], None]
    ) -> "asyncio.Task[T]":
        """What answers `call()`, or the same call that another reader began.

        `joined` is called where this reader shares another's call. The task is everybody's: wait for
        it by `asyncio.wait` or behind `asyncio.shield`, which leave it alone when the waiter goes.
        """
        task = self._flights.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(call())
            self._flights[key] = task
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._landed(key, done))
        else:
            joined()
        return task

    async def share(
        self, key: Key, call: Callable[[], Coroutine[Any, Any, T]], joined: Callable[[], None]
    ) -> T:
        """The answer of `begin`. Errors of the call are raised to each of its waiters and are not kept."""
        return await asyncio.shield(self.begin(key, call, joined))

    def under_way(self, key: Key) -> bool:
        """Whether a call for `key` can be joined now."""
        return key in self._flights

    def forget(self, matches: Callable[[Key], bool]) -> None:
        """Let no later reader join the flights whose key matches. Those under way still land."""
        for key in [key for key in self._flights if matches(key)]:
            del self._flights[key]

    async def aclose(self) -> None:
        """Wait for what is under way. Each call ends by its own time-out."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _landed(self, key: Key, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if self._flights.get(key) is task:
            del self._flights[key]
        if not task.cancelled():
            # Retrieved here, since every waiter may have gone away by now.
            task.exception()
