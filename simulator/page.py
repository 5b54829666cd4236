"""Pages of a list: pageIndex from 1, pageSize. Source: contract 5.2 and 6.3."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from simulator.fields import Refusal

_DEFAULT_SIZE = 10
_LARGEST_SIZE = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    index: int
    size: int

    def cut(self, items: Sequence[T]) -> Sequence[T]:
        start = (self.index - 1) * self.size
        return items[start : start + self.size]

    def of(self, entries: list[dict[str, Any]], total: int) -> dict[str, Any]:
        page = {"total": total, "pageSize": self.size, "pageIndex": self.index}
        return {"page": page, "list": entries}


def read_page(query: Mapping[str, str]) -> Page:
    """Page 0 is taken as the first. Raises Refusal P0001 for anything that is not a number."""
    index = _number(query, "pageIndex", 1)
    size = _number(query, "pageSize", _DEFAULT_SIZE)
    return Page(max(index, 1), min(max(size, 1), _LARGEST_SIZE))


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Refusal.malformed(name)
    return int(text)
