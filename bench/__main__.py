"""`make bench`: this gateway beside its peers and the floors, in rounds, as tables and a picture.

    python -m bench [--seconds 3] [--rounds 3] [--requests 100000] [--only A,B,C] [--into bench/results]

What is measured alone takes the place of its part of the last results, so that a run can be done in pieces.
"""

import argparse
import datetime
import json
import os
import sys
import time
from pathlib import Path

from bench import machine, table
from bench.found import Found
from bench.parts import PARTS
from bench.rounds import Pace
from bench.stack import LOAD_CORE


def main() -> int:
    """Measure, and write the results. 1 where a part could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=Pace.seconds)
    parser.add_argument("--rounds", type=int, default=Pace.rounds)
    parser.add_argument("--requests", type=int, default=Pace.requests, help="of the part growth")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "results")
    given = parser.parse_args()
    pace = Pace(given.rounds, given.seconds, given.requests)
    wanted = given.only.split(",")
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    # We, and a database that we start, stay off the servers' core.
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    missing = _measure(wanted, pace, given.into)
    sys.stdout.write((given.into / "results.md").read_text())
    return 1 if missing else 0


def _measure(wanted: list[str], pace: Pace, folder: Path) -> list[str]:
    """The parts that could not be measured, which are not in the results."""
    folder.mkdir(exist_ok=True)
    kept = folder / "results.json"
    found: Found = {}
    if kept.exists() and len(wanted) < len(PARTS):
        found = json.loads(kept.read_text())
    run = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC"
    load = os.getloadavg()[0]
    on = f"{machine.told()}; load before it {load:.1f}; rounds: {pace.rounds} of {pace.seconds} s, medians"
    missing = []
    for part in wanted:
        began = time.monotonic()
        found.pop(part, None)
        try:
            tables = PARTS[part](pace)
        except (Exception, SystemExit) as error:  # noqa: BLE001 the others are still worth having
            sys.stderr.write(f"{part} was not measured: {error!r}\n")
            missing.append(part)
        else:
            took = round(time.monotonic() - began)
            found[part] = {"run": run, "on": on, "took": took, "tables": tables}
            sys.stderr.write(f"{part}: {took} s\n")
        found = {name: found[name] for name in PARTS if name in found}
        # Whatever ends the run, what was measured by then is there.
        kept.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        (folder / "results.md").write_text(table.page(found), encoding="utf-8")
        (folder / "results.svg").write_text(table.picture(found), encoding="utf-8")
    return missing


if __name__ == "__main__":
    sys.exit(main())
