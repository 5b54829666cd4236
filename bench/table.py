"""What was measured, as Markdown and as a picture."""

from collections.abc import Mapping
from html import escape
from typing import Final

from bench import asked
from bench.found import Found, Part, Row, Table
from bench.names import BEST_PEER, ONE, OURS

TITLES: Final = {
    "A": "A: one customer's cards, one list call, 32 connections",
    "TLS": "A over TLS to the upstream",
    "B": "B: 50 customers, 20 distinct, 20 list calls, 16 connections",
    "C": "C: charge, 32 connections",
    "C-PostgreSQL": "C with the ledger on PostgreSQL",
    "alone": "C with one connection",
    "calls": "Calls to Asiabill a request, counted one request after the other",
    "hot": "A for one hot customer",
    "tail-8": "A with 50 ms upstream, 8 connections",
    "tail-500": "A with 50 ms upstream, 500 connections, 600 calls under way at most",
    "sizes": "Customers in one query, one connection",
    "workers": "Workers, 64 connections, everything on both cores",
    "growth": "Memory over many requests",
}
# A table's other rows are compared with this one.
_BASES: Final = {"workers": ONE, "hot": OURS, "C-PostgreSQL": OURS}
_COLUMNS: Final = {
    "rate": ("req/s", 0),
    "spread": ("spread %", 0),
    "ratio": ("ratio", 2),
    "p50": ("p50 ms", 2),
    "p99": ("p99 ms", 2),
    "cpu": ("cpu us", 0),
    "memory": ("MB", 0),
    "after": ("MB after", 0),
    "growth": ("growth MB", 1),
    "requests": ("requests", 0),
    "calls": ("calls a request", 2),
    "lists": ("lists", 2),
    "charges": ("charges", 2),
    "others": ("others", 2),
    "errors": ("errors", 0),
    "start": ("start s", 2),
    "refused": ("refused", 0),
}
_OURS = "#1a7f5a"
_PEER = "#8a94a6"
_FLOOR = "#c9cfd9"


def page(found: Found) -> str:
    """All of it: the figures that were asked for, then each table."""
    runs = {part["run"]: part for part in found.values()}
    lines = ["# Results", _head(runs, found)]
    lines += ["## Asked, measured, reached or missed", asked.table(found)]
    for part in found.values():
        for key, rows in part["tables"].items():
            lines.append(f"## {TITLES[key]}")
            if len(runs) > 1:
                lines.append(f"{part['run']}; {part['on']}.")
            lines.append(of(rows, _BASES.get(key, BEST_PEER)))
    return "\n\n".join(lines) + "\n"


def _head(runs: Mapping[str, Part], found: Found) -> str:
    if len(runs) != 1:
        return "Of several runs, so that figures of different tables must not be compared."
    ((run, part),) = runs.items()
    minutes = sum(each["took"] for each in found.values()) / 60
    return f"One run of {minutes:.0f} minutes, begun {run}; {part['on']}."


def of(rows: Table, base: str) -> str:
    """A row for each stack, with its rate beside that of `base`."""
    full: dict[str, Row] = {}
    for name, row in rows.items():
        compared = "rate" in row and base in rows and rows[base].get("rate")
        full[name] = row | ({"ratio": row["rate"] / rows[base]["rate"]} if compared else {})
    columns = [key for key in _COLUMNS if any(key in row for row in full.values())]
    lines = [
        "| | " + " | ".join(_COLUMNS[key][0] for key in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, row in full.items():
        cells = (f"{row[key]:.{_COLUMNS[key][1]}f}" if key in row else "" for key in columns)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def picture(found: Found) -> str:
    """Bars of requests per second, a group for each of A, B and C."""
    tables = {key: rows for part in found.values() for key, rows in part["tables"].items()}
    width, bar, gap, left = 760, 20, 6, 210
    parts: list[str] = []
    y = 20
    for kind in ("A", "B", "C"):
        rates = {name: row["rate"] for name, row in tables.get(kind, {}).items()}
        if not rates:
            continue
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{escape(TITLES[kind])}</text>')
        y += 12
        most = max(*rates.values(), 1.0)
        for name, rate in rates.items():
            long = max(1.0, rate / most * (width - left - 90))
            colour = _OURS if name == OURS else _FLOOR if "floor" in name else _PEER
            parts.append(
                f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
                f'<rect x="{left}" y="{y}" width="{long:.0f}" height="{bar}" fill="{colour}"/>'
                f'<text x="{left + long + 6:.0f}" y="{y + 14}">{rate:,.0f}/s</text>'
            )
            y += bar + gap
        y += 28
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" role="img" '
        f'aria-label="Requests per second" font-family="sans-serif" font-size="12">'
        f"<title>Requests per second</title>{''.join(parts)}</svg>\n"
    )
