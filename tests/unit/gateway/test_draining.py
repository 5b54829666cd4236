"""What becomes of streams when the process is told to stop."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from gateway.draining import Draining


@pytest.fixture
def told() -> Iterator[asyncio.Event]:
    """The server's own handler of SIGTERM: set once it was called."""
    event = asyncio.Event()
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: event.set())
    yield event
    signal.signal(signal.SIGTERM, before)


async def stream(draining: Draining) -> None:
    """One that has nothing to tell; raises TimeoutError at its end."""
    async with asyncio.timeout(None) as limit:
        with draining.ending(limit):
            await asyncio.Event().wait()


async def test_streams_end_also_those_that_open_while_the_port_is_still_open(
    told: asyncio.Event,
) -> None:
    draining = Draining(0)
    with draining.heeding():
        before = asyncio.create_task(stream(draining))
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGTERM)
        await told.wait()
    assert draining.begun
    for one in (before, stream(draining)):
        with pytest.raises(TimeoutError):
            await one
