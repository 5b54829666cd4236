"""The connections of what changes something: used again, and not kept for longer than they are of use."""

import asyncio

import pytest

from clients.asiabill import Asiabill, Deadlines, NoAnswer, Transport, lanes
from tests.unit.asiabill.far_side import FarSide, Seen, answering

pytestmark = pytest.mark.anyio


class Meeting:
    """Answers as soon as so many requests are under way at once."""

    def __init__(self, parties: int) -> None:
        self.all_here = asyncio.Barrier(parties)

    async def __call__(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        await self.all_here.wait()
        await answering({})(seen, writer)

    def wants(self, parties: int) -> None:
        self.all_here = asyncio.Barrier(parties)


async def change(account: Asiabill, times: int = 1) -> None:
    """So often at once."""
    await asyncio.gather(*(account.detach_payment_method("pm_1") for _ in range(times)))


async def test_connections_are_used_again() -> None:
    meeting = Meeting(8)
    async with FarSide(meeting).listening() as far, Transport() as transport, asyncio.timeout(10):
        account = far.account(transport)
        for parties in (8, 8, 3, 1, 1, 5, 8):
            meeting.wants(parties)
            await change(account, parties)
        assert len(far.seen) == 34
        assert far.connected == far.connections == 8


async def test_what_was_not_used_for_a_while_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_KEPT_SECONDS", 0.02)
    meeting = Meeting(6)
    async with FarSide(meeting).listening() as far, Transport() as transport, asyncio.timeout(10):
        account = far.account(transport)
        await change(account, 6)
        assert far.connections == 6
        meeting.wants(1)
        while far.connections > 1:
            await asyncio.sleep(0.005)
            await change(account)
        assert far.connected == 6


async def test_one_that_the_far_side_has_closed_is_not_used() -> None:
    async with FarSide(answering({})).listening() as far, Transport() as transport:
        account = far.account(transport)
        for connected in (1, 2, 3):
            await change(account)
            far.release()
            while far.connections:
                await asyncio.sleep(0)
            assert far.connected == connected


async def test_what_failed_leaves_nothing_open() -> None:
    """Fewer times than the breaker would take for an outage."""
    faults = 5

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        nonlocal faults
        faults -= 1
        if faults < 0:
            await answering({})(seen, writer)
        elif faults % 2:
            writer.close()
        else:
            # An answer that drips for ever, or until the connection is closed.
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n{")
            while not writer.is_closing():
                writer.write(b" ")
                await asyncio.sleep(0.01)

    deadlines = Deadlines(read=0.05, answer=0.1)
    async with FarSide(answer).listening() as far, Transport(deadlines=deadlines) as transport:
        account = far.account(transport)
        for _ in range(5):
            with pytest.raises(NoAnswer):
                await change(account)
        assert far.connected == len(far.seen) == 5
        async with asyncio.timeout(5):
            while far.connections:
                await asyncio.sleep(0.01)
        await change(account, 8)
        assert far.connected == 13
