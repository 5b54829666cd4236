"""What was measured, in the shape in which `results.json` keeps it."""

from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import TypedDict

from bench.load import Measure

# Figures by name, as in Measure; rows by name.
Row = dict[str, float]
Table = dict[str, Row]


class Part(TypedDict):
    """Tables that were measured together. `run` is when the command was begun, `took` in seconds."""

    run: str
    on: str
    took: float
    tables: dict[str, Table]


Found = dict[str, Part]


class Refused(LookupError):
    """The limits of this service refuse what would be measured."""


def medians(runs: Sequence[Measure]) -> Row:
    """Of all rounds, except that an error in any of them counts; `spread` is how far apart the rates of
    the best and the worst round are, in hundredths of their median."""
    rows = [asdict(run) for run in runs]
    row = {name: round(median(each[name] for each in rows), 3) for name in rows[0]}
    rates = [each["rate"] for each in rows]
    spread = (max(rates) - min(rates)) / row["rate"] * 100 if row["rate"] else 0.0
    return row | {"errors": sum(each["errors"] for each in rows), "spread": round(spread, 1)}


def of_upstream(row: Row) -> Row:
    """What can be said of the far side, which is no server of ours."""
    return {name: row[name] for name in ("rate", "spread", "p50", "p99", "errors")}


class Look:
    """One figure of all that was found. Raises Refused, or KeyError where it was not measured."""

    def __init__(self, found: Found) -> None:
        self._tables = {
            key: table for part in found.values() for key, table in part["tables"].items()
        }

    def __call__(self, table: str, row: str, figure: str) -> float:
        cell = self._tables[table][row]
        if "refused" in cell:
            raise Refused
        return cell[figure]

    def ratio(self, table: str, figure: str, row: str, to: str) -> float:
        """The figure of one row as a multiple of another's."""
        return self(table, row, figure) / self(table, to, figure)
