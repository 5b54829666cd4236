"""What a request must have before anything is done: L0001 to L0005, and what is tolerated."""

import pytest

from tests.contract.simulator.merchant import PAYMENT_BASE, Merchant, hexadecimal
from tests.contract.simulator.simulation import Simulation


def _code(merchant: Merchant, **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = merchant.send("POST", "/sessionToken", headers=named).json()
    return str(answer["code"])


def _signed_by_hand(
    merchant: Merchant,
    method: str,
    target: str,
    request_id: str,
    parts: list[str],
    *,
    seconds_off: float = 0,
) -> str:
    """The code for a request whose signed text is given part by part."""
    sent_at = str(int((merchant.now() + seconds_off) * 1000))
    head = merchant.gateway_no + request_id + sent_at
    response = merchant.http.request(
        method,
        merchant.origin + PAYMENT_BASE + target,
        headers={
            "gateway-no": merchant.gateway_no,
            "request-id": request_id,
            "request-time": sent_at,
            "sign-info": hexadecimal(merchant.sign_key, ".".join([head, *parts])),
        },
    )
    return str(response.json()["code"])


def test_an_unknown_gateway_number_is_l0001_and_the_answer_unsigned(merchant: Merchant) -> None:
    response = merchant.send("POST", "/sessionToken", headers={"gateway-no": "99999999"})
    assert response.status_code == 200
    assert response.json() == {"code": "L0001", "message": "limited request", "data": None}
    assert "sign-info" not in response.headers


@pytest.mark.parametrize("path", ["/nowhere", "/sessionToken/more", "/transactions"])
def test_a_wrong_path_is_l0002(merchant: Merchant, path: str) -> None:
    response = merchant.http.post(merchant.origin + PAYMENT_BASE + path)
    assert (response.status_code, response.json()["code"]) == (200, "L0002")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sessionToken"), ("PUT", "/customers"), ("POST", "/payment_methods/list/cus_1")],
)
def test_a_wrong_method_is_l0002(merchant: Merchant, method: str, path: str) -> None:
    response = merchant.http.request(method, merchant.origin + PAYMENT_BASE + path)
    assert (response.status_code, response.json()["code"]) == (200, "L0002")


@pytest.mark.parametrize("seconds", [-601, 601])
def test_a_clock_more_than_ten_minutes_off_is_l0003(merchant: Merchant, seconds: int) -> None:
    code = _signed_by_hand(merchant, "POST", "/sessionToken", "A1", [], seconds_off=seconds)
    assert code == "L0003"


@pytest.mark.parametrize("seconds", [-595, 595])
def test_a_clock_within_ten_minutes_is_accepted(merchant: Merchant, seconds: int) -> None:
    code = _signed_by_hand(merchant, "POST", "/sessionToken", "A1", [], seconds_off=seconds)
    assert code == "00000"


@pytest.mark.parametrize("time", ["", "now", "-1", "1e12", "99999999999999999999"])
def test_a_request_time_that_is_no_time_is_l0003(merchant: Merchant, time: str) -> None:
    assert _code(merchant, request_time=time) == "L0003"


def test_a_request_id_may_come_once_within_thirty_minutes(
    merchant: Merchant, simulated: Simulation
) -> None:
    def again() -> str:
        return _signed_by_hand(merchant, "POST", "/sessionToken", "SAME-ID", [])

    assert again() == "00000"
    assert again() == "L0004"
    simulated.clock.ahead = 29 * 60
    assert again() == "L0004"
    simulated.clock.ahead = 31 * 60
    assert again() == "00000"


def test_request_ids_are_case_sensitive(merchant: Merchant) -> None:
    assert _signed_by_hand(merchant, "POST", "/sessionToken", "abc", []) == "00000"
    assert _signed_by_hand(merchant, "POST", "/sessionToken", "ABC", []) == "00000"


def test_a_badly_signed_request_does_not_use_up_its_id(merchant: Merchant) -> None:
    assert _signed_by_hand(merchant, "POST", "/sessionToken", "ONCE", ["x"]) == "L0005"
    assert _signed_by_hand(merchant, "POST", "/sessionToken", "ONCE", []) == "00000"


@pytest.mark.parametrize("request_id", ["", "a_b", "a" * 65, "a b"])
def test_a_request_id_out_of_its_alphabet_is_refused(merchant: Merchant, request_id: str) -> None:
    assert _code(merchant, request_id=request_id) == "P0001"


