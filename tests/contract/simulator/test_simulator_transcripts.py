"""The simulator answers what the papers show: the same code, and every field that they name."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.simulator.delivery import checked
from tests.contract.simulator.merchant import Merchant
from tests.contract.simulator.simulation import Receiver, Simulation, simulation
from tests.transcripts import Transcript, exchanges, webhooks

CARDS = {"charge-declined": "4000000000009995", "charge-challenged": "4000002500003155"}
# Ids of the papers' examples, for which those of this simulator are put.
CUSTOMER, CARD, LOOSE = (
    "cus_1525401938399641600",
    "pm_1525402030447816704",
    "pm_1525402030447816705",
)
TRADE, BATCH = "2022051811043674149462", "442011"


@pytest.fixture(scope="module")
def holding() -> Iterator[Simulation]:
    """An account that pre-authorises."""
    with simulation(accounts={"12246002": "12H4567r"}, pre_authorize=True) as running:
        yield running


def prepared(merchant: Merchant, story: Transcript) -> dict[str, str]:
    """What the example speaks of, by the example's ids."""
    customer_id = merchant.new_customer()
    card_id = merchant.new_card(CARDS.get(story.name, "4242424242424242"), customer_id)
    paying = merchant.new_card()
    trade_no = merchant.charge(paying)["tradeNo"]
    ids = {CUSTOMER: customer_id, CARD: card_id, LOOSE: merchant.new_card(), TRADE: trade_no}
    if story.endpoint != "POST /AuthorizeInterface":
        ids[BATCH] = merchant.refund(trade_no, "0.01")["batchNo"]
        body = {"trackingNo": "RR1", "trackingWeb": "https://track.example", "tradeNo": trade_no}
        merchant.data("POST", "/logistics", body=body)
    return ids


def put(value: Any, ids: dict[str, str]) -> Any:
    """The same with these ids in it."""
    match value:
        case dict():
            return {name: put(member, ids) for name, member in value.items()}
        case str():
            return ids.get(value, value)
        case _:
            return value


def missing(shown: Any, given: Any, place: str = "data") -> list[str]:
    """Fields that the paper shows and the simulator does not give."""
    if isinstance(shown, dict):
        if not isinstance(given, dict):
            return [place]
        return [
            lack
            for name, member in shown.items()
            for lack in (
                missing(member, given[name], f"{place}.{name}")
                if name in given
                else [f"{place}.{name}"]
            )
        ]
    if isinstance(shown, list):
        return [place] if not isinstance(given, list) else missing(shown[0], given[0], place)
    return []


@pytest.mark.parametrize("story", exchanges(), ids=str)
def test_the_simulator_answers_as_the_papers_show(
    simulated: Simulation, holding: Simulation, story: Transcript
) -> None:
    far_side = holding if story.endpoint == "POST /AuthorizeInterface" else simulated
    merchant = Merchant(far_side.origin, far_side.http, "documents", now=far_side.clock)
    ids = prepared(merchant, story)
    if story.endpoint == "GET /chargebacks":
        far_side.control("/chargebacks", tradeNo=ids[TRADE])
    method, _, path = story.endpoint.partition(" ")
    answer = merchant.call(
        method, path, put(story.path, ids), query=story.query, body=put(story.body, ids)
    )
    assert answer["code"] == story.answer["code"]
    assert missing(story.answer["data"], answer["data"]) == []
    if "orderStatus" in (story.answer["data"] or {}):
        assert answer["data"]["orderStatus"] == story.answer["data"]["orderStatus"]


@pytest.mark.parametrize("name", webhooks())
def test_the_simulator_notifies_as_the_papers_show(
    simulated: Simulation, holding: Simulation, shop: Receiver, name: str
) -> None:
    story = webhooks()[name]
    far_side = holding if name == "webhook-captured" else simulated
    merchant = Merchant(far_side.origin, far_side.http, now=far_side.clock)
    trade_no = merchant.charge(merchant.new_card(), callbackUrl=shop.url)["tradeNo"]
    if name == "webhook-captured":
        body = {"authType": "1", "tradeNo": trade_no}
        merchant.data("POST", "/AuthorizeInterface", body=body)
    elif name == "webhook-refund":
        merchant.refund(trade_no, "0.01")
    elif name == "webhook-chargeback":
        far_side.control("/chargebacks", tradeNo=trade_no)
    received = checked(shop.next())
    while received["type"] != story["type"]:
        received = checked(shop.next())
    assert missing(story, received) == []
