"""aiodataloader with its edges removed. The only module that knows it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

from aiodataloader import DataLoader, dispatch_queue
from aiodataloader import Loader as Queued

from resolvers.cost import Cost

K = TypeVar("K")
V = TypeVar("V")

# Entered around each dispatch, with the number of its keys.
Watch = Callable[[int], AbstractContextManager[None]]
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def watch_dispatches(watch: Watch) -> None:
    """From here on, `watch` is entered around each dispatch in this context."""
    _watch.set(watch)


# Answers a batch at once, without a task; False where it can't.
AtOnce = Callable[[Sequence[Queued]], bool]


class _Batches(DataLoader[K, V]):
    """aiodataloader's keys, cache and answers. Looking at its function anew for each operation, and two
    tasks for each dispatch, cost more than all of that."""

    def __init__(
        self,
        batch: Callable[[list[K]], Coroutine[Any, Any, list[V | Exception]]],
        at_once: AtOnce | None,
    ) -> None:
        # aiodataloader rejects where a value is an exception; its type does not say so.
        self.batch_load_fn = batch  # type: ignore[assignment]
        self.loop = asyncio.get_running_loop()
        self._at_once = at_once
        self._cache = {}
        self._queue = []

    def get_cache_key(self, key: K) -> K:
        """A key is its own."""
        return key

    def do_resolve_reject(self, key: K, future: "asyncio.Future[V]") -> None:
        """Put a key into the batch that is dispatched once this turn of the loop is over."""
        self._queue.append(Queued(key, future))
        if len(self._queue) == 1:
            self.loop.call_soon(self._dispatch)

    def _dispatch(self) -> None:
        # What watches a batch must see its end, and that is its task's.
        if self._at_once is not None and _watch.get() is None and self._at_once(self._queue):
            self._queue = []
        else:
            dispatch_queue(self)


class Loader(Generic[K, V]):
    """Answers the loads of one operation in batches; each distinct key is asked once.

    `fetch` gets the distinct keys of one dispatch and gives a value or an exception for each, in
    their order. `glance` is asked first, where there is one: the values where they are to be had at
    once, else None. What aiodataloader leaves open is closed here: a cancelled waiter does not
    cancel the others, a cancelled batch rejects and does not hang, failures are not kept.
    """

    def __init__(
        self,
        fetch: Callable[[Sequence[K]], Awaitable[Sequence[V | BaseException]]],
        cost: Cost,
        glance: Callable[[Sequence[K]], Sequence[V] | None] | None = None,
    ):
        self._fetch = fetch
        self._cost = cost
        self._known: set[K] = set()
        self._at_once = None if glance is None else partial(self._glanced, glance)

    @classmethod
    def each(cls, begin: Callable[[K], "asyncio.Future[V]"], cost: Cost) -> "Loader[K, V]":
        """Asks for every key by itself, side by side: one failure is one key's failure.

        `begin` gives what will answer a key, which may be another reader's too: it is waited for, and
        never cancelled from here.
        """

        async def fetch(keys: Sequence[K]) -> list[V | BaseException]:
            answers = [begin(key) for key in keys]
            await asyncio.wait(answers)
            return [_outcome(answer) for answer in answers]

        loader = cls(fetch, cost)
        loader._at_once = partial(loader._begun, begin)
        return loader

    @cached_property
    def _loader(self) -> DataLoader[K, V]:
        # Made where it is used: an operation has a dozen loaders and needs two.
        return _Batches(self._batch, self._at_once)

    async def load(self, key: K) -> V:
        """The value of `key`. Raises what its fetch raised."""
        if key in self._known:
            self._cost.deduplicated += 1
        self._known.add(key)
        future = self._asked(key)
        # What is here already needs no shield, which costs more than all the rest of a load.
        return future.result() if future.done() else await asyncio.shield(future)

    def begin(self, key: K) -> None:
        """Start what a later `load` will ask for, for a caller that has to wait for something else."""
        self._asked(key)

    def _asked(self, key: K) -> "asyncio.Future[V]":
        future = self._loader.load(key)
        # Who loads is told. A failure that nobody waits for any more has nobody to complain of it:
        # `shield` forgets it where its waiter was cancelled.
        if not future.done():
            future.add_done_callback(_seen)
        return future

    def clear(self, key: K) -> None:
        """Ask again next time: a mutation changed it."""
        self._known.discard(key)
        self._loader.clear(key)

    def clear_all(self) -> None:
        """Ask everything again next time."""
        self._known.clear()
        self._loader.clear_all()

    async def _batch(self, keys: list[K]) -> list[V | Exception]:
        watch = _watch.get()
        try:
            with nullcontext() if watch is None else watch(len(keys)):
                outcomes = await self._fetch(keys)
        except asyncio.CancelledError:
            # aiodataloader leaves the waiters of a cancelled batch waiting for ever.
            outcomes = [ConnectionAbortedError("the batch was cancelled")] * len(keys)
        return [self._told(key, outcome) for key, outcome in zip(keys, outcomes, strict=True)]

    def _told(self, key: K, outcome: V | BaseException) -> V | Exception:
        """What a waiter is told of an outcome. Failures are not kept."""
        if isinstance(outcome, BaseException):
            self.clear(key)
            if not isinstance(outcome, Exception):
                return ConnectionAbortedError("the call was cancelled")
        return outcome

    def _glanced(
        self, glance: Callable[[Sequence[K]], Sequence[V] | None], queue: Sequence[Queued]
    ) -> bool:
        try:
            values = glance([queued.key for queued in queue])
        except Exception:  # noqa: BLE001 whatever it is, the fetch will find it too
            return False
        if values is None:
            return False
        for queued, value in zip(queue, values, strict=True):
            if not queued.future.done():
                queued.future.set_result(value)
        return True

    def _begun(self, begin: Callable[[K], "asyncio.Future[V]"], queue: Sequence[Queued]) -> bool:
        for queued in queue:
            try:
                answer = begin(queued.key)
            except Exception as error:  # noqa: BLE001 its waiter is told
                self._tell(queued, error)
            else:
                answer.add_done_callback(partial(self._answered, queued))
        return True

    def _answered(self, queued: Queued, answer: "asyncio.Future[V]") -> None:
        self._tell(queued, _outcome(answer))

    def _tell(self, queued: Queued, outcome: V | BaseException) -> None:
        told = self._told(queued.key, outcome)
        if queued.future.done():
            return
        if isinstance(told, Exception):
            queued.future.set_exception(told)
        else:
            queued.future.set_result(told)


def _seen(done: "asyncio.Future[V]") -> None:
    if not done.cancelled():
        done.exception()


def _outcome(done: "asyncio.Future[Any]") -> Any:
    if done.cancelled():
        return asyncio.CancelledError()
    return done.exception() or done.result()