@pytest.mark.parametrize("signature", ["", "00", "0" * 64, "\xe9"])
def test_a_wrong_signature_is_l0005(merchant: Merchant, signature: str) -> None:
    headers = {
        "gateway-no": merchant.gateway_no,
        "request-id": "A1",
        "request-time": str(int(merchant.now() * 1000)),
        "sign-info": signature,
    }
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    response = merchant.http.post(merchant.origin + PAYMENT_BASE + "/sessionToken", headers=raw)
    assert response.json()["code"] == "L0005"


def test_the_other_accounts_key_is_l0005(merchant: Merchant) -> None:
    merchant.sign_key = "another-key"
    assert _code(merchant) == "L0005"


def test_a_changed_body_is_l0005_and_does_nothing(merchant: Merchant) -> None:
    """What was signed is another spelling of what is sent."""
    body = b'{"email":"a@example.com"}'
    head = f"{merchant.gateway_no}A1{int(merchant.now() * 1000)}"
    signature = hexadecimal(merchant.sign_key, head.encode() + b"." + body)
    response = merchant.http.post(
        merchant.origin + PAYMENT_BASE + "/customers",
        content=body.replace(b":", b": "),
        headers={
            "gateway-no": merchant.gateway_no,
            "request-id": "A1",
            "request-time": head[-13:],
            "sign-info": signature,
        },
    )
    assert response.json()["code"] == "L0005"
    assert merchant.data("GET", "/customers")["page"]["total"] == 0


def test_the_time_is_judged_before_the_repeat_and_the_repeat_before_the_signature(
    merchant: Merchant,
) -> None:
    assert _signed_by_hand(merchant, "POST", "/sessionToken", "ID", []) == "00000"
    assert _signed_by_hand(merchant, "POST", "/sessionToken", "ID", ["x"]) == "L0004"
    late = _signed_by_hand(merchant, "POST", "/sessionToken", "ID", ["x"], seconds_off=-700)
    assert late == "L0003"


def test_a_get_may_be_signed_with_the_empty_array_that_the_sdk_does_not_send(
    merchant: Merchant,
) -> None:
    assert _signed_by_hand(merchant, "GET", "/customers", "A1", ["[]"]) == "00000"
    assert _signed_by_hand(merchant, "GET", "/customers", "A2", []) == "00000"


def test_a_query_of_zero_may_be_left_out_of_the_text(merchant: Merchant) -> None:
    target = "/customers?pageIndex=0"
    assert _signed_by_hand(merchant, "GET", target, "A1", ["0"]) == "00000"
    assert _signed_by_hand(merchant, "GET", target, "A2", []) == "00000"
    assert _signed_by_hand(merchant, "GET", target, "A3", ["1"]) == "L0005"


def test_path_values_may_be_ordered_by_name_or_by_value(merchant: Merchant) -> None:
    """P0002 means that the signature was accepted and the card is unknown."""
    target = "/payment_methods/aa_1/zz_1/attach"
    assert _signed_by_hand(merchant, "GET", target, "A1", ["zz_1aa_1"]) == "P0002"
    assert _signed_by_hand(merchant, "GET", target, "A2", ["aa_1zz_1"]) == "P0002"
    assert _signed_by_hand(merchant, "GET", target, "A3", ["aa_1"]) == "L0005"


@pytest.mark.parametrize(
    "body",
    [
        '{"email":"a@example.com","description":"https:\\/\\/example.com\\/茶"}',
        '{"email":"a@example.com","description":"https://example.com/\\u8336"}',
        '{ "description" : "https://example.com/茶" ,\n "email":"a@example.com"}',
    ],
)
def test_the_body_is_read_however_it_is_written(merchant: Merchant, body: str) -> None:
    customer = merchant.data("POST", "/customers", body=body.encode())
    assert customer["description"] == "https://example.com/茶"


@pytest.mark.parametrize(
    "body", [b"null", b'"x"', b"12", b"{", b"\xff", b"[1]", b"[" * 3000, b'{"email":"\\ud800"}']
)
def test_a_body_that_is_no_object_is_a_param_error(merchant: Merchant, body: bytes) -> None:
    assert merchant.call("POST", "/customers", body=body)["code"] == "P0001"


def test_query_values_are_signed_decoded(either: Merchant) -> None:
    query = {
        "startTime": "2022-05-01T00:00:00",
        "endTime": "2022-05-02T00:00:00",
        "orderNo": "茶 1",
    }
    assert either.data("GET", "/transactions", query=query)["list"] == []


def test_each_endpoint_is_under_its_own_base_alone(merchant: Merchant) -> None:
    response = merchant.http.post(f"{merchant.origin}/openApi{PAYMENT_BASE}/confirmCharge")
    assert response.json()["code"] == "L0002"


def test_a_session_token_is_given(either: Merchant) -> None:
    assert either.data("POST", "/sessionToken")["sessionToken"]
