"""`make bench`: this gateway beside its peers and the floors, in rounds, as a table and a picture.

    python -m bench [--seconds 4] [--rounds 5] [--only A,B,C,tail,scale]

Each round starts every server anew, one after the other, so that a slow minute of the machine is
everybody's. What is told of a cell is its median.
"""

import argparse
import datetime
import platform
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from bench import table
from bench.load import Measure, run
from bench.short import CONNECTIONS, PORT, STUB_PORT, stub
from bench.stack import PEERS, STACKS, Stack, ours, running

RESULTS = Path(__file__).parent / "results"
BEST_PEER = "mercurius with jit"
Cells = dict[str, list[Measure]]


def rounds(
    stacks: list[Stack], kind: str, args: argparse.Namespace, connections: int, *stub_: str
) -> Cells:
    """Measure each stack once a round, side by side in time."""
    found: Cells = defaultdict(list)
    with stub(STUB_PORT, *stub_) as upstream:
        for turn in range(args.rounds):
            for place, stack in enumerate(stacks):
                with running(stack, PORT + place, upstream) as server:
                    run(
                        server,
                        STUB_PORT,
                        kind,
                        connections=connections,
                        seconds=1,
                        turn=50 + turn,
                        check=True,
                    )
                    measure = run(
                        server,
                        STUB_PORT,
                        kind,
                        connections=connections,
                        seconds=args.seconds,
                        turn=turn,
                    )
                    found[stack.name].append(measure)
                sys.stderr.write(f"{kind} {turn} {stack.name}: {measure.rate:.0f}/s\n")
    return found


def main() -> None:
    """Measure, and write `bench/results/`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="A,B,C,tail,sizes,scale")
    args = parser.parse_args()
    if not (PEERS / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=PEERS, check=True)
    wanted = args.only.split(",")
    parts: list[tuple[str, str]] = []
    picture: dict[str, Cells] = {}
    graphql = [stack for stack in STACKS.values() if stack.graphql]
    for kind, stacks in (("A", list(STACKS.values())), ("B", graphql), ("C", graphql)):
        if kind in wanted:
            picture[kind] = rounds(stacks, kind, args, CONNECTIONS[kind])
            parts.append((table.TITLES[kind], table.of(picture[kind], BEST_PEER)))
    if "tail" in wanted:
        pair = [STACKS["this gateway"], STACKS[BEST_PEER]]
        for connections in (8, 500):
            cells = rounds(pair, "A", args, connections, "--delay", "0.05")
            title = f"A with 50 ms upstream, {connections} connections"
            parts.append((title, table.of(cells, BEST_PEER)))
    if "sizes" in wanted:
        parts.append(_sizes(args))
    if "scale" in wanted:
        parts.append(_scale(args))
    RESULTS.mkdir(exist_ok=True)
    head = (
        f"Measured {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC on {_machine()}, "
        f"{args.rounds} rounds of {args.seconds} s, medians. Python {platform.python_version()}, "
        f"Node {_node()}."
    )
    text = "\n\n".join([head, *(f"## {title}\n\n{body}" for title, body in parts)])
    (RESULTS / "results.md").write_text(f"# Results\n\n{text}\n", encoding="utf-8")
    if picture:
        (RESULTS / "results.svg").write_text(table.picture(picture), encoding="utf-8")
    sys.stdout.write(text + "\n")


def _sizes(args: argparse.Namespace) -> tuple[str, str]:
    """Customers in one query. The gateway's own limits end at 50."""
    rows = []
    with stub() as upstream:
        for count, distinct in ((1, 1), (10, 10), (50, 50)):
            for name in ("this gateway", BEST_PEER):
                with running(STACKS[name], PORT, upstream) as server:
                    measure = run(
                        server,
                        STUB_PORT,
                        "B",
                        connections=1,
                        seconds=args.seconds,
                        turn=3,
                        count=count,
                        distinct=distinct,
                    )
                rows.append((f"{count} customers, {name}", [measure]))
    return "Customers in one query, one connection", table.of(dict(rows), None)


def _scale(args: argparse.Namespace) -> tuple[str, str]:
    """Start, growth over many requests, and a second worker, which shares the load's core."""
    lines = []
    with stub() as upstream:
        with running(ours(), PORT, upstream) as server:
            lines.append(f"| start to the first answer | {server.start_seconds:.2f} s |")
            run(server, STUB_PORT, "A", connections=32, seconds=3, turn=1)
            before, done = server.memory(), 0.0
            while done < 100_000:
                measure = run(server, STUB_PORT, "A", connections=32, seconds=10, turn=2)
                done += measure.rate * 10
            lines.append(f"| memory after warming up | {before:.1f} MB |")
            lines.append(
                f"| growth over {done:,.0f} requests | {server.memory() - before:.1f} MB |"
            )
        rates = {}
        for workers in (1, 2):
            stack = ours(workers=workers)
            with running(stack, PORT, upstream, cores="0,1" if workers > 1 else "0") as server:
                run(server, STUB_PORT, "A", connections=64, seconds=2, turn=3)
                measure = run(server, STUB_PORT, "A", connections=64, seconds=args.seconds, turn=4)
                rates[workers] = measure.rate
                lines.append(f"| memory a worker, of {workers} | {server.memory():.1f} MB |")
        lines.append(
            f"| two workers, with stub and load on the same cores | {rates[2] / rates[1]:.2f} times one |"
        )
    return "Start, memory, workers", "\n".join(["| | |", "|---|---|", *lines])


def _machine() -> str:
    info = Path("/proc/cpuinfo").read_text()
    names = [line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line]
    return f"{len(names)} cores of {names[0]}" if names else platform.machine()


def _node() -> str:
    return subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    main()
