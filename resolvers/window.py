"""Any stretch of a list that Asiabill gives by the number and the size of a page, in one call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from clients.asiabill import Page
from resolvers.failure import BadUserInput, LimitExceeded

T = TypeVar("T")

MOST: Final = 100
# The size of the documents' own example; whether Asiabill gives more is not known. Source: contract 6.3.
_LARGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """A stretch of a list. `offset` is the place of its first row; `total` counts the whole list,
    where Asiabill tells."""

    items: list[T]
    offset: int
    total: int | None
    has_next: bool


def demand_first(first: int) -> int:
    """How many rows a page of this API may have, or BadUserInput."""
    if not 1 <= first <= MOST:
        raise BadUserInput(f"first must be from 1 to {MOST}.")
    return first


def page_around(offset: int, count: int) -> tuple[int, int]:
    """Number, from 1, and size of the smallest page that holds `count` rows from `offset` on.

    Far down a list there may be none; then it is the one of `count` rows that holds the first.
    """
    for size in range(count, max(count, _LARGEST) + 1):
        if offset % size + count <= size:
            return offset // size + 1, size
    return offset // count + 1, count


async def rows(ask: Callable[[int, int], Awaitable[Page[T]]], offset: int, count: int) -> Rows[T]:
    """Up to `count` rows from `offset` on; `ask` gets number and size of a page. One upstream call.

    Raises LimitExceeded where Asiabill gave a page of another size, without these rows in it.
    """
    found = await ask(*page_around(offset, count))
    begin = (found.page_index - 1) * found.page_size
    if begin > offset or (found.more and begin + len(found.items) <= offset):
        raise LimitExceeded(f"Asiabill gives {found.page_size} rows at once: ask for fewer.")
    items = found.items[offset - begin :][:count]
    after = offset + len(items)
    left = found.more or begin + len(found.items) > after
    has_next = left if found.total is None else after < found.total
    # A page that ends nowhere would be asked for again and again.
    return Rows(items, offset, found.total, has_next and bool(items))
