"""Reading what a request asks for: whatever comes is read, or refused in words of ours."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import asked
from resolvers.failure import BadUserInput

EXAMPLES = 20_000 if os.environ.get("AUDIT") else 300
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=20,
)


def is_read(read: Callable[[], asked.Asked]) -> bool:
    """Whether it is read; the test fails where it is refused in any other way than ours."""
    try:
        read()
    except BadUserInput:
        return False
    return True


@settings(max_examples=EXAMPLES, deadline=None)
@given(value=JSON, raw=st.binary(max_size=200), text=st.text())
def test_a_made_up_request_is_read_or_refused(value: Any, raw: bytes, text: str) -> None:
    is_read(partial(asked.of_body, msgspec.json.encode(value)))
    is_read(partial(asked.of_body, raw))
    is_read(partial(asked.of_message, value))
    is_read(partial(asked.of_query_string, text))


def test_variables_are_read_down_to_32_levels() -> None:
    def nested(levels: int) -> dict[str, Any]:
        value: Any = 1
        for _ in range(levels):
            value = [value]
        return {"query": "{ a }", "variables": {"v": value}}

    assert is_read(partial(asked.of_message, nested(31)))
    assert not is_read(partial(asked.of_message, nested(32)))


@pytest.mark.parametrize(
    "more", [{"documentId": "x"}, {"extensions": {"persistedQuery": {"sha256Hash": "x"}}}]
)
def test_a_document_may_be_named_instead_of_sent(more: dict[str, Any]) -> None:
    assert is_read(partial(asked.of_message, more))
    assert not is_read(partial(asked.of_message, {"extensions": {"persistedQuery": 1}}))
