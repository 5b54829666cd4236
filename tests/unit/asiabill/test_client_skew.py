"""The clocks of the two sides are compared with every answer, before Asiabill refuses ours."""

import asyncio
import time
from email.utils import formatdate

import pytest
import structlog

from clients.asiabill import NoAnswer, Transport
from tests.unit.asiabill.far_side import Answering, FarSide, Seen, envelope, http

pytestmark = pytest.mark.anyio


def told(seconds: float, **more: str) -> Answering:
    """A far side whose clock is so many seconds ahead of ours."""

    async def answer(_: Seen, writer: asyncio.StreamWriter) -> None:
        head = {"response_time": str(int((time.time() + seconds) * 1000)), **more}
        writer.write(http(envelope([]), **head))

    return answer


async def alarms_of(answer: Answering, times: int = 3) -> tuple[list[float], int]:
    """What is observed of so many answers, and how often the alarm is raised."""
    seen: list[float] = []
    with structlog.testing.capture_logs() as logs:
        async with (
            FarSide(answer).listening() as far,
            Transport(observe_skew=seen.append) as transport,
        ):
            for _ in range(times):
                try:
                    await far.account(transport).create_session_token()
                except NoAnswer:
                    continue
    return seen, sum(line["event"] == "asiabill.clock.apart" for line in logs)


@pytest.mark.parametrize("minutes", [-11, 11])
async def test_a_clock_that_is_apart_raises_one_alarm(minutes: int) -> None:
    seen, alarms = await alarms_of(told(minutes * 60))
    assert [round(seconds / 60) for seconds in seen] == [-minutes] * 3
    assert alarms == 1


async def test_a_clock_that_is_right_raises_none() -> None:
    seen, alarms = await alarms_of(told(1))
    assert all(abs(seconds) < 30 for seconds in seen)
    assert alarms == 0


async def test_where_asiabill_says_no_time_of_its_own_the_date_counts() -> None:
    date = formatdate(time.time() + 700, usegmt=True)
    seen, alarms = await alarms_of(told(0, response_time="soon", date=date))
    assert [round(seconds / 100) for seconds in seen] == [-7] * 3
    assert alarms == 1


async def test_an_answer_without_any_time_says_nothing() -> None:
    assert await alarms_of(told(0, response_time="", date="never")) == ([], 0)


async def test_a_clock_that_jumps_does_not_end_or_stretch_a_call() -> None:
    """Time-outs are by the monotonic clock; only what is signed and compared is by the other."""
    jumping = iter(range(1_700_000_000, 2_000_000_000, 40_000))
    async with (
        FarSide(told(0)).listening() as far,
        Transport(now=lambda: float(next(jumping))) as transport,
    ):
        for _ in range(5):
            assert await far.account(transport).payment_methods("cus_1") == []
        assert len({seen.headers["request-time"] for seen in far.seen}) == 5
