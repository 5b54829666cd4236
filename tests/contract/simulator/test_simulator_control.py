"""The control interface, the front page and the browser's call."""

from typing import Any

import pytest

from simulator.test_cards import TEST_CARDS
from tests.contract.simulator.merchant import Merchant, card_body
from tests.contract.simulator.simulation import Simulation

_BROWSER = "/_browser/payment_methods"


def _from_the_browser(simulated: Simulation, **fields: object) -> dict[str, Any]:
    answer = simulated.http.post(_BROWSER, json=fields)
    assert answer.headers["access-control-allow-origin"] == "*"
    content: dict[str, Any] = answer.json()
    return content


def test_calls_are_counted_as_received_also_badly_signed_ones(
    merchant: Merchant, simulated: Simulation
) -> None:
    merchant.cards(merchant.new_customer())
    merchant.send("POST", "/customers", body={}, headers={"sign-info": "00"})
    assert simulated.look("/calls") == {
        "POST /customers": 2,
        "GET /payment_methods/list/{customerId}": 1,
    }


def test_a_reset_forgets_everything(merchant: Merchant, simulated: Simulation) -> None:
    customer_id = merchant.new_customer()
    card_id = merchant.new_card(customer_id=customer_id)
    merchant.charge(card_id, callbackUrl="http://127.0.0.1:9/nobody")
    simulated.fault("POST /customers", "delay")
    simulated.control("/webhooks", mode="hold", lose=3)
    simulated.control("/chargebacks", tradeNo=simulated.charges()[0]["tradeNo"])
    simulated.control("/reset")
    assert simulated.charges() == []
    assert simulated.look("/chargebacks") == []
    assert simulated.look("/calls") == {}
    assert simulated.look("/faults") == []
    webhooks = simulated.look("/webhooks")
    assert (webhooks["mode"], webhooks["lose"], webhooks["waiting"]) == ("on", 0, [])
    assert merchant.cards(customer_id) == []


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_is_refused(simulated: Simulation, origin: str) -> None:
    answer = simulated.http.post("/_simulator/reset", headers={"origin": origin})
    assert answer.status_code == 403


def test_the_simulators_own_pages_may_use_it(simulated: Simulation) -> None:
    answer = simulated.http.get("/_simulator/calls", headers={"origin": simulated.origin})
    assert answer.status_code == 200


@pytest.mark.parametrize("body", ["", "{", "[]", '{"result":"maybe"}'])
def test_wrong_input_is_a_400_that_says_why(simulated: Simulation, body: str) -> None:
    answer = simulated.http.post("/_simulator/3ds/1", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_front_page_lists_the_test_cards(simulated: Simulation) -> None:
    page = simulated.http.get("/")
    assert page.status_code == 200
    assert "Simulator: no real money." in page.text
    for card in TEST_CARDS:
        assert card.number in page.text


def test_what_is_no_page_is_not_found(simulated: Simulation) -> None:
    for path in ("/nothing", "/_simulator/nothing", "/V2021-01/sessionToken"):
        assert simulated.http.get(path).status_code == 404


def test_a_browser_adds_a_card_with_a_session_token(
    merchant: Merchant, simulated: Simulation
) -> None:
    customer_id = merchant.new_customer()
    token = merchant.data("POST", "/sessionToken")["sessionToken"]
    answer = _from_the_browser(simulated, sessionToken=token, **card_body(), customerId=customer_id)
    assert (answer["code"], answer["data"]["card"]["last4"]) == ("0", "4242")
    assert len(merchant.cards(customer_id)) == 1
    assert simulated.look("/calls")[f"POST {_BROWSER}"] == 1
    unbound = _from_the_browser(simulated, sessionToken=token, **card_body())["data"]
    assert merchant.charge(unbound["customerPaymentMethodId"])["orderStatus"] == "success"


def test_a_session_token_lives_for_thirty_minutes(
    merchant: Merchant, simulated: Simulation
) -> None:
    token = merchant.data("POST", "/sessionToken")["sessionToken"]
    simulated.clock.ahead = 29 * 60
    assert _from_the_browser(simulated, sessionToken=token, **card_body())["code"] == "0"
    simulated.clock.ahead = 31 * 60
    assert _from_the_browser(simulated, sessionToken=token, **card_body())["code"] == "P0002"


def test_a_token_stands_for_its_own_account(
    merchant: Merchant, other_merchant: Merchant, simulated: Simulation
) -> None:
    token = other_merchant.data("POST", "/sessionToken")["sessionToken"]
    customer_id = merchant.new_customer()
    answer = _from_the_browser(simulated, sessionToken=token, **card_body(), customerId=customer_id)
    assert answer["code"] == "P0002"
    assert merchant.cards(customer_id) == []


def test_a_browser_may_ask_from_any_page(simulated: Simulation) -> None:
    answer = simulated.http.options(
        _BROWSER,
        headers={"origin": "https://shop.example.com", "access-control-request-method": "POST"},
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "content-type"


@pytest.mark.parametrize("token", ["", "st_unknown"])
def test_without_a_token_a_browser_gets_nothing(simulated: Simulation, token: str) -> None:
    assert _from_the_browser(simulated, sessionToken=token, **card_body())["code"] == "P0002"


def test_a_changed_sign_key_signs_and_verifies_and_the_old_one_is_refused(
    merchant: Merchant, simulated: Simulation
) -> None:
    before = merchant.sign_key
    simulated.control("/sign-key", gatewayNo=merchant.gateway_no, signKey="the-next-key")
    try:
        refused = merchant.send("POST", "/customers", body={})
        assert refused.json()["code"] == "L0005"
        merchant.sign_key = "the-next-key"
        # The merchant holds each answer's signature to its own key.
        assert merchant.cards(merchant.new_customer()) == []
    finally:
        simulated.control("/sign-key", gatewayNo=merchant.gateway_no, signKey=before)


@pytest.mark.parametrize(
    ("gateway_no", "key", "status"), [("12246002", "", 400), ("99999999", "k", 404)]
)
def test_a_key_is_changed_of_an_account_that_is_there(
    simulated: Simulation, gateway_no: str, key: str, status: int
) -> None:
    answer = simulated.http.post(
        "/_simulator/sign-key", json={"gatewayNo": gateway_no, "signKey": key}
    )
    assert answer.status_code == status
