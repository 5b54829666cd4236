"""Webhooks: their signature, their repeats, and the ways in which they go wrong on demand."""

import json
import time

import pytest

from tests.contract.simulator.delivery import checked, faults_found
from tests.contract.simulator.merchant import Merchant
from tests.contract.simulator.simulation import (
    Receiver,
    Simulation,
    eventually,
    hanging_up,
    receiver,
    simulation,
)

_CHALLENGED = "4000002500003155"


def _order_numbers(shop: Receiver, count: int) -> list[str]:
    return [checked(shop.next())["data"]["orderNo"] for _ in range(count)]


def _nothing_waits(simulated: Simulation) -> bool:
    return not simulated.look("/webhooks")["waiting"]


@pytest.mark.parametrize(
    ("number", "kind", "info"),
    [
        ("4242424242424242", "transaction.success", "Transaction Approved"),
        ("4000000000000002", "transaction.fail", "Do not honor"),
        (_CHALLENGED, "transaction.pending", "Pending"),
    ],
)
def test_a_charge_is_told_to_its_callback_url(
    either: Merchant, shop: Receiver, number: str, kind: str, info: str
) -> None:
    data = either.charge(
        either.new_card(number), callbackUrl=shop.url, orderNo="A-1", remark="1/2 茶\u2028"
    )
    webhook = shop.next()
    payload = checked(webhook)
    assert payload == {
        "data": {
            "transactionType": "Sale",
            "orderAmount": "63.65",
            "orderNo": "A-1",
            "tradeNo": data["tradeNo"],
            "orderCurrency": "EUR",
            "orderInfo": info,
            "orderStatus": kind.removeprefix("transaction."),
            "remark": "1/2 茶\u2028",
        },
        "type": kind,
    }
    assert list(payload) == ["data", "type"]
    assert webhook.headers["version"] == "V2022-03"
    assert webhook.headers["gateway-no"] == "12246002"


