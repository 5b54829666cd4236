"""`make bench`: this gateway beside its peers and the floors, in rounds, as a table and a picture.

    python -m bench [--seconds 3] [--rounds 3] [--only A,B,C,TLS,cache,alone,tail,sizes,scale]

What is measured alone takes the place of its part of the last results, so that a run can be done in pieces.

Each round starts every server anew, one after the other, so that a slow minute of the machine is
everybody's. What is told of a cell is its median.
"""

import argparse
import datetime
import json
import platform
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from bench import table
from bench.certificate import certificate
from bench.load import Measure, run
from bench.short import CONNECTIONS, PORT, STUB_PORT, stub
from bench.stack import PEERS, STACKS, Stack, ours, running

RESULTS = Path(__file__).parent / "results"
BEST_PEER = "mercurius with jit"
Cells = dict[str, list[Measure]]
PARTS = ("A", "TLS", "B", "C", "alone", "cache", "tail", "sizes", "scale")


def rounds(
    stacks: list[Stack], kind: str, args: argparse.Namespace, connections: int, *stub_: str
) -> Cells:
    """Measure each stack once a round, side by side in time."""
    found: Cells = defaultdict(list)
    tls = {"SSL_CERT_FILE": stub_[1]} if "--tls" in stub_ else {}
    with stub(STUB_PORT, *stub_) as upstream:
        for turn in range(args.rounds):
            for place, stack in enumerate(stacks):
                with running(stack, PORT + place, upstream, **tls) as server:
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
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(PARTS))
    args = parser.parse_args()
    if not (PEERS / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=PEERS, check=True)
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / "results.json"
    told: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    for part in args.only.split(","):
        told[part] = {
            "head": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC, {_machine()}, Python "
            f"{platform.python_version()}, Node {_node()}; {args.rounds} rounds of {args.seconds} s, medians.",
            **_part(part, args),
        }
        # Whatever ends the run, what was measured by then is there.
        kept.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        _write(told)
    sys.stdout.write((RESULTS / "results.md").read_text())


def _part(part: str, args: argparse.Namespace) -> dict[str, Any]:
    """Its tables by title, and the rates for the picture."""
    graphql = [stack for stack in STACKS.values() if stack.graphql]
    pair = [STACKS["this gateway"], STACKS[BEST_PEER]]
    if part in ("A", "B", "C"):
        stacks = list(STACKS.values()) if part == "A" else graphql
        cells = rounds(stacks, part, args, CONNECTIONS[part])
        rates = {name: median(each.rate for each in runs) for name, runs in cells.items()}
        return {"tables": {table.TITLES[part]: table.of(cells, BEST_PEER)}, "rates": rates}
    if part == "TLS":
        with tempfile.TemporaryDirectory() as folder:
            pem = certificate(Path(folder))
            cells = rounds(pair, "A", args, CONNECTIONS["A"], "--tls", str(pem))
        return {"tables": {"A over TLS to the upstream": table.of(cells, BEST_PEER)}}
    if part == "alone":
        cells = rounds(pair, "C", args, 1)
        return {"tables": {"C: charge, one connection": table.of(cells, BEST_PEER)}}
    if part == "cache":
        lists = [ours(), ours("this gateway, lists kept", GATEWAY_CARD_CACHE_SECONDS="10")]
        cells = rounds(lists, "hot", args, CONNECTIONS["A"])
        return {"tables": {"A, one hot customer": table.of(cells, "this gateway")}}
    if part == "tail":
        tables = {}
        for connections in (8, 500):
            cells = rounds(pair, "A", args, connections, "--delay", "0.05")
            title = f"A with 50 ms upstream, {connections} connections"
            tables[title] = table.of(cells, BEST_PEER)
        return {"tables": tables}
    return {"tables": dict([_sizes(args) if part == "sizes" else _scale(args)])}


def _write(told: dict[str, dict[str, Any]]) -> None:
    lines = ["# Results"]
    for part in PARTS:
        for title, body in told.get(part, {}).get("tables", {}).items():
            lines += [f"## {title}", told[part]["head"], body]
    (RESULTS / "results.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    rates = {part: told[part]["rates"] for part in PARTS if "rates" in told.get(part, {})}
    (RESULTS / "results.svg").write_text(table.picture(rates), encoding="utf-8")


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
