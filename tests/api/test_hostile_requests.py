"""Bytes that are no request: each gets a 4xx in GraphQL's form, and the service goes on."""

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import MERCHANT, Api
from tests.api.test_http import post
from tests.far_side import caused

DEEP = 100_000


def asking(value: str) -> bytes:
    """A good request but for the one value, given as JSON text."""
    query = "query($id: ID!) { customer(id: $id) { id } }"
    return f'{{"query": {json.dumps(query)}, "variables": {{"id": {value}}}}}'.encode()


BODIES = {
    "nothing": b"",
    "blanks": b"  \n ",
    "null": b"null",
    "text": b'"x"',
    "number": b"123",
    "true": b"true",
    "list": b"[]",
    "batch": b'[{"query": "{ viewer { role } }"}, {"query": "{ viewer { role } }"}]',
    "empty object": b"{}",
    "query is null": b'{"query": null}',
    "query is a number": b'{"query": 1}',
    "query is empty": b'{"query": ""}',
    "variables is a list": b'{"query": "{ viewer { role } }", "variables": []}',
    "variables is a text": b'{"query": "{ viewer { role } }", "variables": "{}"}',
    "operationName is a number": b'{"query": "{ viewer { role } }", "operationName": 1}',
    "extensions is a list": b'{"query": "{ viewer { role } }", "extensions": []}',
    "half": b'{"query": "{ viewer',
    "two values": b'{"query": "{ viewer { role } }"} {}',
    "single quotes": b"{'query': '{ viewer { role } }'}",
    "NaN": asking("NaN"),
    "bad UTF-8": b'{"query": "{ viewer { role } } \xff\xfe"}',
    "half a character": b'{"query": "{ viewer { role } }", "operationName": "\xc3"}',
    "UTF-16": '{"query": "{ viewer { role } }"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"query": "{ viewer { role } }"}',
    "NUL": b'{"query": "{ viewer { role } }"}\x00',
    "deep list": b"[" * DEEP,
    "deep object": b'{"a":' * (DEEP // 10),
    "deep variable": asking("[" * 20_000 + "]" * 20_000),
    "lone surrogate": asking(r'"\ud800"'),
    "reversed surrogates": asking(r'"\udc00\ud800"'),
    "huge integer": asking("9" * 5_000),
    "huge exponent": asking("1e99999"),
    "gzip": gzip.compress(b'{"query": "{ viewer { role } }"}'),
    "form": b"query=%7B+viewer+%7B+role+%7D+%7D",
}


def well_refused(status: int, body: dict[str, object]) -> None:
    text = json.dumps(body)
    assert body["errors"], "an error in GraphQL's form"
    assert status < 500
    for inside in ("Traceback", "msgspec", "graphql.error", "object at 0x", ".py", "Exception"):
        assert inside not in text
    for error in body["errors"]:  # type: ignore[attr-defined]
        assert error["extensions"]["code"] in ("BAD_USER_INPUT", "LIMIT_EXCEEDED")


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_what_is_no_request_is_refused_in_graphqls_form(api: Api, body: bytes) -> None:
    answer = await post(api, body)
    # A value that can be read as JSON can be wrong as a variable only; that is told with 200.
    assert answer.status_code in (200, 400, 413)
    well_refused(answer.status_code, answer.json())
    assert "data" not in answer.json() or not answer.json()["data"]
    assert caused({}, await api.simulator.calls()) == {}
    assert (await api.query("{ viewer { role } }")).data == {"viewer": {"role": "MERCHANT"}}


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, identity"])
async def test_a_packed_body_is_not_taken(api: Api, encoding: str) -> None:
    answer = await post(api, gzip.compress(b"{}" * 1000), content_encoding=encoding)
    assert answer.status_code == 415
    well_refused(answer.status_code, answer.json())


async def test_a_body_has_a_limit(api: Api) -> None:
    small = b'{"query": "{ viewer { role } }"' + b" " * 65_000 + b"}"
    large = b'{"query": "{ viewer { role } }"' + b" " * 65_536 + b"}"
    assert (await post(api, small)).status_code == 200
    answer = await post(api, large)
    assert answer.status_code == 413
    well_refused(answer.status_code, answer.json())


async def test_a_body_without_a_length_has_the_same_limit(api: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1024

    headers = {"authorization": f"Bearer {MERCHANT}", "content-type": "application/json"}
    try:
        answer = await api.http.post("/graphql", content=endless(), headers=headers)
    except (httpx.ReadError, httpx.WriteError):
        # It hangs up on what it does not read, which may overtake its answer.
        return
    assert answer.status_code == 413


HARD_DOCUMENTS = {
    "deep selection": "{" * 3_000,
    "deep value": '{ customer(id: "x", a: ' + "[" * 10_000 + " ) { id } }",
    "unclosed text": '{ customer(id: "',
    "control characters": "{ viewer \u0001 { role } }",
    "fragment of itself": "{ ...A } fragment A on Query { ...A }",
    "fragments in a ring": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "unknown fragment": "{ ...Nothing }",
    "types alone": "type A { b: Int }",
    "a comment alone": "# nothing",
    "an odd name": "{ __proto__ }",
    "no operation": "fragment A on Query { viewer { role } }",
}


@pytest.mark.parametrize("query", HARD_DOCUMENTS.values(), ids=HARD_DOCUMENTS)
async def test_a_document_that_is_none_is_refused(api: Api, query: str) -> None:
    answer = await api.query(query)
    well_refused(answer.status, answer.body)
    assert "data" not in answer.body


@pytest.mark.parametrize(
    "text", ["\u0000", "\r\nx-injected: 1", "\u202eevil", "\u2028", "x" * 60_000, "%00", "../../"]
)
async def test_odd_text_in_any_argument_is_refused_or_kept_and_never_a_fault(
    api: Api, unique: str, text: str
) -> None:
    answers = [
        await api.run("SavedCards", customerId=text),
        await api.run("PaymentMethod", id=text),
        await api.run("ChargeBy", by={"orderNo": text}),
        await api.run("ChargeBy", by={"idempotencyKey": text}),
        await api.run("ChargeBy", by={"id": text}),
        await api.run("Customers", after=text),
        await api.run("DetachCard", paymentMethodId=text),
        await api.run("DeleteCustomer", id=text),
        await api.run("ClientSession", input={"customerId": text}),
        await api.run(
            "CreateCustomer",
            input={"email": "a@b.c", "firstName": text, "lastName": "B"},
            idempotencyKey=unique,
        ),
        await api.run(
            "CreateCustomer",
            input={"email": "a@b.c", "firstName": "A", "lastName": "B"},
            idempotencyKey=text,
        ),
    ]
    for answer in answers:
        assert answer.status < 500
        assert "INTERNAL" not in answer.codes
        assert "x-injected" not in answer.headers


async def test_after_all_that_nothing_unforeseen_is_in_the_log(api: Api, folder: Path) -> None:
    assert "unexpected error" not in (folder / "serve.log").read_text()
    assert "Traceback" not in (folder / "serve.log").read_text()
