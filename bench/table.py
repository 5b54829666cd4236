"""What was measured, as Markdown and as a picture."""

from collections.abc import Mapping, Sequence
from html import escape
from statistics import median

from bench.load import Measure

TITLES = {
    "A": "A: one customer's cards, one list call, 32 connections",
    "B": "B: 50 customers, 20 distinct, 20 list calls, 16 connections",
    "C": "C: charge, 32 connections",
}
_HEAD = "| stack | req/s | ratio | p50 ms | p99 ms | cpu us | MB | calls a request | errors |"
_OURS = "#1a7f5a"
_PEER = "#8a94a6"
_FLOOR = "#c9cfd9"


def of(cells: Mapping[str, Sequence[Measure]], best: str | None) -> str:
    """A row for each stack, with its rate beside that of the best peer."""
    base = median(each.rate for each in cells[best]) if best else None
    lines = [_HEAD, "|---|---|---|---|---|---|---|---|---|"]
    for name, runs in cells.items():
        rate = median(each.rate for each in runs)
        ratio = f"{rate / base:.2f}" if base else ""
        lines.append(
            f"| {name} | {rate:.0f} | {ratio} | {median(each.p50 for each in runs):.2f} | "
            f"{median(each.p99 for each in runs):.2f} | {median(each.cpu for each in runs):.0f} | "
            f"{runs[-1].memory:.0f} | {median(each.calls for each in runs):.2f} | "
            f"{sum(each.errors for each in runs)} |"
        )
    return "\n".join(lines)


def picture(found: Mapping[str, Mapping[str, float]]) -> str:
    """Bars of requests per second, a group for each kind of request."""
    width, bar, gap, left = 760, 20, 6, 210
    parts: list[str] = []
    y = 20
    for kind, rates in found.items():
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{escape(TITLES[kind])}</text>')
        y += 12
        most = max(rates.values())
        for name, rate in rates.items():
            long = max(1.0, rate / most * (width - left - 90))
            colour = _OURS if name == "this gateway" else _FLOOR if "floor" in name else _PEER
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
