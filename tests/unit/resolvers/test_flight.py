"""Single flight: one call for identical reads of one moment, and never for a reader after a write."""

import asyncio

import pytest

from resolvers.flight import SingleFlight


class Call:
    """An upstream call that lands when told to; its answers are numbered."""

    def __init__(self) -> None:
        self.made = 0
        self.go = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self) -> int:
        self.made += 1
        number = self.made
        await self.go.wait()
        if self.failure:
            raise self.failure
        return number


class Reader:
    """Shares a call, and notes whether it joined another's."""

    def __init__(self, flights: SingleFlight, call: Call, key: str = "a") -> None:
        self.joined = 0
        self.task = asyncio.ensure_future(flights.share((key,), call, self._joined))

    def _joined(self) -> None:
        self.joined += 1


@pytest.fixture
async def flights() -> SingleFlight:
    return SingleFlight()


@pytest.fixture
async def call() -> Call:
    return Call()


async def under_way(flights: SingleFlight, key: str = "a") -> None:
    """Returns once the first reader's call has begun."""
    async with asyncio.timeout(5):
        while not flights.under_way((key,)):
            await asyncio.sleep(0)


async def test_readers_of_one_moment_share_one_call(flights: SingleFlight, call: Call) -> None:
    readers = [Reader(flights, call) for _ in range(5)]
    await under_way(flights)
    call.go.set()
    assert await asyncio.gather(*(reader.task for reader in readers)) == [1] * 5
    assert [reader.joined for reader in readers] == [0, 1, 1, 1, 1]


async def test_other_keys_have_calls_of_their_own(flights: SingleFlight, call: Call) -> None:
    call.go.set()
    readers = [Reader(flights, call, key) for key in "ab"]
    assert sorted(await asyncio.gather(*(reader.task for reader in readers))) == [1, 2]
    assert [reader.joined for reader in readers] == [0, 0]


async def test_a_call_that_landed_is_over(flights: SingleFlight, call: Call) -> None:
    call.go.set()
    assert [await Reader(flights, call).task for _ in range(3)] == [1, 2, 3]
    assert not flights.under_way(("a",))


async def test_a_reader_that_goes_away_takes_itself_alone(
    flights: SingleFlight, call: Call
) -> None:
    first, second = Reader(flights, call), Reader(flights, call)
    await under_way(flights)
    first.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first.task
    call.go.set()
    assert await second.task == 1
    assert call.made == 1


async def test_a_call_goes_on_where_all_its_readers_went(flights: SingleFlight, call: Call) -> None:
    reader = Reader(flights, call)
    await under_way(flights)
    reader.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader.task
    late = Reader(flights, call)
    call.go.set()
    assert await late.task == 1
    assert late.joined == 1


async def test_a_failure_reaches_every_reader_and_is_not_kept(
    flights: SingleFlight, call: Call
) -> None:
    call.failure = ConnectionError("away")
    readers = [Reader(flights, call) for _ in range(3)]
    await under_way(flights)
    call.go.set()
    outcomes = await asyncio.gather(*(reader.task for reader in readers), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError] * 3
    call.failure = None
    assert await Reader(flights, call).task == 2


async def test_a_reader_after_a_write_does_not_join_a_read_from_before_it(
    flights: SingleFlight, call: Call
) -> None:
    before = Reader(flights, call)
    await under_way(flights)
    flights.forget(lambda key: key == ("a",))
    after = Reader(flights, call)
    await under_way(flights)
    call.go.set()
    assert (await before.task, await after.task) == (1, 2)
    assert after.joined == 0


async def test_the_landing_of_a_forgotten_read_leaves_the_new_one_joinable(
    flights: SingleFlight, call: Call
) -> None:
    """The old one ends first; a third reader still joins the second's call."""
    before = Reader(flights, call)
    await under_way(flights)
    flights.forget(lambda _: True)
    slow = Call()
    after = Reader(flights, slow)
    await under_way(flights)
    call.go.set()
    assert await before.task == 1
    third = Reader(flights, slow)
    slow.go.set()
    assert (await after.task, await third.task) == (1, 1)
    assert third.joined == 1


async def test_forgetting_matches_keys_and_leaves_the_others(
    flights: SingleFlight, call: Call
) -> None:
    readers = [Reader(flights, call, key) for key in "ab"]
    await under_way(flights, "a")
    await under_way(flights, "b")
    flights.forget(lambda key: key == ("a",))
    assert not flights.under_way(("a",))
    assert flights.under_way(("b",))
    call.go.set()
    await asyncio.gather(*(reader.task for reader in readers))


async def test_closing_waits_for_what_is_under_way(flights: SingleFlight, call: Call) -> None:
    reader = Reader(flights, call)
    await under_way(flights)
    closing = asyncio.ensure_future(flights.aclose())
    await asyncio.sleep(0)
    assert not closing.done()
    call.go.set()
    await asyncio.wait_for(closing, 5)
    assert await reader.task == 1
