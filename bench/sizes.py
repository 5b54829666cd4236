"""Customers in one query, all of them distinct, one connection."""

import urllib.error
from collections import defaultdict
from typing import Final

from bench.found import Table, medians
from bench.load import QUERIES, Measure, run
from bench.names import BEST_PEER, OURS
from bench.rounds import Pace
from bench.stack import STACKS, Running, ask, running
from bench.upstream import stub

_COUNTS: Final = (1, 10, 50, 100, 1000)


def sizes(pace: Pace) -> Table:
    """A row for each number of customers and stack; `refused` is 1 where the limits end before it."""
    found: dict[str, list[Measure]] = defaultdict(list)
    refused: Table = {}
    with stub() as far:
        for turn in range(pace.rounds):
            for name in (OURS, BEST_PEER):
                with running(STACKS[name], far.url) as server:
                    run(server, far, "B", connections=16, seconds=1, turn=50 + turn, check=True)
                    for count in _COUNTS:
                        row = f"{count} customers, {name}"
                        if not _answered(server, count):
                            refused[row] = {"refused": 1}
                            continue
                        measure = run(
                            server,
                            far,
                            "B",
                            connections=1,
                            seconds=pace.seconds,
                            turn=turn,
                            count=count,
                            distinct=count,
                        )
                        found[row].append(measure)
    rows = {row: medians(runs) for row, runs in found.items()} | refused
    return {
        row: rows[row]
        for row in (f"{count} customers, {name}" for count in _COUNTS for name in (OURS, BEST_PEER))
    }


def _answered(server: Running, count: int) -> bool:
    ids = [f"cus_{number}" for number in range(count)]
    try:
        told = ask(
            server.port, server.stack.path, {"query": QUERIES["B"], "variables": {"ids": ids}}
        )
    except urllib.error.HTTPError:
        return False
    return "errors" not in told
