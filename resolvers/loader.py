"""aiodataloader with its edges removed. The only module that knows it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import partial
from typing import Any, Generic, TypeVar

from aiodataloader import DataLoader, dispatch_queue
from aiodataloader import Loader as Queued

from resolvers.cost import Cost

K = TypeVar("K")
V = TypeVar("V")

Fetch = Callable[[Sequence[K]], Awaitable[Sequence[V | BaseException]]]
Glance = Callable[[Sequence[K]], Sequence[V] | None]
Begin = Callable[[K], asyncio.Future[V]]

# Entered around each dispatch, with the number of its keys.
Watch = Callable[[int], AbstractContextManager[None]]
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def watch_dispatches(watch: Watch) -> None:
    """From here on, `watch` is entered around each dispatch in this context."""
    _watch.set(watch)


class _Batches(DataLoader[K, V]):
    """aiodataloader's keys, cache and answers, for what `Loader` says of its arguments.

    Looking at its function anew for each operation, and two tasks for each dispatch, cost more than all
    of that. Nothing here knows itself in a circle: an operation's loaders are freed when it is over, and
    leave nothing to the collector.
    """

    def __init__(
        self, fetch: Fetch[K, V], glance: Glance[K, V] | None, begin: Begin[K, V] | None
    ) -> None:
        self.loop = asyncio.get_running_loop()
        # Those that were loaded, and not only begun.
        self.known: set[K] = set()
        self._fetch, self._glance, self._begin = fetch, glance, begin
        self._cache = {}
        self._queue = []

    def get_cache_key(self, key: K) -> K:
        """A key is its own."""
        return key

    def do_resolve_reject(self, key: K, future: asyncio.Future[V]) -> None:
        """Put a key into the batch that is dispatched once this turn of the loop is over."""
        self._queue.append(Queued(key, future))
        if len(self._queue) == 1:
            self.loop.call_soon(self._dispatch)

    def forget(self, key: K) -> None:
        """Ask again next time."""
        self.known.discard(key)
        self.clear(key)

    # aiodataloader rejects where a value is an exception; its type does not say so.
    async def batch_load_fn(self, keys: list[K]) -> list[V | Exception]:  # type: ignore[override]
        """What a dispatch in a task of its own gives."""
        watch = _watch.get()
        try:
            with nullcontext() if watch is None else watch(len(keys)):
                outcomes = await self._fetch(keys)
        except asyncio.CancelledError:
            # aiodataloader leaves the waiters of a cancelled batch waiting for ever.
            outcomes = [ConnectionAbortedError("the batch was cancelled")] * len(keys)
        return [self._told(key, outcome) for key, outcome in zip(keys, outcomes, strict=True)]

    def _dispatch(self) -> None:
        # What watches a batch must see its end, and that is its task's.
        if _watch.get() is None and self._at_once():
            self._queue = []
        else:
            dispatch_queue(self)

    def _at_once(self) -> bool:
        """Answer the batch without a task; False where it can't be."""
        if self._begin is not None:
            for queued in self._queue:
                try:
                    answer = self._begin(queued.key)
                except Exception as error:  # noqa: BLE001 its waiter is told
                    self._tell(queued, error)
                else:
                    answer.add_done_callback(partial(self._answered, queued))
            return True
        if self._glance is None:
            return False
        try:
            values = self._glance([queued.key for queued in self._queue])
        except Exception:  # noqa: BLE001 whatever it is, the fetch will find it too
            return False
        if values is None:
            return False
        for queued, value in zip(self._queue, values, strict=True):
            self._tell(queued, value)
        return True

    def _answered(self, queued: Queued, answer: asyncio.Future[V]) -> None:
        self._tell(queued, _outcome(answer))

    def _tell(self, queued: Queued, outcome: V | BaseException) -> None:
        told = self._told(queued.key, outcome)
        if queued.future.done():
            return
        if isinstance(told, Exception):
            queued.future.set_exception(told)
        else:
            queued.future.set_result(told)

    def _told(self, key: K, outcome: V | BaseException) -> V | Exception:
        """What a waiter is told of an outcome. Failures are not kept."""
        if isinstance(outcome, BaseException):
            self.forget(key)
            if not isinstance(outcome, Exception):
                return ConnectionAbortedError("the call was cancelled")
        return outcome


class Loader(Generic[K, V]):
    """Answers the loads of one operation in batches; each distinct key is asked once.

    `fetch` gets the distinct keys of one dispatch and gives a value or an exception for each, in
    their order. `glance` is asked first, where there is one: the values where they are to be had at
    once, else None. What aiodataloader leaves open is closed here: a cancelled waiter does not
    cancel the others, a cancelled batch rejects and does not hang, failures are not kept.
    """

    def __init__(
        self,
        fetch: Fetch[K, V],
        cost: Cost,
        glance: Glance[K, V] | None = None,
        *,
        begin: Begin[K, V] | None = None,
    ):
        self._batches = _Batches(fetch, glance, begin)
        self._cost = cost

    @classmethod
    def each(cls, begin: Begin[K, V], cost: Cost) -> Loader[K, V]:
        """Asks for every key by itself, side by side: one failure is one key's failure.

        `begin` gives what will answer a key, which may be another reader's too: it is waited for, and
        never cancelled from here.
        """
        return cls(partial(_side_by_side, begin), cost, begin=begin)

    async def load(self, key: K) -> V:
        """The value of `key`. Raises what its fetch raised."""
        known = self._batches.known
        if key in known:
            self._cost.deduplicated += 1
        known.add(key)
        return await self._for_one(key)

    def _for_one(self, key: K) -> asyncio.Future[V]:
        """For one waiter: a future of its own, so that one who goes takes nobody else along. As
        asyncio.shield gives, of whose three callbacks two are of no use here."""
        future = self._batches.load(key)
        if future.done():
            return future
        own: asyncio.Future[V] = self._batches.loop.create_future()
        future.add_done_callback(partial(_pass_on, own))
        return own

    def begin(self, key: K) -> None:
        """Start what a later `load` will ask for, for a caller that has to wait for something else."""
        future = self._batches.load(key)
        if not future.done():
            future.add_done_callback(_seen)

    def clear(self, key: K) -> None:
        """Ask again next time: a mutation changed it."""
        self._batches.forget(key)

    def clear_all(self) -> None:
        """Ask everything again next time."""
        self._batches.known.clear()
        self._batches.clear_all()


async def _side_by_side(begin: Begin[K, V], keys: Sequence[K]) -> list[V | BaseException]:
    answers = [begin(key) for key in keys]
    await asyncio.wait(answers)
    return [_outcome(answer) for answer in answers]


def _seen(done: asyncio.Future[V]) -> None:
    # A failure that nobody waits for has nobody to complain of it.
    if not done.cancelled():
        done.exception()


def _pass_on(own: asyncio.Future[V], done: asyncio.Future[V]) -> None:
    """Tell one waiter what came of a load; one who has gone is told nothing."""
    failure = None if done.cancelled() else done.exception()
    if own.done():
        return
    if done.cancelled():
        own.cancel()
    elif failure is not None:
        own.set_exception(failure)
    else:
        own.set_result(done.result())


def _outcome(done: asyncio.Future[Any]) -> Any:
    if done.cancelled():
        return asyncio.CancelledError()
    return done.exception() or done.result()