def test_the_end_of_a_challenge_is_told_too(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    data = merchant.charge(merchant.new_card(_CHALLENGED), callbackUrl=shop.url)
    for _ in range(2):
        simulated.control(f"/3ds/{data['tradeNo']}", result="cancel")
    kinds = [checked(shop.next())["type"] for _ in range(2)]
    assert kinds == ["transaction.pending", "transaction.fail"]
    eventually(lambda: _nothing_waits(simulated))
    assert shop.nothing_more()


def test_each_account_signs_with_its_own_key(other_merchant: Merchant, shop: Receiver) -> None:
    other_merchant.charge(other_merchant.new_card(), callbackUrl=shop.url)
    checked(shop.next(), other_merchant.gateway_no, "another-key")


def test_a_delivery_is_repeated_with_a_fresh_time_until_success(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    for answer in ("failed", "", "SUCCESS"):
        shop.answers.put(answer)
    merchant.charge(merchant.new_card(), callbackUrl=shop.url)
    webhooks = [shop.next() for _ in range(3)]
    assert len({webhook.body for webhook in webhooks}) == 1
    assert len({webhook.headers["request-id"] for webhook in webhooks}) == 3
    times = [int(webhook.headers["request-time"]) for webhook in webhooks]
    # The first two waits are 15 s, here a thousandth of that.
    assert times[1] - times[0] >= 14
    assert times[2] - times[1] >= 14
    eventually(lambda: _nothing_waits(simulated))
    assert shop.nothing_more()
    tally = simulated.look("/webhooks")
    assert (tally["delivered"], tally["failed"], tally["givenUp"]) == (1, 2, 0)


def test_after_fifteen_deliveries_it_is_given_up() -> None:
    with simulation(webhook_time_scale=0) as running, receiver() as shop:
        for _ in range(20):
            shop.answers.put("no")
        merchant = Merchant(running.origin, running.http)
        merchant.charge(merchant.new_card(), callbackUrl=shop.url)
        for _ in range(15):
            shop.next()
        eventually(lambda: running.look("/webhooks")["givenUp"] == 1)
        assert shop.nothing_more()


def test_a_receiver_that_hangs_up_at_once_ends_its_own_delivery_only(shop: Receiver) -> None:
    """In whatever way the HTTP library says it: on some platforms not by an error of its own."""
    with simulation(webhook_time_scale=0) as running, hanging_up() as away:
        merchant = Merchant(running.origin, running.http)
        card_id = merchant.new_card()
        for number in range(10):
            merchant.charge(card_id, orderNo=f"A-{number}", callbackUrl=away)
        eventually(lambda: running.look("/webhooks")["givenUp"] == 10)
        merchant.charge(card_id, orderNo="B-1", callbackUrl=shop.url)
        assert _order_numbers(shop, 1) == ["B-1"]


def test_the_order_is_kept_for_each_callback(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    card_id = merchant.new_card()
    numbers = [f"A-{number}" for number in range(20)]
    for number in numbers:
        merchant.charge(card_id, orderNo=number, callbackUrl=shop.url)
    assert _order_numbers(shop, 20) == numbers


def test_off_sends_nothing_now_or_later(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    card_id = merchant.new_card()
    simulated.control("/webhooks", mode="off")
    merchant.charge(card_id, orderNo="A-1", callbackUrl=shop.url)
    simulated.control("/webhooks", mode="on")
    merchant.charge(card_id, orderNo="A-2", callbackUrl=shop.url)
    assert _order_numbers(shop, 1) == ["A-2"]


@pytest.mark.parametrize(("reorder", "expected"), [(False, "A-1 A-2"), (True, "A-2 A-1")])
def test_hold_keeps_them_until_the_flush(
    merchant: Merchant, simulated: Simulation, shop: Receiver, reorder: bool, expected: str
) -> None:
    card_id = merchant.new_card()
    simulated.control("/webhooks", mode="hold", reorder=reorder)
    for number in ("A-1", "A-2"):
        merchant.charge(card_id, orderNo=number, callbackUrl=shop.url)
    assert simulated.look("/webhooks")["held"] == 2
    assert shop.nothing_more()
    assert simulated.control("/webhooks/flush") == {"flushed": 2}
    assert _order_numbers(shop, 2) == expected.split()


def test_duplicates_are_sent_each_with_its_own_signature(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    simulated.control("/webhooks", duplicate=2)
    merchant.charge(merchant.new_card(), callbackUrl=shop.url)
    webhooks = [shop.next() for _ in range(3)]
    for webhook in webhooks:
        checked(webhook)
    assert len({webhook.body for webhook in webhooks}) == 1
    assert len({webhook.headers["request-id"] for webhook in webhooks}) == 3


def test_reorder_lets_the_second_overtake_the_first(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    card_id = merchant.new_card()
    simulated.control("/webhooks", reorder=True)
    for number in ("A-1", "A-2"):
        merchant.charge(card_id, orderNo=number, callbackUrl=shop.url)
    assert _order_numbers(shop, 2) == ["A-2", "A-1"]


def test_lost_events_never_arrive(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    card_id = merchant.new_card()
    simulated.control("/webhooks", lose=2)
    for number in ("A-1", "A-2", "A-3"):
        merchant.charge(card_id, orderNo=number, callbackUrl=shop.url)
    assert _order_numbers(shop, 1) == ["A-3"]
    state = simulated.look("/webhooks")
    assert (state["lost"], state["lose"]) == (2, 0)


def test_a_delay_is_waited_for(merchant: Merchant, simulated: Simulation, shop: Receiver) -> None:
    simulated.control("/webhooks", delayMs=200)
    before = time.monotonic()
    merchant.charge(merchant.new_card(), callbackUrl=shop.url)
    shop.next()
    assert time.monotonic() - before >= 0.2


def test_a_receiver_that_is_away_does_not_hold_up_another(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    card_id = merchant.new_card()
    merchant.charge(card_id, callbackUrl="http://127.0.0.1:9/nobody")
    merchant.charge(card_id, orderNo="A-2", callbackUrl=shop.url)
    assert _order_numbers(shop, 1) == ["A-2"]
    eventually(lambda: simulated.look("/webhooks")["failed"])


@pytest.mark.parametrize(
    ("variant", "wrong"),
    [
        ("wrong_key", {"raw", "sdk"}),
        ("altered_body", {"raw", "sdk"}),
        ("no_signature", {"raw", "sdk"}),
        ("stale", {"time"}),
        ("future", {"time"}),
        ("other_gateway", {"gateway"}),
    ],
)
def test_a_forgery_is_wrong_in_one_thing(
    merchant: Merchant, simulated: Simulation, shop: Receiver, variant: str, wrong: set[str]
) -> None:
    simulated.control("/webhooks", mode="off")
    merchant.charge(merchant.new_card(_CHALLENGED), orderNo="A-1", callbackUrl=shop.url)
    shop.answers.put("Invalid SignInfo")
    answer = simulated.control("/webhooks/forge", orderNo="A-1", variant=variant)
    assert answer == {"status": 200, "text": "Invalid SignInfo"}
    webhook = shop.next()
    assert json.loads(webhook.body)["type"] == "transaction.success"
    assert faults_found(webhook, merchant.gateway_no, merchant.sign_key) == wrong
    assert simulated.charges()[0]["status"] == "pending"


def test_a_wrong_amount_is_signed_rightly(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    simulated.control("/webhooks", mode="off")
    data = merchant.charge(merchant.new_card(), callbackUrl=shop.url)
    simulated.control("/webhooks/forge", tradeNo=data["tradeNo"], variant="wrong_amount")
    assert checked(shop.next())["data"]["orderAmount"] == "13.65"


def test_a_forgery_needs_an_order_and_a_receiver(merchant: Merchant, simulated: Simulation) -> None:
    def status(**fields: object) -> int:
        return simulated.http.post("/_simulator/webhooks/forge", json=fields).status_code

    merchant.charge(merchant.new_card(), orderNo="A-1")
    assert status(orderNo="A-2") == 404
    assert status(orderNo="A-1") == 400
    assert status(orderNo="A-1", variant="other") == 400
    assert status(orderNo="A-1", url="http://127.0.0.1:9/nobody") == 502


@pytest.mark.parametrize(
    "wrong", [{"mode": "maybe"}, {"duplicate": -1}, {"delayMs": "x"}, {"unknown": 1}, {"lose": -1}]
)
def test_a_wrong_manner_is_refused(simulated: Simulation, wrong: dict[str, object]) -> None:
    answer = simulated.http.post("/_simulator/webhooks", json=wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_settlement_is_told_once(
    merchant: Merchant, simulated: Simulation, shop: Receiver
) -> None:
    data = merchant.charge(merchant.new_card(), orderNo="A-1", callbackUrl=shop.url)
    paid = checked(shop.next())
    for _ in range(2):
        cleared = simulated.control(f"/clear/{data['tradeNo']}")
        assert cleared == {"tradeNo": data["tradeNo"], "orderNo": "A-1", "cleared": True}
    assert checked(shop.next()) == {"data": paid["data"], "type": "transaction.clear"}
    eventually(lambda: _nothing_waits(simulated))
    assert shop.nothing_more()
    assert merchant.listed("A-1")["tradeStatus"] == "success"
    assert [charge["cleared"] for charge in simulated.charges()] == [True]


@pytest.mark.parametrize(("number", "status"), [("4000000000000002", 409), (_CHALLENGED, 409)])
def test_only_money_that_was_taken_is_settled(
    merchant: Merchant, simulated: Simulation, number: str, status: int
) -> None:
    trade_no = merchant.charge(merchant.new_card(number))["tradeNo"]
    assert simulated.http.post(f"/_simulator/clear/{trade_no}").status_code == status
    assert simulated.http.post(f"/_simulator/clear/{'2' * 22}").status_code == 404
