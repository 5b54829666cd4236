"""Signatures of requests, answers, webhooks and return addresses. Source: contract 4.

All are HMAC-SHA256 with the gateway's sign key. A request is judged over the bytes that arrived:
nothing is parsed and written again.
"""

import hmac
from collections.abc import Iterator, Mapping, Sequence

RETURN_FIELDS = (
    "code",
    "gatewayNo",
    "maskCardNo",
    "merNo",
    "message",
    "orderAmount",
    "orderCurrency",
    "orderInfo",
    "orderNo",
    "orderStatus",
    "tradeNo",
)


def sign(sign_key: str, text: bytes) -> str:
    """The signature in upper-case hexadecimal, as Asiabill sends it."""
    return hmac.digest(sign_key.encode(), text, "sha256").hex().upper()


def verify_request(
    sign_key: str,
    sign_info: bytes,
    head: str,
    path: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    body: bytes,
) -> bool:
    """Whether any of the accepted readings of the request gives `sign_info`, in either case.

    `head` is the joined header values; `path` and `query` hold decoded values.
    """
    given = sign_info.lower()
    key = sign_key.encode()
    return any(
        hmac.compare_digest(hmac.digest(key, text, "sha256").hex().encode(), given)
        for text in _request_texts(head.encode(), path, query, body)
    )


def sign_answer(sign_key: str, gateway_no: str, response_id: str, time_ms: str, body: bytes) -> str:
    """Source: contract 4.4 (assumed)."""
    return sign(sign_key, f"{gateway_no}{response_id}{time_ms}.".encode() + body)


def sign_webhook(
    sign_key: str, gateway_no: str, request_id: str, time_ms: str, version: str, body: bytes
) -> str:
    """Source: contract 4.3."""
    return sign(sign_key, f"{gateway_no}{request_id}{time_ms}{version}.".encode() + body)


def sign_return(sign_key: str, values: Mapping[str, str]) -> str:
    """Over the eleven decoded values in name order, joined by nothing. Source: contract 4.5."""
    return sign(sign_key, "".join(values[name] for name in RETURN_FIELDS).encode())


def _request_texts(
    head: bytes, path: Mapping[str, str], query: Sequence[tuple[str, str]], body: bytes
) -> Iterator[bytes]:
    """The documented text first, then the official SDK's departures. Source: contract 4.1, 4.2."""
    by_name = "".join(path[name] for name in sorted(path)).encode()
    by_value = "".join(sorted(path.values())).encode()
    queried = "".join(value for _, value in sorted(query, key=lambda pair: pair[0])).encode()
    for path_part in (by_name,) if by_name == by_value else (by_name, by_value):
        # The SDK signs "[]" for a GET that it sends without a body.
        for body_part in (body,) if body else (b"", b"[]"):
            parts = (head, path_part, queried, body_part)
            yield b".".join(part for part in parts if part)
            if b"0" in parts:
                # PHP's array_filter also drops a part that is the text 0.
                yield b".".join(part for part in parts if part and part != b"0")
