"""`asiabill-gateway reconcile --from --to`: the report for finance, on the terminal and as CSV."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ledger import Ledger
from resolvers.account import Account
from resolvers.difference import Difference
from resolvers.reconciliation import Reconciliation, Span

# A spreadsheet would run what begins so, and order numbers are written by others.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Lines(Protocol):
    """Takes one difference after the other: nothing is kept."""

    def __call__(self, difference: Difference) -> None: ...


async def compare(
    account: Account, ledger: Ledger, span: Span, out: Console, progress: Console, file: Path | None
) -> bool:
    """Write what differs to `file`, or to `out` without one, and a summary to `out`. True where
    nothing differs.

    `progress` shows how far it has come, where it is a terminal. Raises AsiabillError, LedgerError,
    OSError.
    """
    counts: Counter[str] = Counter()
    reconciliation = Reconciliation(account, ledger)
    with _lines(out, file) as write, _bar(progress) as bar:
        days = bar.add_task("book", total=len(span.read), rows=0)

        def day_done() -> None:
            bar.update(days, advance=1, rows=reconciliation.read)

        async for difference in reconciliation.differences(span, day_done):
            counts[difference.kind] += 1
            write(difference)
    compared = f"{reconciliation.compared} charges, {reconciliation.read} rows of Asiabill's book"
    out.print(f"{span.first} to {span.last}: {compared}, {counts.total()} differences")
    for kind, count in counts.most_common():
        out.print(f"  {count} {kind}")
    if file is not None:
        out.print(f"written to {escape(str(file))}", markup=True)
    return not counts


@contextmanager
def _lines(out: Console, file: Path | None) -> Iterator[Lines]:
    if file is None:
        yield lambda difference: out.print(_line(difference), markup=False)
        return
    with file.open("w", encoding="utf-8", newline="") as sheet:
        rows = csv.writer(sheet)
        rows.writerow([field.name for field in fields(Difference)])
        yield lambda difference: rows.writerow(map(_cell, astuple(difference)))


def _line(difference: Difference) -> str:
    named = {
        "order": difference.order_no,
        "charge": difference.charge_id,
        "refund": difference.refund_id,
        "trade": difference.trade_no,
        "batch": difference.batch_no,
    }
    names = " ".join(f"{name} {value}" for name, value in named.items() if value)
    sides = f"here {difference.ours or 'nothing'}, at Asiabill {difference.asiabill or 'nothing'}"
    return f"{difference.kind}: {names}: {sides}"


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("Asiabill's book"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days, {task.fields[rows]} rows"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
