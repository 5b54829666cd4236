"""Stacks beside each other, in rounds: a slow minute of the machine is everybody's."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.found import Table, medians, of_upstream
from bench.load import Measure, run, straight
from bench.names import UPSTREAM
from bench.stack import LOAD_CORE, SERVER_CORE, Stack, running
from bench.upstream import stub

CONNECTIONS = {"A": 32, "hot": 32, "B": 16, "C": 32}
BOTH_CORES = f"{SERVER_CORE},{LOAD_CORE}"


@dataclass(frozen=True)
class Pace:
    """How long to measure: rounds, seconds of a cell in each, requests over which memory may grow."""

    rounds: int = 3
    seconds: int = 3
    requests: int = 100_000


def rounds(
    stacks: Sequence[Stack],
    kind: str,
    pace: Pace,
    *,
    delay: float = 0.0,
    certificate: Path | None = None,
    connections: int = 0,
    upstream: bool = False,
    cores: tuple[str, str] = (SERVER_CORE, LOAD_CORE),
    **environment: str,
) -> Table:
    """Start each stack anew in each round, warm it up with every answer checked, and measure it.

    With `upstream` the far side is a row of its own; `cores` are the servers' and the load's.
    """
    connections = connections or CONNECTIONS[kind]
    # A second of one connection warms nothing up.
    most = max(connections, CONNECTIONS[kind])
    found: dict[str, list[Measure]] = defaultdict(list)
    if certificate is not None:
        environment["SSL_CERT_FILE"] = str(certificate)
    with stub(delay, certificate, cores[1]) as far:
        for turn in range(pace.rounds):
            if upstream:
                measure = straight(
                    far, kind, connections=connections, seconds=pace.seconds, turn=80 + turn
                )
                found[UPSTREAM].append(measure)
            for stack in stacks:
                with running(stack, far.url, cores=cores[0], **environment) as server:
                    for warming in (True, False):
                        measure = run(
                            server,
                            far,
                            kind,
                            connections=most if warming else connections,
                            seconds=1 if warming else pace.seconds,
                            turn=50 + turn if warming else turn,
                            check=warming,
                            cores=cores[1],
                        )
                found[stack.name].append(measure)
                sys.stderr.write(f"{kind} {turn} {stack.name}: {measure.rate:.0f}/s\n")
    rows = {name: medians(runs) for name, runs in found.items()}
    if upstream:
        rows[UPSTREAM] = of_upstream(rows[UPSTREAM])
    return rows
