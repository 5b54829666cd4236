"""The loader's edges: waiters that go away, batches that die, failures that must not stay."""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from resolvers.cost import Cost
from resolvers.loader import Loader, watch_dispatches


class Source:
    """Answers keys with themselves in capitals, notes each batch, and holds it where told to."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.failing: set[str] = set()
        self.go = asyncio.Event()
        self.go.set()
        self.began = asyncio.Event()

    async def fetch(self, keys: Sequence[str]) -> list[str | BaseException]:
        self.batches.append(list(keys))
        self.began.set()
        await self.go.wait()
        return [LookupError(key) if key in self.failing else key.upper() for key in keys]


@pytest.fixture
async def source() -> Source:
    return Source()


@pytest.fixture
async def cost() -> Cost:
    return Cost(limit=32)


@pytest.fixture
async def loader(source: Source, cost: Cost) -> Loader[str, str]:
    return Loader(source.fetch, cost)


async def test_loads_of_one_moment_are_one_batch_of_distinct_keys(
    loader: Loader[str, str], source: Source, cost: Cost
) -> None:
    assert await asyncio.gather(*map(loader.load, "abab")) == ["A", "B", "A", "B"]
    assert source.batches == [["a", "b"]]
    assert cost.deduplicated == 2


async def test_a_key_is_asked_once_in_an_operation(
    loader: Loader[str, str], source: Source
) -> None:
    assert [await loader.load("a"), await loader.load("a")] == ["A", "A"]
    assert source.batches == [["a"]]


async def test_one_keys_failure_is_its_own(loader: Loader[str, str], source: Source) -> None:
    source.failing = {"b"}
    a, b, c = await asyncio.gather(*map(loader.load, "abc"), return_exceptions=True)
    assert (a, c) == ("A", "C")
    assert isinstance(b, LookupError)


async def test_a_failure_is_not_kept(loader: Loader[str, str], source: Source) -> None:
    source.failing = {"a"}
    with pytest.raises(LookupError):
        await loader.load("a")
    source.failing = set()
    assert await loader.load("a") == "A"


async def test_a_cleared_key_is_asked_again(loader: Loader[str, str], source: Source) -> None:
    await asyncio.gather(*map(loader.load, "ab"))
    loader.clear("a")
    await asyncio.gather(*map(loader.load, "ab"))
    assert source.batches == [["a", "b"], ["a"]]
    loader.clear_all()
    await asyncio.gather(*map(loader.load, "ab"))
    assert source.batches[2:] == [["a", "b"]]


async def test_a_waiter_that_is_cancelled_takes_nobody_with_it(
    loader: Loader[str, str], source: Source
) -> None:
    source.go.clear()
    impatient, same_key, other_key = (asyncio.ensure_future(loader.load(key)) for key in "aab")
    await source.began.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    source.go.set()
    assert await asyncio.wait_for(same_key, 5) == "A"
    assert await asyncio.wait_for(other_key, 5) == "B"


async def test_a_batch_that_is_cancelled_fails_and_does_not_hang(cost: Cost) -> None:
    async def cancelled(keys: Sequence[str]) -> list[str]:
        raise asyncio.CancelledError

    loader: Loader[str, str] = Loader(cancelled, cost)
    with pytest.raises(ConnectionAbortedError):
        await asyncio.wait_for(loader.load("a"), 5)


async def test_a_batch_that_raises_fails_each_of_its_loads(cost: Cost) -> None:
    async def broken(keys: Sequence[str]) -> list[str]:
        raise LookupError("all of them")

    loader: Loader[str, str] = Loader(broken, cost)
    outcomes = await asyncio.wait_for(
        asyncio.gather(*map(loader.load, "ab"), return_exceptions=True), 5
    )
    assert [type(outcome) for outcome in outcomes] == [LookupError, LookupError]


async def test_what_was_begun_is_what_is_loaded(
    loader: Loader[str, str], source: Source, cost: Cost
) -> None:
    loader.begin("a")
    assert await loader.load("a") == "A"
    assert source.batches == [["a"]]
    assert cost.deduplicated == 0


async def test_a_begun_load_may_fail_unheard(loader: Loader[str, str], source: Source) -> None:
    """No warning of an exception that nobody asked for: warnings are errors in these tests."""
    source.failing = {"a"}
    loader.begin("a")
    await source.began.wait()
    assert await loader.load("b") == "B"


async def test_each_asks_side_by_side_and_keeps_failures_apart(cost: Cost) -> None:
    under_way = 0
    most = 0
    all_there = asyncio.Event()

    async def call(key: str) -> str:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 3:
            all_there.set()
        await asyncio.wait_for(all_there.wait(), 5)
        under_way -= 1
        if key == "b":
            raise asyncio.CancelledError
        return key.upper()

    loader: Loader[str, str] = Loader.each(lambda key: asyncio.create_task(call(key)), cost)
    a, b, c = await asyncio.gather(*map(loader.load, "abc"), return_exceptions=True)
    assert (a, c, most) == ("A", "C", 3)
    assert isinstance(b, ConnectionAbortedError)


async def test_a_failure_whose_waiter_went_away_is_not_reported_as_lost(
    loader: Loader[str, str], source: Source
) -> None:
    """GraphQL cancels the siblings of what failed; their loads may fail after that."""
    reports: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    source.failing = {"a"}
    source.go.clear()
    waiting = asyncio.create_task(loader.load("a"))
    await source.began.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    source.go.set()
    with pytest.raises(LookupError):
        await loader.load("a")
    loader.clear_all()
    gc.collect()
    assert reports == []


async def test_what_is_to_be_had_at_once_is_not_fetched(source: Source, cost: Cost) -> None:
    looks: list[list[str]] = []

    def glance(keys: Sequence[str]) -> list[str]:
        looks.append(list(keys))
        return [f"{key}!" for key in keys]

    loader: Loader[str, str] = Loader(source.fetch, cost, glance)
    assert await asyncio.gather(*map(loader.load, "aba")) == ["a!", "b!", "a!"]
    assert (looks, source.batches) == ([["a", "b"]], [])


@pytest.mark.parametrize("failure", [None, LookupError("not now")])
async def test_what_is_not_to_be_had_at_once_is_fetched(
    source: Source, cost: Cost, failure: Exception | None
) -> None:
    def glance(keys: Sequence[str]) -> list[str] | None:
        if failure is not None:
            raise failure
        return None

    loader: Loader[str, str] = Loader(source.fetch, cost, glance)
    assert await asyncio.wait_for(asyncio.gather(*map(loader.load, "ab")), 5) == ["A", "B"]
    assert source.batches == [["a", "b"]]


async def test_a_key_that_can_not_even_be_asked_for_fails_alone(cost: Cost) -> None:
    def begin(key: str) -> "asyncio.Future[str]":
        if key == "a":
            raise LookupError(key)
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        found.set_result(key.upper())
        return found

    loader: Loader[str, str] = Loader.each(begin, cost)
    a, b = await asyncio.wait_for(
        asyncio.gather(*map(loader.load, "ab"), return_exceptions=True), 5
    )
    assert isinstance(a, LookupError)
    assert b == "B"


async def test_a_watch_sees_the_end_of_what_each_asks(cost: Cost) -> None:
    seen: list[str] = []

    @contextmanager
    def watch(keys: int) -> Iterator[None]:
        seen.append(f"{keys} asked")
        yield
        seen.append("answered")

    async def call(key: str) -> str:
        seen.append(key)
        return key.upper()

    watch_dispatches(watch)
    loader: Loader[str, str] = Loader.each(lambda key: asyncio.create_task(call(key)), cost)
    assert await asyncio.gather(*map(loader.load, "ab")) == ["A", "B"]
    assert seen == ["2 asked", "a", "b", "answered"]
