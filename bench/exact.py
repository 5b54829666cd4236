"""Calls to Asiabill, counted for requests that are made one after the other.

Under load the calls of requests that were cut off at the end are counted too.
"""

from typing import Final

from bench.found import Table
from bench.load import QUERIES
from bench.rounds import PORT, STUB_PORT, stub
from bench.stack import ask, ours, running
from bench.stub import COUNTS

_TIMES: Final = 20


def calls() -> Table:
    """For A, B and C: list calls, charges and everything else, each a request."""
    found: Table = {}
    with stub() as base, running(ours(), PORT, base) as server:
        for kind in ("A", "B", "C"):
            ask(STUB_PORT, f"{COUNTS}?reset")
            for number in range(_TIMES):
                body = {"query": QUERIES[kind], "variables": _variables(kind, number)}
                told = ask(server.port, server.stack.path, body)
                if "errors" in told:
                    raise SystemExit(f"{kind}: {told}")
            counts = ask(STUB_PORT, COUNTS)
            found[kind] = {
                f"{name}s": value / _TIMES
                for name, value in counts.items()
                if isinstance(value, int)
            }
    return found


def _variables(kind: str, number: int) -> dict[str, object]:
    """As the load has them: 50 customers of whom 20 are distinct, and a charge of each customer's own."""
    if kind == "A":
        return {"id": f"cus_{number}"}
    if kind == "B":
        return {"ids": [f"cus_{number * 20 + place % 20}" for place in range(50)]}
    order = {"amount": {"amount": "10.99", "currency": "USD"}, "buyerIp": "203.0.113.7"}
    card = f"pm_{1800000000000000000 + number * 10}"
    return {"c": f"cus_{number}", "p": card, "k": f"exact-{number}", "o": order}
