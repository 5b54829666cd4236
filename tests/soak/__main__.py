"""`python -m tests.soak`: hours of use in minutes. Exit code 1 where a figure is not as it must be."""

import argparse
import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.databases import started
from tests.soak.run import Report, run


def main() -> int:
    """Run what the arguments say, print a table and one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of load; rest comes on top")
    parser.add_argument(
        "--pace", type=float, default=0.25, help="seconds that each of 15 clients pauses"
    )
    parser.add_argument("--folder", type=Path, help="an existing folder, for logs that stay")
    given = parser.parse_args()
    # So that an end from outside also ends the processes and the folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    with tempfile.TemporaryDirectory(prefix="soak") as temporary, started() as server:
        folder = given.folder or Path(temporary)
        report = asyncio.run(run(given.minutes, given.pace, server.new(), folder))
    _print(report)
    return 1 if report.wrong else 0


def _print(report: Report) -> None:
    out = Console(stderr=True, soft_wrap=True)
    figures = Table(show_header=False, title=f"soak of {report.minutes:g} minutes")
    for name in ("restarts", "counts", "charges"):
        told = getattr(report, name)
        figures.add_row(name, ", ".join(f"{key} {count}" for key, count in sorted(told.items())))
    for name in ("calls", "events", "in_grace", "settled_seconds"):
        figures.add_row(name, str(getattr(report, name)))
    out.print(figures)
    memory = Table("life of", "seconds", "first", "last", "most", "growth", "descriptors at most")
    for life in report.memory:
        growth = "too short" if life.growth is None else f"{life.growth:+.1%}"
        sizes = (f"{size} MiB" for size in (life.first_mib, life.last_mib, life.most_mib))
        seconds = f"{life.seconds:.0f}"
        memory.add_row(life.gateway, seconds, *sizes, growth, str(life.most_descriptors))
    out.print(memory)
    rest = Table("", *next(iter(report.at_rest.values())).__dataclass_fields__)
    for when, seen in (("at start", report.at_start), ("at rest", report.at_rest)):
        for name, sight in seen.items():
            values = (str(getattr(sight, part)) for part in sight.__dataclass_fields__)
            rest.add_row(f"{name} {when}", *values)
    out.print(rest)
    for line in report.wrong:
        out.print(f"[red]{line}[/]")
    print(report.line())


if __name__ == "__main__":
    sys.exit(main())
