"""A few seconds for each cell, for one's own loop: this gateway, the best peer, the floor.

python -m bench.short A B C
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from bench.load import Measure, run
from bench.stack import LOAD_CORE, ROOT, STACKS, ask, running
from bench.stub import COUNTS

STUB_PORT, PORT = 19100, 19200
NAMES = ("this gateway", "mercurius with jit", "floor: raw proxy")
CONNECTIONS = {"A": 32, "B": 16, "C": 32}


@contextmanager
def stub(port: int = STUB_PORT, *more: str) -> Iterator[str]:
    """The far side, on the load's core; yields its base URL."""
    command = ["taskset", "-c", LOAD_CORE, sys.executable, "-m", "bench.stub", "--port", str(port)]
    process = subprocess.Popen([*command, *more], cwd=ROOT)
    try:
        while True:
            try:
                ask(port, COUNTS)
                break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit("the stub did not start") from None
        secure = "--tls" in more
        yield f"{'https' if secure else 'http'}://127.0.0.1:{port + secure}/V2022-03"
    finally:
        process.terminate()
        process.wait()


def main(kinds: list[str], names: tuple[str, ...] = NAMES) -> None:
    """Print the medians of three rounds."""
    with stub() as upstream:
        for kind in kinds:
            found: dict[str, list[Measure]] = {}
            for turn in range(3):
                for place, name in enumerate(names):
                    stack = STACKS[name]
                    if not stack.graphql and kind != "A":
                        continue
                    with running(stack, PORT + place, upstream) as server:
                        run(
                            server,
                            STUB_PORT,
                            kind,
                            connections=CONNECTIONS[kind],
                            seconds=1,
                            turn=10 + turn,
                            check=True,
                        )
                        found.setdefault(name, []).append(
                            run(
                                server,
                                STUB_PORT,
                                kind,
                                connections=CONNECTIONS[kind],
                                seconds=3,
                                turn=turn,
                            )
                        )
            best = median(m.rate for m in found["mercurius with jit"])
            for name, measures in found.items():
                rate = median(m.rate for m in measures)
                sys.stdout.write(
                    f"{kind} {name:22} {rate:8.0f}/s {rate / best:5.2f}  cpu "
                    f"{median(m.cpu for m in measures):7.0f} us  p50 "
                    f"{median(m.p50 for m in measures):6.2f}  p99 "
                    f"{median(m.p99 for m in measures):6.2f} ms  calls "
                    f"{median(m.calls for m in measures):5.2f}  errors "
                    f"{sum(m.errors for m in measures)}  {measures[-1].memory:.0f} MB\n"
                )


if __name__ == "__main__":
    main(sys.argv[1:] or ["A"])
