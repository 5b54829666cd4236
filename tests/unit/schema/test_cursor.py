"""Cursors: the place of a row in one list, and in no other."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.failure import BadUserInput
from schema import cursor


@given(st.integers(0, 10**9 - 1))
def test_a_page_begins_after_the_row_that_the_cursor_names(offset: int) -> None:
    assert cursor.decode("customers", cursor.encode("customers", offset)) == offset + 1


def test_without_a_cursor_a_list_begins_at_its_start() -> None:
    assert cursor.decode("customers", None) == 0


@given(st.text(max_size=100))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    """Never another kind of failure."""
    with suppress(BadUserInput):
        assert cursor.decode("customers", text) > 0


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(BadUserInput):
        cursor.decode("customers", cursor.encode("charges", 1))
    with pytest.raises(BadUserInput):
        cursor.decode("customers", cursor.encode("customers:1", 1))
