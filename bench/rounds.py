"""Stacks beside each other, in rounds: a slow minute of the machine is everybody's."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.found import Table, medians, of_upstream
from bench.load import Measure, run, straight
from bench.names import UPSTREAM
from bench.stack import LOAD_CORE, PYTHON, ROOT, SERVER_CORE, Stack, ask, running
from bench.stub import COUNTS

STUB_PORT, PORT = 19100, 19200
CONNECTIONS = {"A": 32, "hot": 32, "B": 16, "C": 32}
BOTH_CORES = f"{SERVER_CORE},{LOAD_CORE}"


@dataclass(frozen=True)
class Pace:
    """How long to measure: rounds, seconds of a cell in each, requests over which memory may grow."""

    rounds: int = 3
    seconds: int = 3
    requests: int = 100_000


@contextmanager
def stub(*more: str, cores: str = LOAD_CORE) -> Iterator[str]:
    """The far side; yields its base URL."""
    command = ["taskset", "-c", cores, PYTHON, "-m", "bench.stub", "--port", str(STUB_PORT)]
    process = subprocess.Popen([*command, *more], cwd=ROOT)
    try:
        while True:
            try:
                ask(STUB_PORT, COUNTS)
                break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit("the stub did not start") from None
        secure = "--tls" in more
        yield f"{'https' if secure else 'http'}://127.0.0.1:{STUB_PORT + secure}/V2022-03"
    finally:
        process.terminate()
        process.wait()


def rounds(
    stacks: Sequence[Stack],
    kind: str,
    pace: Pace,
    *stub_: str,
    connections: int = 0,
    upstream: bool = False,
    cores: tuple[str, str] = (SERVER_CORE, LOAD_CORE),
    **environment: str,
) -> Table:
    """Start each stack anew in each round, warm it up with every answer checked, and measure it.

    With `upstream` the far side is a row of its own; `cores` are the servers' and the load's.
    """
    connections = connections or CONNECTIONS[kind]
    found: dict[str, list[Measure]] = defaultdict(list)
    with stub(*stub_, cores=cores[1]) as base:
        for turn in range(pace.rounds):
            if upstream:
                measure = straight(
                    STUB_PORT, kind, connections=connections, seconds=pace.seconds, turn=80 + turn
                )
                found[UPSTREAM].append(measure)
            for place, stack in enumerate(stacks):
                with running(stack, PORT + place, base, cores=cores[0], **environment) as server:
                    for seconds, check in ((1, True), (pace.seconds, False)):
                        measure = run(
                            server,
                            STUB_PORT,
                            kind,
                            connections=connections,
                            seconds=seconds,
                            turn=50 + turn if check else turn,
                            check=check,
                            cores=cores[1],
                        )
                found[stack.name].append(measure)
                sys.stderr.write(f"{kind} {turn} {stack.name}: {measure.rate:.0f}/s\n")
    rows = {name: medians(runs) for name, runs in found.items()}
    if upstream:
        rows[UPSTREAM] = of_upstream(rows[UPSTREAM])
    return rows
