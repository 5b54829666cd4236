"""What the benchmark says of the figures that were asked for."""

import json
from dataclasses import replace
from pathlib import Path

from bench.asked import FIGURES, Figure, Proven, table
from bench.found import Found, Look, Row, medians
from bench.load import Measure
from bench.names import BEST_PEER, OURS
from bench.stack import ROOT
from bench.table import TITLES, page

RESULTS = ROOT / "bench" / "results"


def found(**tables: dict[str, Row]) -> Found:
    return {"part": {"run": "today", "on": "this machine", "took": 0, "tables": tables}}


def line(of: Found, what: str) -> list[str]:
    """The cells after the words of a figure."""
    (told,) = [row for row in table(of).splitlines() if row.startswith(f"| {what} |")]
    return [cell.strip() for cell in told.strip("|").split("|")][1:]


def test_a_figure_is_reached_or_missed() -> None:
    what = "A, requests/s beside mercurius with jit"
    for rate, measured, end in ((1300.0, "1.30", "reached"), (1290.0, "1.29", "**missed**")):
        told = found(A={OURS: {"rate": rate}, BEST_PEER: {"rate": 1000.0}})
        assert line(told, what) == ["at least 1.3 times", measured, end]


def test_what_is_not_there_was_not_measured() -> None:
    assert line(found(), "B, list calls a request") == ["exactly 20", "not measured", ""]


def test_what_the_limits_refuse_is_missed() -> None:
    told = found(sizes={f"1000 customers, {OURS}": {"refused": 1}})
    assert line(told, "1000 customers in a query, median")[1:] == [
        "refused by the limits",
        "missed",
    ]


def test_a_difference_is_taken_from_the_upstreams_own_median() -> None:
    told = found(**{"tail-8": {OURS: {"p50": 54.0}, "the upstream itself": {"p50": 50.5}}})
    what = "50 ms upstream, 8 connections: median beside the upstream's"
    assert line(told, what)[1:] == ["3.50", "reached"]


def test_rounds_that_differ_say_so() -> None:
    rounds = [Measure(rate, 1, 2, 3, 4, 1, 0, 1) for rate in (90.0, 100.0, 150.0)]
    row = medians([*rounds[:2], replace(rounds[2], errors=1)])
    assert (row["rate"], row["spread"], row["errors"]) == (100, 60, 1)


def test_growth_over_fewer_requests_is_not_what_was_asked() -> None:
    for requests, told in ((2_000, "not measured"), (100_158, "0.4")):
        of = found(growth={OURS: {"growth": 0.4, "requests": requests}})
        assert line(of, "growth over 100,000 requests")[1] == told


def test_every_figure_is_looked_for_in_a_table_that_is_measured() -> None:
    looked: set[str] = set()

    class Watched(Look):
        def __call__(self, table: str, row: str, figure: str) -> float:
            looked.add(table)
            return 100_000.0

    for figure in FIGURES:
        if isinstance(figure, Figure):
            figure.value(Watched({}))
    assert looked <= set(TITLES)


def test_what_a_test_proves_has_that_test() -> None:
    assert all(Path(ROOT, each.test).exists() for each in FIGURES if isinstance(each, Proven))


def test_the_committed_page_is_that_of_the_committed_figures() -> None:
    told: Found = json.loads((RESULTS / "results.json").read_text())
    assert page(told) == (RESULTS / "results.md").read_text()
