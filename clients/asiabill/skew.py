"""How far this machine's clock is from Asiabill's, which refuses what is signed ten minutes off.

Source: contract 2 (response-time; else the answer's Date).
"""

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

import structlog

# Long before Asiabill refuses, and far from what a slow answer can make of it.
ALARM_SECONDS = 120.0
_ALARM_EVERY = 60.0

_log = structlog.get_logger(__name__)


class Skew:
    """`observe` is told the difference of each answer, in seconds: positive where we are ahead."""

    def __init__(self, now: Callable[[], float], observe: Callable[[float], None]) -> None:
        self._now = now
        self._observe = observe
        self._alarmed: float | None = None

    def compare(self, headers: Mapping[str, str]) -> None:
        """Look at an answer's time, and raise the alarm where the clocks are apart."""
        told = _told(headers)
        if told is None:
            return
        seconds = self._now() - told
        self._observe(seconds)
        if abs(seconds) < ALARM_SECONDS:
            return
        # By another clock: the one in question may be set back and forth.
        moment = time.monotonic()
        if self._alarmed is None or moment - self._alarmed >= _ALARM_EVERY:
            self._alarmed = moment
            _log.error("asiabill.clock.apart", seconds=round(seconds))


def _told(headers: Mapping[str, str]) -> float | None:
    told = headers.get("response-time", "")
    if len(told) == 13 and told.isascii() and told.isdigit():
        return int(told) / 1000
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None
