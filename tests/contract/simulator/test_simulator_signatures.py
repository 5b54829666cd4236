"""The simulator's signatures against the vectors that the official SDK was run for."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.signature import sign_answer, sign_return, sign_webhook, verify_request

_FILE = Path(__file__).parents[2] / "vectors" / "signature_vectors.json"
_VECTORS: list[dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))["vectors"]


def _of(kind: str) -> list[Any]:
    return [pytest.param(v, id=v["name"]) for v in _VECTORS if v["kind"] == kind]


def _head(vector: dict[str, Any]) -> str:
    return "".join(vector["headers"][name] for name in sorted(vector["headers"]))


def _verifies(vector: dict[str, Any], signature: str, body: bytes) -> bool:
    return verify_request(
        vector["sign_key"],
        signature.encode(),
        _head(vector),
        vector["path"],
        list(vector["query"].items()),
        body,
    )


@pytest.mark.parametrize("vector", _of("request"))
def test_a_request_signed_by_document_or_sdk_is_accepted(vector: dict[str, Any]) -> None:
    body = (vector["body_text"] or "").encode()
    for signature in {vector["expected"], vector.get("expected_sdk", vector["expected"])}:
        assert _verifies(vector, signature, body)
        assert _verifies(vector, signature.lower(), body)


@pytest.mark.parametrize("vector", _of("request"))
def test_a_request_that_was_altered_is_refused(vector: dict[str, Any]) -> None:
    body = (vector["body_text"] or "").encode()
    assert not _verifies(vector, vector["expected"], body + b" ")
    assert not _verifies({**vector, "sign_key": "x"}, vector["expected"], body)
    assert not _verifies(vector, vector["expected"][:-1], body)


def test_the_text_is_not_parsed_and_written_again() -> None:
    """Escaped and plain slashes are two different requests."""
    vector = next(v for v in _VECTORS if v["name"] == "confirm_charge_slashes_escaped")
    plain = vector["body_text"].replace("\\/", "/").encode()
    assert not _verifies(vector, vector["expected"], plain)


@pytest.mark.parametrize("vector", _of("webhook"))
def test_a_webhook_is_signed_in_upper_case_over_its_raw_body(vector: dict[str, Any]) -> None:
    headers = vector["headers"]
    signature = sign_webhook(
        vector["sign_key"],
        headers["gateway-no"],
        headers["request-id"],
        headers["request-time"],
        headers["version"],
        vector["body_text"].encode(),
    )
    assert signature == vector["expected"]


@pytest.mark.parametrize("vector", _of("response"))
def test_an_answer_is_signed_over_its_headers_and_raw_body(vector: dict[str, Any]) -> None:
    headers = vector["headers"]
    signature = sign_answer(
        vector["sign_key"],
        headers["gateway-no"],
        headers["response-id"],
        headers["response-time"],
        vector["body_text"].encode(),
    )
    assert signature == vector["expected"]


@pytest.mark.parametrize("vector", _of("return_url"))
def test_a_return_address_is_signed_over_eleven_decoded_values(vector: dict[str, Any]) -> None:
    assert sign_return(vector["sign_key"], vector["query"]) == vector["expected"]
