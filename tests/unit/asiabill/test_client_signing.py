"""Signing and verifying, against the published vectors and against tampering."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.asiabill import Credentials, signing, verify_return, verify_webhook

_FILE = Path(__file__).parents[2] / "vectors" / "signature_vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))["vectors"]

NOW = 1669165201.0
ACCOUNT = Credentials("12246002", "12H4567r")


def _kind(kind: str) -> list[Any]:
    return [pytest.param(v, id=v["name"]) for v in VECTORS if v["kind"] == kind]


def _body(vector: dict[str, Any]) -> bytes:
    return (vector["body_text"] or "").encode()


def _webhook(
    body: bytes = b'{"type":"x"}', changed: dict[str, str] | None = None
) -> dict[str, str]:
    """Headers of a delivery, with some changed and then signed with the account's key."""
    headers = {
        "gateway-no": "12246002",
        "request-id": "8d0f1b7c2e14a5f9d6",
        "request-time": "1669165201000",
        "version": "V2022-03",
    } | (changed or {})
    text = signing.request_text(headers, {}, {}, body)
    return headers | {"sign-info": signing.sign(ACCOUNT.sign_key, text).upper()}


def test_all_vectors_are_here() -> None:
    """The file is whole and every vector is of a kind that some test below runs."""
    kinds = [vector["kind"] for vector in VECTORS]
    assert len(kinds) == 46
    assert set(kinds) == {"request", "webhook", "response", "return_url"}


@pytest.mark.parametrize("vector", _kind("request"))
def test_requests_sign_the_documented_text(vector: dict[str, Any]) -> None:
    """Where document and SDK differ, the document's order and its lone zero are sent."""
    text = signing.request_text(vector["headers"], vector["path"], vector["query"], _body(vector))
    assert text.decode() == vector["plain_text"]
    assert signing.sign(vector["sign_key"], text).upper() == vector["expected"]


@pytest.mark.parametrize("vector", _kind("webhook"))
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_webhooks_of_asiabill_verify(vector: dict[str, Any], case: Any) -> None:
    """Over the raw body, in either case of the signature."""
    account = Credentials(vector["headers"]["gateway-no"], vector["sign_key"])
    headers = vector["headers"] | {"sign-info": case(vector["expected"])}
    now = int(vector["headers"]["request-time"]) / 1000
    assert verify_webhook(account, headers, _body(vector), now)


@pytest.mark.parametrize("vector", _kind("response"))
def test_answers_of_asiabill_verify(vector: dict[str, Any]) -> None:
    """And only as the answer to the request they were given to."""
    account = Credentials(vector["headers"]["gateway-no"], vector["sign_key"])
    headers = vector["headers"] | {"sign-info": vector["expected"]}
    request_id = vector["headers"]["response-id"]
    assert signing.verify_response(account, request_id, headers, _body(vector))
    assert not signing.verify_response(account, "another", headers, _body(vector))


@pytest.mark.parametrize("vector", _kind("return_url"))
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_return_urls_of_asiabill_verify(vector: dict[str, Any], case: Any) -> None:
    """The merchant's own parameters do not count, and an absent maskCardNo counts as empty."""
    account = Credentials(vector["query"]["gatewayNo"], vector["sign_key"])
    given = {name: value for name, value in vector["query"].items() if value}
    assert verify_return(account, given | {"signInfo": case(vector["expected"]), "shop_order": "7"})
    assert not verify_return(account, given | {"signInfo": "0" * 64})
    assert not verify_return(account, given)


def test_the_return_url_of_another_gateway_is_refused() -> None:
    [vector] = [v for v in VECTORS if v["name"] == "return_url_documented_example"]
    account = Credentials("12246002", vector["sign_key"])
    assert not verify_return(account, vector["query"] | {"signInfo": vector["expected"]})


@pytest.mark.parametrize("offset", [-600.0, 0.0, 600.0])
def test_a_webhook_within_ten_minutes_is_taken(offset: float) -> None:
    assert verify_webhook(ACCOUNT, _webhook(), b'{"type":"x"}', NOW + offset)


@pytest.mark.parametrize("offset", [-600.001, 600.001, -1e9, 1e9])
def test_a_webhook_from_long_ago_or_far_ahead_is_refused(offset: float) -> None:
    """Although its signature is right."""
    assert not verify_webhook(ACCOUNT, _webhook(), b'{"type":"x"}', NOW + offset)


@pytest.mark.parametrize(
    "changed",
    [
        {"gateway-no": "12246001"},
        {"gateway-no": ""},
        {"request-id": ""},
        {"request-id": "x" * 65},
        {"request-id": "a.b"},
        {"request-id": 'a{"type":"y"}'},
        {"request-time": "166916520100"},
        {"request-time": "01669165201000"},
        {"request-time": "16691652010000"},
        {"request-time": "1669165201.000"},
        {"request-time": "+669165201000"},
        {"request-time": "\u0661669165201000"},
        {"version": ""},
        {"version": "V2022-031"},
    ],
    ids=repr,
)
def test_a_webhook_with_odd_headers_is_refused(changed: dict[str, str]) -> None:
    """Each is signed correctly, so that only the check of the header itself can refuse it."""
    assert not verify_webhook(ACCOUNT, _webhook(changed=changed), b'{"type":"x"}', NOW)


