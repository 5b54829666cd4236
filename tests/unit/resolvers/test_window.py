"""Any stretch of a list, from an Asiabill that knows numbers and sizes of pages alone."""

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.asiabill import Page
from resolvers.failure import BadUserInput, LimitExceeded
from resolvers.window import demand_first, page_around, rows

pytestmark = pytest.mark.anyio

Ask = Callable[[int, int], Awaitable[Page[int]]]


def book(length: int, *, largest: int = 1000, counted: bool = True) -> Ask:
    """A list of that many numbers; pages are cut to `largest`, as a server may do."""

    async def ask(page_index: int, page_size: int) -> Page[int]:
        size = min(page_size, largest)
        start = (page_index - 1) * size
        items = list(range(start, min(start + size, length)))
        total = length if counted else None
        return Page(items, total, page_index, size, more=start + size < length)

    return ask


@given(st.integers(0, 100_000), st.integers(1, 100))
def test_one_page_holds_any_stretch(offset: int, count: int) -> None:
    index, size = page_around(offset, count)
    assert count <= size <= 1000
    assert (index - 1) * size <= offset
    assert offset + count <= index * size


@given(st.integers(0, 10**9), st.integers(1, 100))
def test_a_page_far_down_holds_its_first_row(offset: int, count: int) -> None:
    index, size = page_around(offset, count)
    assert (index - 1) * size <= offset < index * size


@given(st.integers(0, 300), st.integers(0, 320), st.integers(1, 100), st.booleans())
async def test_what_is_given_is_the_stretch_and_whether_more_follows(
    length: int, offset: int, count: int, counted: bool
) -> None:
    found = await rows(book(length, counted=counted), offset, count)
    assert found.items == list(range(length))[offset : offset + count]
    assert found.offset == offset
    assert found.total == (length if counted else None)
    assert found.has_next is (bool(found.items) and offset + count < length)


async def test_a_server_that_gives_smaller_pages_is_never_misread() -> None:
    asked = book(100, largest=10)
    assert (await rows(asked, 0, 10)).items == list(range(10))
    # It gave rows from the first on, and says that there is more: the next page begins there.
    first = await rows(asked, 0, 50)
    assert (first.items, first.has_next) == (list(range(10)), True)
    with pytest.raises(LimitExceeded, match="10 rows"):
        await rows(asked, 45, 50)


@pytest.mark.parametrize("first", [0, -1, 101])
def test_a_page_has_one_to_a_hundred_rows(first: int) -> None:
    with pytest.raises(BadUserInput):
        demand_first(first)
