"""Documents that nobody thought of, made from the schema itself: each is answered, none is a fault.

A short run here; `make audit` sends 5,000, and has schemathesis send 1,000 for each field of a root.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from graphql import StringValueNode
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import Mode, from_schema

from tests.api.conftest import MERCHANT

SCHEMA = (Path(__file__).parents[2] / "schema.graphql").read_text(encoding="utf-8")
DOCUMENTS = 5000 if os.environ.get("AUDIT") else 150


def _texts(*examples: str) -> st.SearchStrategy[StringValueNode]:
    """Half of them good ones, so that a document comes past its variables now and then."""
    return (st.sampled_from(examples) | st.text(max_size=40)).map(
        lambda text: StringValueNode(value=text)
    )


SCALARS = {
    "BigInt": _texts("1", "-1"),
    "CountryCode": _texts("DE", "GB"),
    "CurrencyCode": _texts("USD", "JPY", "KWD"),
    "DateTime": _texts("2026-11-25T10:00:00Z", "2026-11-25"),
    "Decimal": _texts("10.99", "0", "-1", "1e9", "99999999999999999999.99"),
    "RawCard": _texts("4242424242424242"),
    "URL": _texts("https://shop.example/back", "javascript:alert(1)", "myshop://done"),
}


@contextmanager
def asking(url: str) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {MERCHANT}"}
    with httpx.Client(
        base_url=url, headers=headers, trust_env=False, timeout=40, verify=False
    ) as http:
        yield http


def answered(http: httpx.Client, query: str) -> list[str]:
    """The codes of the errors that a document ends in, each of which must be one that is foreseen."""
    answer = http.post("/graphql", json={"query": query})
    assert answer.status_code in (200, 400, 413), query
    body = answer.json()
    codes = [error["extensions"]["code"] for error in body.get("errors", [])]
    assert "INTERNAL" not in codes, query
    assert ("data" in body) or codes, query
    return codes


# Thousands of documents over HTTP: the making of one is not what is tested, nor its time.
FUZZING = settings(
    max_examples=DOCUMENTS // 2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("mode", [Mode.POSITIVE, Mode.NEGATIVE])
def test_no_document_is_a_fault_of_the_service(gateway_url: str, mode: Mode) -> None:
    seen: set[str] = set()

    with asking(gateway_url) as http:

        @seed(20261125)
        @FUZZING
        @given(from_schema(SCHEMA, custom_scalars=SCALARS, mode=mode))
        def fuzz(query: object) -> None:
            seen.update(answered(http, str(query)))

        fuzz()

    assert "BAD_USER_INPUT" in seen
