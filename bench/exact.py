"""Calls to Asiabill, counted for requests that are made one after the other.

Under load the calls of requests that were cut off at the end are counted too.
"""

from typing import Final

from bench.found import Table
from bench.load import QUERIES
from bench.stack import ask, ours, running
from bench.upstream import stub

_TIMES: Final = 20


def calls() -> Table:
    """For A, B and C: list calls, charges and everything else, each a request."""
    found: Table = {}
    with stub() as far, running(ours(), far.url) as server:
        for kind in ("A", "B", "C"):
            far.forget()
            for number in range(_TIMES):
                body = {"query": QUERIES[kind], "variables": _variables(kind, number)}
                told = ask(server.port, server.stack.path, body)
                if "errors" in told:
                    raise SystemExit(f"{kind}: {told}")
            found[kind] = {f"{name}s": calls / _TIMES for name, calls in far.counts().items()}
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
