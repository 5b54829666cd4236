"""Asiabill's signatures: HMAC-SHA256 over a text that each direction builds in its own way.

Everything here is pure. A verifier takes the raw bytes as they came, since no two writers of JSON
agree. Source: contract 4.
"""

import hmac
import re
from collections.abc import Mapping

from clients.asiabill.account import Credentials

TIME_TOLERANCE = 600.0

_RETURN_FIELDS = (
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

# The header part is joined without borders. Fixing alphabet and length of its members leaves one
# way to read it, so that no character can move from one header to the next.
_MILLISECONDS = re.compile(r"[0-9]{13}")
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_VERSION = re.compile(r"V[0-9]{4}-[0-9]{2}")


def sign(key: str, text: bytes) -> str:
    """Lower-case hexadecimal, as the official SDK sends it."""
    # In one call of C: `hmac.new` costs three times as much.
    return hmac.digest(key.encode(), text, "sha256").hex()


def matches(key: str, text: bytes, signature: str) -> bool:
    """Compares in constant time and in either case."""
    given = signature.encode("utf-8", "backslashreplace").lower()
    return hmac.compare_digest(sign(key, text).encode(), given)


def request_text(
    headers: Mapping[str, str],
    path: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes,
) -> bytes:
    """What a request signs; `query` holds decoded values, `body` the bytes sent.

    Parts are ordered by the NAMES of their members (the SDK orders path values by value; real ids
    give the same text either way). Source: contract 4.1, 12.
    """
    parts = (_by_name(headers).encode(), _by_name(path).encode(), _by_name(query).encode(), body)
    return b".".join(filter(None, parts))


def verify_response(
    credentials: Credentials, request_id: str, headers: Mapping[str, str], body: bytes
) -> bool:
    """Whether an answer is Asiabill's, and the answer to this request. Source: contract 4.4."""
    moment, version = headers.get("response-time", ""), headers.get("version", "")
    if (
        headers.get("gateway-no") != credentials.gateway_no
        or headers.get("response-id") != request_id
        or _MILLISECONDS.fullmatch(moment) is None
        or (version and _VERSION.fullmatch(version) is None)
    ):
        return False
    # By the names of the headers, as in `request_text`, for an answer to each read.
    text = f"{credentials.gateway_no}{request_id}{moment}{version}".encode()
    signed = b"%b.%b" % (text, body) if body else text
    return _signed_by(credentials, signed, headers.get("sign-info", ""))


def verify_webhook(
    credentials: Credentials, headers: Mapping[str, str], body: bytes, now: float
) -> bool:
    """Whether a delivery is Asiabill's, for this gateway, and of the last or next ten minutes.

    `headers` by lower-case name (or any case-insensitive mapping), `body` raw, `now` in seconds.
    A true answer does not tell a first delivery from a repeated one. Source: contract 4.3.
    """
    signed = {
        name: headers.get(name, "")
        for name in ("gateway-no", "request-id", "request-time", "version")
    }
    return (
        signed["gateway-no"] == credentials.gateway_no
        and _REQUEST_ID.fullmatch(signed["request-id"]) is not None
        and _MILLISECONDS.fullmatch(signed["request-time"]) is not None
        and abs(int(signed["request-time"]) / 1000 - now) <= TIME_TOLERANCE
        and _VERSION.fullmatch(signed["version"]) is not None
        and _signed_by(
            credentials,
            request_text(signed, {}, {}, body),
            headers.get("sign-info", ""),
        )
    )


def verify_return(credentials: Credentials, parameters: Mapping[str, str]) -> bool:
    """Whether the decoded parameters of a return URL carry a valid signInfo.

    A hint and no proof: the signed text has no borders between its values, so one signature holds
    for other amounts and order numbers too. Source: contract 4.5.
    """
    if parameters.get("gatewayNo") != credentials.gateway_no:
        return False
    text = "".join(parameters.get(name, "") for name in _RETURN_FIELDS)
    encoded = text.encode("utf-8", "backslashreplace")
    return _signed_by(credentials, encoded, parameters.get("signInfo", ""))


def _signed_by(credentials: Credentials, text: bytes, signature: str) -> bool:
    return matches(credentials.sign_key, text, signature) or any(
        matches(key, text, signature) for key in credentials.also
    )


def _by_name(values: Mapping[str, str]) -> str:
    if len(values) < 2:
        return next(iter(values.values()), "")
    return "".join([values[name] for name in sorted(values)])
