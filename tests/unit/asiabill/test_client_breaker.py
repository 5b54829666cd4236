"""While Asiabill is down nobody waits for it, nothing is sent to it, and its return is noticed."""

import asyncio
from collections.abc import Callable
from time import monotonic

import pytest

from clients.asiabill import Asiabill, CircuitOpen, Deadlines, NoAnswer, NotSent, Refused, Transport
from clients.asiabill.breaker import LEAST_FAILURES, PROBE_SECONDS, WINDOW_SECONDS, Breaker
from tests.unit.asiabill.far_side import (
    Answering,
    FarSide,
    Seen,
    answering,
    envelope,
    http,
    quiet,
    signed,
)
from tests.unit.asiabill.test_client_transport import CHARGE

pytestmark = pytest.mark.anyio

BUSY = http(b"<html>busy</html>", "503 Service Unavailable")


class Weather:
    """A far side whose answers change while it runs."""

    def __init__(self) -> None:
        self.answer: Answering = self.down

    async def __call__(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        await self.answer(seen, writer)

    async def down(self, _: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(BUSY)

    async def fine(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(signed(seen, envelope([])))

    async def silent(self, _: Seen, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()


async def read(account: Asiabill) -> object:
    return await account.payment_methods("cus_1")


async def opened(account: Asiabill) -> None:
    """Fails until the circuit is open."""
    async with asyncio.timeout(20):
        while True:
            try:
                await account.create_session_token()
            except CircuitOpen:
                return
            except (NoAnswer, NotSent):
                continue


async def test_calls_end_at_once_while_asiabill_is_down() -> None:
    weather = Weather()
    async with FarSide(weather).listening() as far, Transport() as transport:
        account = far.account(transport)
        await opened(account)
        sent = len(far.seen)
        start = monotonic()
        for _ in range(50):
            with pytest.raises(CircuitOpen) as refused:
                await read(account)
        assert monotonic() - start < PROBE_SECONDS
        assert refused.value.retry_after > 0
        assert len(far.seen) - sent <= 1


async def test_a_charge_is_refused_before_it_is_written_down_as_sent() -> None:
    told: list[str] = []

    async def on_send(request_id: str) -> None:
        told.append(request_id)

    async with FarSide(Weather()).listening() as far, Transport() as transport:
        account = far.account(transport)
        await opened(account)
        with pytest.raises(NotSent):
            await account.confirm_charge(CHARGE, on_send)
        assert told == []
        assert not [seen for seen in far.seen if seen.path.endswith("/confirmCharge")]


async def until_answered(account: Asiabill, since: float, within: float) -> None:
    while True:
        try:
            await read(account)
        except (NoAnswer, NotSent):
            assert monotonic() - since < within
            await asyncio.sleep(0)
        else:
            return


async def test_its_return_is_noticed_within_five_seconds() -> None:
    changes: list[bool] = []
    weather = Weather()
    async with (
        FarSide(weather).listening() as far,
        Transport(observe_circuit=lambda _, is_open: changes.append(is_open)) as transport,
    ):
        account = far.account(transport)
        await opened(account)
        weather.answer = weather.fine
        await until_answered(account, monotonic(), 5)
    assert changes == [True, False]


async def test_a_probe_that_hangs_does_not_delay_the_next() -> None:
    weather = Weather()
    async with FarSide(weather).listening() as far, Transport() as transport:
        account = far.account(transport)
        await opened(account)
        weather.answer = weather.silent
        before = len(far.seen)
        async with asyncio.timeout(10):
            while len(far.seen) < before + 2:
                with pytest.raises(CircuitOpen):
                    await read(account)
                await asyncio.sleep(0)
        weather.answer = weather.fine
        await until_answered(account, monotonic(), 5)
        far.release()


async def test_calls_that_only_write_are_probed_for_too() -> None:
    """A shop that reads nothing must not stay cut off."""
    weather = Weather()
    async with FarSide(weather).listening() as far, Transport() as transport:
        account = far.account(transport)
        await opened(account)
        weather.answer = answering({"orderStatus": "success"})
        start = monotonic()
        while True:
            try:
                await account.confirm_charge(CHARGE, quiet)
            except CircuitOpen:
                assert monotonic() - start < 5
                await asyncio.sleep(0)
            else:
                break
        probes = [seen for seen in far.seen if seen.path == "/V2022-03/customers"]
        assert [seen.method for seen in probes] == ["GET"]


@pytest.mark.parametrize("code", ["P0001", "L0005", "I0061", "S0001"])
async def test_what_asiabill_says_itself_never_opens_the_circuit(code: str) -> None:
    async with FarSide(answering(None, code)).listening() as far, Transport() as transport:
        account = far.account(transport)
        for _ in range(4 * LEAST_FAILURES):
            with pytest.raises((Refused, NoAnswer)):
                await account.create_session_token()
        assert len(far.seen) == 4 * LEAST_FAILURES


async def test_an_answer_of_another_shape_never_opens_the_circuit() -> None:
    async with FarSide(answering({"token": 1})).listening() as far, Transport() as transport:
        for _ in range(4 * LEAST_FAILURES):
            with pytest.raises(NoAnswer, match="unreadable"):
                await far.account(transport).create_session_token()
        assert len(far.seen) == 4 * LEAST_FAILURES


async def test_a_refusal_of_on_send_says_nothing_of_asiabill() -> None:
    async def on_send(_: str) -> None:
        raise LookupError

    async with FarSide(answering([])).listening() as far, Transport() as transport:
        account = far.account(transport)
        for _ in range(4 * LEAST_FAILURES):
            with pytest.raises(LookupError):
                await account.confirm_charge(CHARGE, on_send)
        assert await read(account) == []


async def test_those_who_stand_in_the_queue_are_let_go_when_it_opens() -> None:
    """Not one after the other, each with a time-out of its own."""
    weather = Weather()
    weather.answer = weather.silent
    deadlines = Deadlines(place=30, read=0.3, answer=0.5)
    async with (
        FarSide(weather).listening() as far,
        Transport(limit=8, deadlines=deadlines) as transport,
    ):
        account = far.account(transport)
        start = monotonic()
        ended = await asyncio.gather(
            *(account.create_session_token() for _ in range(100)), return_exceptions=True
        )
        assert monotonic() - start < 5
        assert sum(isinstance(end, CircuitOpen) for end in ended) >= 80
        far.release()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def breaker() -> tuple[Breaker, Clock, list[bool]]:
    clock, changes = Clock(), list[bool]()
    return Breaker(clock, lambda _, is_open: changes.append(is_open)), clock, changes


def repeat(times: int, act: Callable[[str], None]) -> None:
    for _ in range(times):
        act("base")


def test_a_share_of_failures_that_reads_can_live_with_leaves_it_closed() -> None:
    circuits, clock, changes = breaker()
    for _ in range(200):
        repeat(1, circuits.answered)
        repeat(1, circuits.failed)
        clock.now += 0.1
    assert changes == []
    repeat(1000, circuits.failed)
    assert changes == [True]


def test_what_is_long_past_is_forgotten() -> None:
    circuits, clock, changes = breaker()
    repeat(LEAST_FAILURES - 1, circuits.failed)
    clock.now += WINDOW_SECONDS + 1
    repeat(LEAST_FAILURES - 1, circuits.failed)
    assert changes == []
    circuits.failed("base")
    assert changes == [True]


def test_two_that_were_waited_for_long_are_enough() -> None:
    """Where Asiabill hangs and few ask, nobody is to wait for the sixth time-out."""
    circuits, clock, changes = breaker()
    for _ in range(2):
        assert changes == []
        clock.now += 10
        circuits.failed("base", 10.0)
    assert changes == [True]


def test_one_base_is_not_judged_by_another() -> None:
    circuits, _, _ = breaker()
    repeat(LEAST_FAILURES, circuits.failed)
    assert circuits.is_open("base")
    assert not circuits.is_open("another")


def test_probes_are_due_once_a_second_and_only_while_open() -> None:
    circuits, clock, _ = breaker()
    assert not circuits.probe_due("base")
    repeat(LEAST_FAILURES, circuits.failed)
    assert not circuits.probe_due("base")
    due = 0
    for _ in range(100):
        clock.now += PROBE_SECONDS / 10
        due += circuits.probe_due("base")
    assert 9 <= due <= 10
    circuits.answered("base")
    clock.now += 60
    assert not circuits.probe_due("base")
