"""startTime and endTime of a look-up. Source: contract 6.3 and 12."""

import math
from dataclasses import dataclass
from datetime import datetime

from simulator.endpoint import Call
from simulator.fields import Refusal
from simulator.numbers import CHINA_TIME


@dataclass(frozen=True, slots=True)
class Period:
    """Seconds since 1970, both included; `as_of` is the last moment the look-up knows of."""

    start: float
    end: float
    as_of: float

    def covers(self, moment: float) -> bool:
        return self.start <= moment <= self.end and moment <= self.as_of


def read_period(call: Call) -> Period:
    """The times may be left out where an order is named. Raises Refusal P0001 or P0002."""
    named = "tradeNo" in call.query or "orderNo" in call.query
    start = _time(call, "startTime", 0.0, named)
    return Period(start, _time(call, "endTime", math.inf, named), call.as_of)


def _time(call: Call, name: str, default: float, optional: bool) -> float:
    """Seconds since 1970 of a China time; an end means the whole of its second."""
    text = call.query.get(name, "")
    if not text:
        if optional:
            return default
        raise Refusal.incorrect(name)
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=CHINA_TIME)
    except ValueError as error:
        raise Refusal.malformed(name) from error
    return moment.timestamp() + (0.999999 if name == "endTime" else 0.0)
