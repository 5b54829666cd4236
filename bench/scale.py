"""What one process holds over many requests, and what a second one adds."""

from typing import Final

from bench.found import Table
from bench.load import run
from bench.names import ONE, OURS, TWO
from bench.rounds import BOTH_CORES, Pace, rounds
from bench.stack import ours, running
from bench.upstream import stub

_WARM: Final = 10_000
_PIECE_SECONDS: Final = 5


def growth(pace: Pace) -> Table:
    """Memory in MB after warming up, and after so many requests more."""
    with stub() as far, running(ours(), far.url) as server:

        def ask(least: int) -> float:
            done = 0.0
            while done < least:
                seconds = min(_PIECE_SECONDS, max(1, least // 1000))
                measure = run(server, far, "A", connections=32, seconds=seconds, turn=1)
                done += measure.rate * seconds
            return done

        ask(min(_WARM, pace.requests))
        before = server.memory()
        done = ask(pace.requests)
        after = server.memory()
    return {OURS: {"memory": before, "after": after, "growth": after - before, "requests": done}}


def workers(pace: Pace) -> Table:
    """One worker and two. Servers, stub and load may all use both cores, in both rows."""
    stacks = [ours(ONE), ours(TWO, workers=2)]
    return rounds(stacks, "A", pace, connections=64, cores=(BOTH_CORES, BOTH_CORES))
