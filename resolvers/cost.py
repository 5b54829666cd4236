"""What an operation causes upstream: counted as it happens, told in `extensions.cost`."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Cost:
    """Counts of one operation.

    `upstream_calls` are requests put on the wire for it, repeats included; `deduplicated` are
    loads that another load of the same operation answered; `shared` are reads that another
    operation's call answered, under way or a moment ago. `points`, the objects of the answer, and `most_upstream_calls` are
    known before it runs; `limit` is the most that the latter may be.
    """

    limit: int
    points: int = 0
    most_upstream_calls: int = 0
    upstream_calls: int = 0
    deduplicated: int = 0
    shared: int = 0

    def joined(self) -> None:
        """Count a read that another operation's call answers."""
        self.shared += 1


# The transport calls back from tasks that copy the caller's context, so a variable finds the
# operation where an argument would have to go through every method of the client.
_current: ContextVar[Cost | None] = ContextVar("cost", default=None)


def account_to(cost: Cost) -> None:
    """From here on, upstream calls made in this context are counted in `cost`."""
    _current.set(cost)


def count_upstream_call() -> None:
    """Count one request on the wire for the present operation, if there is one."""
    cost = _current.get()
    if cost is not None:
        cost.upstream_calls += 1
