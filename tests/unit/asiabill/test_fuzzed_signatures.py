"""Whatever comes as a notification or in a return address: it is judged, never stumbled over."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from clients.asiabill import Credentials, verify_return, verify_webhook
from clients.asiabill.signing import sign

CREDENTIALS = Credentials("12246002", "12H4567r")
NOW = 1_764_000_000.0
EXAMPLES = 20_000 if os.environ.get("AUDIT") else 300

ODD = st.text() | st.text(st.characters(categories=["Cs", "Cc", "Nd", "Zs"])) | st.just("12246002")
HEADERS = st.dictionaries(
    st.sampled_from(["gateway-no", "request-id", "request-time", "version", "sign-info"]), ODD
)
FIELDS = st.dictionaries(
    st.sampled_from(["gatewayNo", "orderNo", "tradeNo", "orderAmount", "orderStatus", "signInfo"])
    | ODD,
    ODD,
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(headers=HEADERS, body=st.binary(max_size=300), now=st.floats(0, 4e9))
def test_a_made_up_notification_is_not_asiabills(
    headers: dict[str, str], body: bytes, now: float
) -> None:
    assert verify_webhook(CREDENTIALS, headers, body, now) is False


@settings(max_examples=EXAMPLES, deadline=None)
@given(parameters=FIELDS)
def test_a_made_up_return_is_not_asiabills(parameters: dict[str, str]) -> None:
    assert verify_return(CREDENTIALS, parameters) is False


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    body=st.binary(min_size=1, max_size=300),
    place=st.integers(0, 10_000),
    bit=st.integers(0, 7),
    late=st.floats(-599, 599),
)
def test_a_signed_notification_holds_for_these_bytes_alone(
    body: bytes, place: int, bit: int, late: float
) -> None:
    headers = {
        "gateway-no": "12246002",
        "request-id": "a1",
        "request-time": str(int((NOW + late) * 1000)),
        "version": "V2022-03",
    }
    text = "".join(headers[name] for name in sorted(headers)).encode() + b"." + body
    headers["sign-info"] = sign("12H4567r", text)
    assert verify_webhook(CREDENTIALS, headers, body, NOW)
    altered = bytearray(body)
    altered[place % len(body)] ^= 1 << bit
    assert not verify_webhook(CREDENTIALS, headers, bytes(altered), NOW)
