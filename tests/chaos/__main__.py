"""`python -m tests.chaos`: the exactly-once harness. Exit code 1 where a rule was broken, or the run was
stopped; it says what it found all the same."""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ledger import migrate
from tests.chaos.defects import DEFECTS, plan_for
from tests.chaos.plan import Plan
from tests.chaos.run import Report, run


def main() -> int:
    """Run what the arguments say, print a table and one line of JSON."""
    plan, folder = _arguments()
    # So that an end from outside also ends the folder and the database; a run that has begun is
    # judged first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    with (
        tempfile.TemporaryDirectory(prefix="chaos") as temporary,
        _database(plan, Path(temporary)) as url,
    ):
        report = asyncio.run(run(plan, url, folder or Path(temporary)))
    _print(report)
    return 0 if report.ended == "settled" and not report.violations else 1


def _arguments() -> tuple[Plan, Path | None]:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--keys", type=int, default=600, help="purchases, each with a key")
    parser.add_argument("--seed", type=int, default=1, help="the same seed is the same plan")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--gateways", type=int, default=1, help="more than one need postgresql")
    parser.add_argument("--kills", type=int, help="from outside; one for 30 keys where absent")
    parser.add_argument(
        "--minutes", type=float, default=15.0, help="the faults stop then at the latest"
    )
    parser.add_argument(
        "--settle", type=float, default=60.0, help="seconds after the faults until all is settled"
    )
    parser.add_argument("--defect", choices=sorted(DEFECTS), help="put it in, with its own plan")
    parser.add_argument("--mended", action="store_true", help="its plan, without the defect")
    parser.add_argument("--folder", type=Path, help="an existing folder, for logs that stay")
    given = parser.parse_args()
    if given.defect:
        defect = "" if given.mended else given.defect
        wanted = plan_for(given.defect, mended=given.mended)
        return Plan(defect=defect, seed=given.seed, **wanted), given.folder
    plan = Plan(
        keys=given.keys,
        seed=given.seed,
        database=given.database,
        gateways=given.gateways,
        kills=given.kills if given.kills is not None else max(1, given.keys // 30),
        whole_seconds=given.minutes * 60,
        settle_seconds=given.settle,
    )
    return plan, given.folder


@contextmanager
def _database(plan: Plan, folder: Path) -> Iterator[str]:
    """An empty, migrated database."""
    if plan.database == "sqlite":
        url = f"sqlite+aiosqlite:///{folder / 'ledger.db'}"
        asyncio.run(migrate(url))
        yield url
        return
    from tests.databases import started

    with started() as server:
        yield server.new()


def _print(report: Report) -> None:
    table = Table(show_header=False, title=f"exactly once, seed {report.seed}")
    out = Console(stderr=True)
    for name in report.__dataclass_fields__:
        value = getattr(report, name)
        if name != "violations":
            shown = (
                ", ".join(f"{key} {count}" for key, count in sorted(value.items()))
                if isinstance(value, dict)
                else str(value)
            )
            table.add_row(name, shown)
    broken = Counter(violation.rule for violation in report.violations)
    table.add_row("violations", ", ".join(f"{rule} {n}" for rule, n in broken.items()) or "none")
    out.print(table)
    for violation in report.violations[:20]:
        out.print(f"[red]{violation.rule}[/]: {violation.order}: {violation.words}")
    print(report.line())


if __name__ == "__main__":
    sys.exit(main())