@pytest.mark.parametrize(
    "missing", ["gateway-no", "request-id", "request-time", "version", "sign-info"]
)
def test_a_webhook_without_a_header_is_refused(missing: str) -> None:
    headers = _webhook()
    del headers[missing]
    assert not verify_webhook(ACCOUNT, headers, b'{"type":"x"}', NOW)


@pytest.mark.parametrize("signature", ["", "é" * 64, "\udc80" * 64, "K" * 64, "0" * 63])
def test_a_signature_that_is_no_hexadecimal_is_just_wrong(signature: str) -> None:
    """Whatever stands in the header, the answer is no and not an exception."""
    headers = _webhook() | {"sign-info": signature}
    assert not verify_webhook(ACCOUNT, headers, b'{"type":"x"}', NOW)


@pytest.mark.parametrize("moved", range(1, 14))
def test_no_character_can_move_between_two_headers(moved: int) -> None:
    """The signed text has no borders between headers: their form alone tells them apart."""
    headers = _webhook()
    time = headers["request-time"]
    headers["request-id"] += time[:moved]
    headers["request-time"] = time[moved:]
    assert not verify_webhook(ACCOUNT, headers, b'{"type":"x"}', NOW)


def test_a_body_written_again_is_refused() -> None:
    """The same JSON in other bytes has another signature."""
    headers = _webhook(b'{"a":"x\\/y"}')
    assert verify_webhook(ACCOUNT, headers, b'{"a":"x\\/y"}', NOW)
    assert not verify_webhook(ACCOUNT, headers, b'{"a":"x/y"}', NOW)


@given(body=st.binary(max_size=200), key=st.text(st.characters(codec="utf-8"), min_size=1))
def test_what_is_signed_verifies(body: bytes, key: str) -> None:
    account = Credentials("12246002", key)
    headers = _webhook()
    text = signing.request_text(
        {name: value for name, value in headers.items() if name != "sign-info"}, {}, {}, body
    )
    headers["sign-info"] = signing.sign(key, text)
    assert verify_webhook(account, headers, body, NOW)


@given(
    body=st.binary(min_size=1, max_size=200),
    at=st.integers(min_value=0),
    flip=st.integers(min_value=1, max_value=255),
)
def test_a_changed_byte_of_the_body_is_found(body: bytes, at: int, flip: int) -> None:
    changed = bytearray(body)
    changed[at % len(body)] ^= flip
    assert not verify_webhook(ACCOUNT, _webhook(body), bytes(changed), NOW)


@given(
    name=st.sampled_from(["gateway-no", "request-id", "request-time", "version", "sign-info"]),
    at=st.integers(min_value=0),
    put=st.sampled_from("0123456789abcdefABCDEFV-"),
)
def test_a_changed_character_of_a_header_is_found(name: str, at: int, put: str) -> None:
    headers = _webhook()
    old = headers[name]
    at %= len(old)
    headers[name] = old[:at] + put + old[at + 1 :]
    unchanged = headers[name] == old or (name == "sign-info" and headers[name].upper() == old)
    assert verify_webhook(ACCOUNT, headers, b'{"type":"x"}', NOW) is unchanged


@given(
    path=st.dictionaries(st.text(max_size=5), st.text(st.characters(codec="utf-8"), max_size=5)),
    query=st.dictionaries(st.text(max_size=5), st.text(st.characters(codec="utf-8"), max_size=5)),
    body=st.binary(max_size=20),
)
def test_the_order_of_arguments_does_not_matter_and_empty_parts_leave_no_point(
    path: dict[str, str], query: dict[str, str], body: bytes
) -> None:
    headers = {"request-id": "r", "gateway-no": "g", "request-time": "t"}
    text = signing.request_text(headers, path, query, body)
    turned = signing.request_text(
        dict(reversed(headers.items())),
        dict(reversed(path.items())),
        dict(reversed(query.items())),
        body,
    )
    assert text == turned
    assert text.startswith(b"grt")
    if not any([*path.values(), *query.values(), body]):
        assert text == b"grt"


def test_the_key_is_not_shown() -> None:
    assert "12H4567r" not in repr(ACCOUNT)
    assert "12246002" in repr(ACCOUNT)


def test_a_second_key_verifies_and_never_signs() -> None:
    """While a key is changed: Asiabill may sign with either, and we sign with the first alone."""
    changing = Credentials("12246002", "the key before", ("12H4567r",))
    assert verify_webhook(changing, _webhook(), b'{"type":"x"}', NOW)
    assert not verify_webhook(
        Credentials("12246002", "the key before"), _webhook(), b'{"type":"x"}', NOW
    )
    assert "12H4567r" not in repr(changing)
    with pytest.raises(ValueError, match="empty"):
        Credentials("12246002", "a key", ("",))
