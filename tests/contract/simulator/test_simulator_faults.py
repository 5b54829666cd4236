"""Faults: what is done, and what the caller sees of it."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from simulator import Options, create_app
from tests.contract.simulator.merchant import Merchant, charge_body, hexadecimal
from tests.contract.simulator.simulation import Simulation, eventually

_CHARGE = "POST /confirmCharge"
_LIST = "GET /payment_methods/list/{customerId}"


def _charge(merchant: Merchant, card_id: str, timeout: float = 5, **fields: object) -> Any:
    body = charge_body(card_id, **fields)
    return merchant.send("POST", "/confirmCharge", body=body, timeout=timeout)


def _made(simulated: Simulation) -> int:
    return len(simulated.charges())


@pytest.mark.parametrize(("effect", "made"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_gives_no_answer_at_all(
    merchant: Merchant, simulated: Simulation, effect: str, made: int
) -> None:
    card_id = merchant.new_card()
    simulated.fault(_CHARGE, effect)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        _charge(merchant, card_id)
    assert _made(simulated) == made
    assert _charge(merchant, card_id).json()["code"] == "00000"
    assert simulated.look("/calls")[_CHARGE] == 2


@pytest.mark.parametrize(("effect", "made"), [("hang_before", 0), ("hang_after", 1)])
def test_a_hanging_request_is_never_answered(
    merchant: Merchant, simulated: Simulation, effect: str, made: int
) -> None:
    card_id = merchant.new_card()
    simulated.fault(_CHARGE, effect)
    with pytest.raises(httpx.ReadTimeout):
        _charge(merchant, card_id, timeout=0.2)
    assert _made(simulated) == made


@pytest.mark.parametrize(
    ("effect", "status", "made"),
    [
        ("status_500", 500, 0),
        ("status_503", 503, 0),
        ("status_429", 429, 0),
        ("status_500_after", 500, 1),
        ("html", 200, 1),
    ],
)
def test_a_page_comes_instead_of_the_answer(
    merchant: Merchant, simulated: Simulation, effect: str, status: int, made: int
) -> None:
    card_id = merchant.new_card()
    simulated.fault(_CHARGE, effect)
    response = _charge(merchant, card_id)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    assert _made(simulated) == made


def test_garbage_is_no_json(merchant: Merchant, simulated: Simulation) -> None:
    card_id = merchant.new_card()
    simulated.fault(_CHARGE, "garbage")
    response = _charge(merchant, card_id)
    assert response.status_code == 200
    with pytest.raises(ValueError, match="utf-8"):
        response.json()
    assert _made(simulated) == 1


def test_a_truncated_answer_is_shorter_than_announced(
    merchant: Merchant, simulated: Simulation
) -> None:
    card_id = merchant.new_card()
    simulated.fault(_CHARGE, "truncate")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        _charge(merchant, card_id)
    assert _made(simulated) == 1


def test_a_bad_signature_stands_under_a_right_answer(
    merchant: Merchant, simulated: Simulation
) -> None:
    card_id = merchant.new_card()
    simulated.fault(_CHARGE, "bad_signature")
    response = _charge(merchant, card_id)
    head = "".join(
        response.headers[name] for name in ("gateway-no", "response-id", "response-time")
    )
    right = hexadecimal(merchant.sign_key, head.encode() + b"." + response.content)
    assert response.headers.get_list("sign-info") != [right.upper()]
    assert len(response.headers.get_list("sign-info")) == 1
    assert response.json()["data"]["orderStatus"] == "success"


def test_a_delayed_answer_comes_late(merchant: Merchant, simulated: Simulation) -> None:
    card_id = merchant.new_card()
    simulated.fault(_CHARGE, "delay", delayMs=150)
    before = time.monotonic()
    assert _charge(merchant, card_id).json()["code"] == "00000"
    assert time.monotonic() - before >= 0.15


@pytest.mark.parametrize("effect", ["act_late", "act_late_hang"])
def test_a_late_act_shows_after_the_caller_has_given_up(
    merchant: Merchant, simulated: Simulation, effect: str
) -> None:
    card_id = merchant.new_card()
    simulated.fault(_CHARGE, effect, delayMs=400)
    with pytest.raises(httpx.TransportError):
        _charge(merchant, card_id, timeout=0.1, orderNo="LATE")
    assert merchant.data("GET", "/transactions", query={"orderNo": "LATE"})["list"] == []
    eventually(lambda: _made(simulated) == 1)
    (entry,) = merchant.data("GET", "/transactions", query={"orderNo": "LATE"})["list"]
    assert entry["tradeStatus"] == "success"


def test_a_reset_stops_what_would_be_done_late(merchant: Merchant, simulated: Simulation) -> None:
    simulated.fault("POST /customers", "act_late", delayMs=50)
    with pytest.raises(httpx.TransportError):
        merchant.send("POST", "/customers", body={})
    simulated.control("/reset")
    # The answer to this one comes after the time of the late act.
    simulated.fault("POST /sessionToken", "delay", delayMs=100)
    merchant.data("POST", "/sessionToken")
    assert merchant.data("GET", "/customers")["page"]["total"] == 0


@pytest.mark.parametrize("path", ["/transactions", "/orderInfo/{tradeNo}"])
def test_a_stale_look_up_knows_nothing_young(
    merchant: Merchant, simulated: Simulation, path: str
) -> None:
    made = merchant.charge(merchant.new_card(), orderNo="A-1")
    params = {"tradeNo": made["tradeNo"]} if "{" in path else {}
    query = {} if params else {"orderNo": "A-1"}
    simulated.fault(f"GET {path}", "stale", delayMs=60_000)
    stale = merchant.call("GET", path, params, query=query)
    assert stale["code"] == "P0002" if params else stale["data"]["list"] == []
    assert merchant.call("GET", path, params, query=query)["code"] == "00000"


def test_a_stale_look_up_shows_an_order_as_it_stood(
    merchant: Merchant, simulated: Simulation
) -> None:
    made = merchant.charge(merchant.new_card("4000002500003155"), orderNo="A-1")
    simulated.clock.ahead = 120
    simulated.control(f"/3ds/{made['tradeNo']}", result="success")

    def status() -> str:
        (entry,) = merchant.data("GET", "/transactions", query={"orderNo": "A-1"})["list"]
        return f"{entry['tradeStatus']}: {entry['tradeInfo']}"

    simulated.fault("GET /transactions", "stale", delayMs=60_000)
    assert status() == "pending: Pending"
    assert status() == "success: Transaction Approved"


def test_a_wrong_amount_shows_in_the_answer_alone(
    merchant: Merchant, simulated: Simulation
) -> None:
    for path in (_CHARGE, "GET /transactions", "GET /orderInfo/{tradeNo}"):
        simulated.fault(path, "wrong_amount")
    card_id = merchant.new_card()
    made = merchant.charge(card_id, orderNo="A-1")
    assert made["orderAmount"] == "13.65"
    query = {"orderNo": "A-1"}
    listed = [merchant.data("GET", "/transactions", query=query)["list"][0] for _ in range(2)]
    assert [entry["tradeAmount"] for entry in listed] == [13.65, 63.65]
    named = {"tradeNo": made["tradeNo"]}
    assert merchant.data("GET", "/orderInfo/{tradeNo}", named)["tradeAmount"] == 13.65
    assert [charge["amount"] for charge in simulated.charges()] == ["63.65"]


def test_a_refused_request_has_no_amount_to_falsify(
    merchant: Merchant, simulated: Simulation
) -> None:
    simulated.fault(_CHARGE, "wrong_amount")
    assert merchant.call("POST", "/confirmCharge", body=charge_body("pm_1"))["code"] == "P0002"


def test_times_and_after_are_counted(merchant: Merchant, simulated: Simulation) -> None:
    simulated.fault("POST /sessionToken", "status_503", times=2, after=1)
    statuses = [merchant.send("POST", "/sessionToken").status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    assert simulated.look("/faults") == []


def test_faults_of_one_path_are_met_in_the_order_they_were_armed(
    merchant: Merchant, simulated: Simulation
) -> None:
    for effect in ("status_500", "status_503", "status_429"):
        simulated.fault("POST /sessionToken", effect)
    statuses = [merchant.send("POST", "/sessionToken").status_code for _ in range(4)]
    assert statuses == [500, 503, 429, 200]


def test_match_picks_one_customer_or_one_order(merchant: Merchant, simulated: Simulation) -> None:
    unlucky, lucky = merchant.new_customer(), merchant.new_customer()
    simulated.fault(_LIST, "status_500", match=unlucky)
    path = "/payment_methods/list/{customerId}"
    assert merchant.send("GET", path, {"customerId": lucky}).status_code == 200
    assert merchant.send("GET", path, {"customerId": unlucky}).status_code == 500
    simulated.fault(_CHARGE, "status_500", match='"A-2"')
    card_id = merchant.new_card()
    statuses = [_charge(merchant, card_id, orderNo=n).status_code for n in ("A-1", "A-2", "A-2")]
    assert statuses == [200, 500, 200]


def test_what_is_armed_is_echoed_listed_and_cleared(simulated: Simulation) -> None:
    armed = {
        "path": _LIST,
        "effect": "delay",
        "times": 3,
        "delayMs": 5,
        "after": 2,
        "match": "cus_1",
    }
    assert simulated.control("/faults", **armed) == armed
    assert simulated.look("/faults") == [armed]
    assert simulated.http.delete("/_simulator/faults").json() == []
    assert simulated.look("/faults") == []
    defaults = simulated.control("/faults", path=_LIST, effect="garbage")
    assert (defaults["times"], defaults["after"], defaults["delayMs"]) == (1, 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "/confirmCharge", "effect": "delay"},
        {"path": _CHARGE, "effect": "explode"},
        {"path": _CHARGE},
        {"path": _CHARGE, "effect": "stale"},
        {"path": _LIST, "effect": "wrong_amount"},
        {"path": _CHARGE, "effect": "delay", "times": 0},
        {"path": _CHARGE, "effect": "delay", "delayMs": -1},
        {"path": _CHARGE, "effect": "delay", "delay": 1},
    ],
)
def test_a_fault_that_cannot_happen_is_refused(
    simulated: Simulation, wrong: dict[str, object]
) -> None:
    answer = simulated.http.post("/_simulator/faults", json=wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert simulated.look("/faults") == []


def test_calls_that_are_under_way_at_once_are_counted(
    merchant: Merchant, simulated: Simulation
) -> None:
    simulated.fault("POST /sessionToken", "delay", delayMs=200, times=5)
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: merchant.data("POST", "/sessionToken"), range(5)))
    merchant.data("POST", "/sessionToken")
    assert simulated.look("/calls/most-at-once") == {"POST /sessionToken": 5}
    assert simulated.look("/calls") == {"POST /sessionToken": 6}


@pytest.mark.anyio
@pytest.mark.parametrize("effect", ["drop_before", "truncate"])
async def test_without_a_connection_to_close_the_caller_gets_the_reset(effect: str) -> None:
    """In process there is no connection; the fault must not turn into an answer."""
    transport = httpx.ASGITransport(create_app(Options()))
    async with httpx.AsyncClient(transport=transport, base_url="http://simulator") as http:
        fault = {"path": "POST /sessionToken", "effect": effect}
        assert (await http.post("/_simulator/faults", json=fault)).status_code == 200
        with pytest.raises(ConnectionResetError):
            await http.post("/V2022-03/sessionToken")
