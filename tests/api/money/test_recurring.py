"""A series of charges: the first with the buyer at the bank, the later ones without a buyer."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.money.checkout import Checkout, settled
from tests.far_side import CONFIRM


async def charge(
    api: Api, customer_id: str, card_id: str, usage: str, key: str, **changed: Any
) -> dict[str, Any]:
    """The payload of a charge that the shop's server makes."""
    order = {"amount": {"amount": "10.99", "currency": "USD"}}
    variables = {
        "customerId": customer_id,
        "paymentMethodId": card_id,
        "order": order,
        "usage": usage,
        "idempotencyKey": key,
    }
    answer = await api.run("Charge", **(variables | changed))
    payload: dict[str, Any] = answer.data["charge"]
    return payload


@pytest.fixture
async def buyer(api: Api) -> tuple[str, str]:
    customer_id = await api.customer()
    return customer_id, await api.card(customer_id)


async def begun(api: Api, buyer: tuple[str, str], key: str, result: str = "success") -> str:
    """The first charge of a series, after the buyer was at the bank; its status."""
    first = (await charge(api, *buyer, "INITIAL_RECURRING", key))["charge"]
    assert first["status"] == "REQUIRES_ACTION"
    assert first["usage"] == "INITIAL_RECURRING"
    await api.simulator.buyer_does(first["orderNo"], result)
    return await settled(api, first["id"])


@pytest.mark.parametrize(("amount", "currency"), [("600", "JPY"), ("1.25", "KWD")])
async def test_a_series_goes_on_without_the_buyer(
    api: Api, buyer: tuple[str, str], unique: str, amount: str, currency: str
) -> None:
    assert await begun(api, buyer, unique) == "SUCCEEDED"
    order = {"amount": {"amount": amount, "currency": currency}}
    payload = await charge(api, *buyer, "RECURRING", f"{unique}-2", order=order)
    assert payload["userErrors"] == []
    later = payload["charge"]
    assert (later["status"], later["usage"]) == ("SUCCEEDED", "RECURRING")
    assert later["amount"]["amount"] == amount
    again = await charge(api, *buyer, "RECURRING", f"{unique}-2", order=order)
    assert (again["replayed"], again["charge"]) == (True, later)
    assert (await api.simulator.calls())[CONFIRM] == 2


@pytest.mark.parametrize("result", ["fail", "cancel"])
async def test_a_series_whose_first_charge_failed_has_not_begun(
    api: Api, buyer: tuple[str, str], unique: str, result: str
) -> None:
    assert await begun(api, buyer, unique, result) == "DECLINED"
    payload = await charge(api, *buyer, "RECURRING", f"{unique}-2")
    (error,) = payload["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["usage"])
    assert "INITIAL_RECURRING" in error["message"]
    assert payload["charge"] is None
    assert (await api.simulator.calls())[CONFIRM] == 1


async def test_a_series_is_of_one_customer_and_one_card(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    assert await begun(api, buyer, unique) == "SUCCEEDED"
    customer_id, _ = buyer
    other_card = await api.card(customer_id, "5555555555554444")
    other = await api.customer()
    for customer, card in ((customer_id, other_card), (other, await api.card(other))):
        payload = await charge(api, customer, card, "RECURRING", f"{unique}-{card}")
        assert payload["userErrors"][0]["path"] == ["usage"]
    # A charge with the buyer present begins no series either.
    await charge(api, customer_id, other_card, "ON_SESSION", f"{unique}-on")
    payload = await charge(api, customer_id, other_card, "RECURRING", f"{unique}-off")
    assert payload["userErrors"][0]["path"] == ["usage"]
    assert (await api.simulator.calls())[CONFIRM] == 2


async def test_a_lost_answer_of_a_later_charge_is_looked_up(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    assert await begun(api, buyer, unique) == "SUCCEEDED"
    await api.simulator.notifies("off")
    await api.simulator.fault(CONFIRM, "drop_after")
    lost = (await charge(api, *buyer, "RECURRING", f"{unique}-2"))["charge"]
    assert lost["status"] == "UNKNOWN"
    assert await settled(api, lost["id"]) == "SUCCEEDED"
    assert (await api.simulator.calls())[CONFIRM] == 2


async def test_another_usage_is_another_call(api: Api, buyer: tuple[str, str], unique: str) -> None:
    await charge(api, *buyer, "ON_SESSION", unique)
    payload = await charge(api, *buyer, "INITIAL_RECURRING", unique)
    assert payload["userErrors"][0]["code"] == "IDEMPOTENCY_MISMATCH"
    assert (await api.simulator.calls())[CONFIRM] == 1


async def test_a_page_may_begin_a_series_and_never_go_on_with_one(checkout: Checkout) -> None:
    api = checkout.api
    later = await checkout.pay(usage="RECURRING")
    (error,) = later["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["usage"])
    assert CONFIRM not in await api.simulator.calls()
    first = await checkout.pay(usage="INITIAL_RECURRING")
    assert first["userErrors"] == []
    assert first["charge"]["status"] == "REQUIRES_ACTION"
