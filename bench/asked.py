"""The figures that were asked for, each with how it follows from what was measured."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.found import Found, Look, Refused
from bench.names import (
    BEST_PEER,
    GUIDES,
    KEPT,
    NODE_PROXY,
    ONE,
    OURS,
    PROXY,
    STORING,
    TWO,
    UPSTREAM,
)

_HOLDS: Final = {
    "at least": operator.ge,
    "at most": operator.le,
    "under": operator.lt,
    "exactly": operator.eq,
}


@dataclass(frozen=True)
class Figure:
    """`bound` and `number` are what is asked of `value`."""

    what: str
    bound: str
    number: float
    unit: str
    value: Callable[[Look], float]
    places: int = 2

    def line(self, look: Look) -> str:
        """A row of the table: asked, measured, reached or missed."""
        asked = f"| {self.what} | {self.bound} {self.number:g}{' ' * bool(self.unit)}{self.unit} | "
        try:
            value = self.value(look)
        except Refused:
            return f"{asked}refused by the limits | missed |"
        except (KeyError, ZeroDivisionError):
            return f"{asked}not measured | |"
        # What is shown is what is judged.
        value = round(value, self.places)
        reached = _HOLDS[self.bound](value, self.number)
        return f"{asked}{value:.{self.places}f} | {'reached' if reached else '**missed**'} |"


@dataclass(frozen=True)
class Proven:
    """What a test shows and no measurement, in each run of `make test`."""

    what: str
    test: str

    def line(self, _: Look) -> str:
        """A row of the same table."""
        return f"| {self.what} | always | by `{self.test}` | proven |"


def _rate(table: str, to: str) -> Callable[[Look], float]:
    return lambda look: look.ratio(table, "rate", OURS, to)


def _growth(look: Look) -> float:
    """What comes with the first requests would be multiplied, were it of fewer."""
    if look("growth", OURS, "requests") < 100_000:
        raise KeyError("requests")
    return look("growth", OURS, "growth")


FIGURES: Final[tuple[Figure | Proven, ...]] = (
    Figure(
        "A, requests/s beside mercurius with jit", "at least", 1.3, "times", _rate("A", BEST_PEER)
    ),
    Figure(
        "A over TLS to the upstream, the same", "at least", 1.3, "times", _rate("TLS", BEST_PEER)
    ),
    Figure("A beside the straightforward stack", "at least", 25, "times", _rate("A", GUIDES), 1),
    Figure("B, list calls a request", "exactly", 20, "", lambda look: look("calls", "B", "lists")),
    Figure("B, calls for customers", "exactly", 0, "", lambda look: look("calls", "B", "others")),
    Figure(
        "B, requests/s beside mercurius with jit", "at least", 1.1, "times", _rate("B", BEST_PEER)
    ),
    Figure(
        "B, processor time beside that of A",
        "at most",
        14,
        "times",
        lambda look: look("B", OURS, "cpu") / look("A", OURS, "cpu"),
    ),
    Figure(
        "1000 customers in a query, median",
        "at most",
        120,
        "ms",
        lambda look: look("sizes", f"1000 customers, {OURS}", "p50"),
    ),
    Figure(
        "C, `confirmCharge` a request", "exactly", 1, "", lambda look: look("calls", "C", "charges")
    ),
    Proven("C, never shared between charges or repeated", "tests/api/money/test_charges.py"),
    Figure(
        "C, median beside the upstream's call, on SQLite",
        "under",
        3,
        "ms",
        lambda look: look("alone", OURS, "p50") - look("alone", UPSTREAM, "p50"),
    ),
    Figure(
        "C, time beside a peer that writes the same rows",
        "at most",
        2,
        "times",
        lambda look: look.ratio("C", "rate", STORING, OURS),
    ),
    Figure(
        "C alone, median beside that peer's",
        "at most",
        2,
        "times",
        lambda look: look.ratio("alone", "p50", OURS, STORING),
    ),
    Figure(
        "A, processor time beside a raw proxy on the same path",
        "at most",
        1.5,
        "times",
        lambda look: look.ratio("A", "cpu", OURS, PROXY),
    ),
    Figure(
        "A, processor time beside a raw Node proxy",
        "at most",
        1.5,
        "times",
        lambda look: look.ratio("A", "cpu", OURS, NODE_PROXY),
    ),
    Figure(
        "50 ms upstream, 8 connections: median beside the upstream's",
        "at most",
        4,
        "ms",
        lambda look: look("tail-8", OURS, "p50") - look("tail-8", UPSTREAM, "p50"),
    ),
    Figure(
        "50 ms upstream, 500 connections: errors",
        "exactly",
        0,
        "",
        lambda look: look("tail-500", OURS, "errors"),
        0,
    ),
    Figure(
        "50 ms upstream, 500 connections: p99 beside p50",
        "at most",
        2,
        "times",
        lambda look: look("tail-500", OURS, "p99") / look("tail-500", OURS, "p50"),
    ),
    Figure(
        "50 ms upstream, 500 connections: p99 beside mercurius with jit's",
        "under",
        0.25,
        "times",
        lambda look: look.ratio("tail-500", "p99", OURS, BEST_PEER),
    ),
    Figure(
        "one hot customer, lists kept: upstream calls a request",
        "at most",
        0.05,
        "",
        lambda look: look("hot", KEPT, "calls"),
        3,
    ),
    Figure(
        "one hot customer, no list kept: upstream calls a request",
        "at most",
        0.05,
        "",
        lambda look: look("hot", OURS, "calls"),
        3,
    ),
    Proven("no stale card after a write, in any process", "tests/api/money/test_card_lists.py"),
    Figure(
        "memory of a worker, of two",
        "at most",
        60,
        "MB",
        lambda look: look("workers", TWO, "memory"),
        0,
    ),
    Figure(
        "growth over 100,000 requests",
        "under",
        2,
        "MB",
        _growth,
        1,
    ),
    Figure("start to the first answer", "at most", 1.5, "s", lambda look: look("A", OURS, "start")),
    Figure(
        "two workers beside one, requests/s",
        "at least",
        1.45,
        "times",
        lambda look: look.ratio("workers", "rate", TWO, ONE),
    ),
)


def table(found: Found) -> str:
    """The figures of the issue beside what was measured, as Markdown."""
    look = Look(found)
    lines = ["| | asked | measured | |", "|---|---|---|---|"]
    return "\n".join([*lines, *(figure.line(look) for figure in FIGURES)])
