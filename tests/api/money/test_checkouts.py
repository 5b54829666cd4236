"""Paying on a page of Asiabill's: opened once, and true to what happens on it."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.conftest import OPS, Api
from tests.api.money.bank import parameters, submitted, visited
from tests.api.money.checkout import BACK, create, history, intent, made, session, settled
from tests.api.money.gateways import Gateway, another
from tests.far_side import CHECKOUT, CONFIRM, LOCAL, caused

APPROVED = "4242424242424242"
DECLINED = "4000000000009995"
CHALLENGED = "4000002500003155"
SHOWN = ("url", "charge")


async def opening(api: Api, intent_id: str, **more: Any) -> dict[str, Any]:
    """The payload of createCheckout."""
    answer = await api.run(
        "CreateCheckout", **{"paymentIntentId": intent_id, "returnUrl": BACK} | more
    )
    payload: dict[str, Any] = answer.data["createCheckout"]
    return payload


async def opened(api: Api, intent_id: str, **more: Any) -> dict[str, Any]:
    """The page, where nothing is to be corrected."""
    payload = await opening(api, intent_id, **more)
    assert payload["userErrors"] == []
    checkout: dict[str, Any] = payload["checkout"]
    assert tuple(checkout) == SHOWN
    return checkout


async def errors(api: Api, intent_id: str, **more: Any) -> list[tuple[str, Any]]:
    """Code and path of what must be corrected."""
    payload = await opening(api, intent_id, **more)
    return [(error["code"], error["path"]) for error in payload["userErrors"]]


async def standing(api: Api, intent_id: str) -> tuple[str, list[str]]:
    """An intent's status, and the order numbers of its attempts."""
    found = (await api.run("Intent", id=intent_id)).data["paymentIntent"]
    return found["status"], [charge["orderNo"] for charge in found["charges"]]


async def test_a_card_that_is_typed_on_the_page_pays_the_intent(api: Api, unique: str) -> None:
    customer_id = await api.customer()
    intent_id = await made(api, unique, customerId=customer_id)
    token = await session(api, customer_id, intent_id)
    before = await api.simulator.calls()
    checkout = await opened(api, intent_id, key=token)
    assert caused(before, await api.simulator.calls()) == {CHECKOUT: 1}
    charge = checkout["charge"]
    assert (charge["status"], charge["orderNo"]) == ("REQUIRES_ACTION", unique)
    assert charge["nextAction"] == {"url": checkout["url"], "returnUrl": BACK}
    assert await standing(api, intent_id) == ("IN_PROGRESS", [unique])

    way = await submitted(checkout["url"], act="pay", card=APPROVED)
    assert (way[-1].host, way[-1].path) == ("shop.example", "/thanks")
    assert parameters(way[-1]) == {"cart": ["7"], "charge_id": [charge["id"]]}
    assert await settled(api, charge["id"]) == "SUCCEEDED"
    (row,) = await api.simulator.transactions()
    assert (row["amount"], row["currency"], row["status"]) == ("10.99", "USD", "success")
    assert row["customerId"] == customer_id
    assert (await standing(api, intent_id))[0] == "PAID"
    assert await errors(api, intent_id) == [("INTENT_PAID", ["paymentIntentId"])]
    # The card was bound to the customer, without its number having been here.
    cards = (await api.run("SavedCards", customerId=customer_id)).data["customer"]["savedCards"]
    assert [card["last4"] for card in cards] == ["4242"]


async def test_a_bank_may_want_to_see_the_buyer_of_the_page(api: Api, unique: str) -> None:
    checkout = await opened(api, await made(api, unique))
    (bank,) = await submitted(checkout["url"], act="pay", card=CHALLENGED)
    assert bank.path.startswith("/3ds/")
    way = await visited(str(bank), "success")
    assert way[-1].host == "shop.example"
    assert await settled(api, checkout["charge"]["id"]) == "SUCCEEDED"


@pytest.mark.parametrize(
    ("method", "act", "status"),
    [("klarna", "success", "SUCCEEDED"), ("Korea Local cards", "fail", "DECLINED")],
)
async def test_a_local_method_has_an_endpoint_of_its_own(
    api: Api, unique: str, method: str, act: str, status: str
) -> None:
    intent_id = await made(api, unique)
    before = await api.simulator.calls()
    checkout = await opened(api, intent_id, method=method)
    assert caused(before, await api.simulator.calls()) == {LOCAL: 1}
    await submitted(checkout["url"], act=act)
    assert await settled(api, checkout["charge"]["id"]) == status
    assert len(await api.simulator.transactions()) == 1


async def test_a_payment_that_takes_days_is_open_until_its_notification(
    api: Api, unique: str
) -> None:
    checkout = await opened(api, await made(api, unique), method="p24")
    way = await submitted(checkout["url"], act="pending")
    assert way[-1].host == "shop.example"
    by = {"id": checkout["charge"]["id"]}
    assert not (await api.run("ChargeBy", by=by)).data["charge"]["final"]
    await api.simulator.buyer_does(unique, "success")
    assert await settled(api, checkout["charge"]["id"]) == "SUCCEEDED"


@pytest.mark.parametrize("form", [{"act": "cancel"}, {"act": "pay", "card": DECLINED}])
async def test_after_a_decline_the_next_page_has_an_order_number_of_its_own(
    api: Api, unique: str, form: dict[str, str]
) -> None:
    intent_id = await made(api, unique)
    first = await opened(api, intent_id)
    way = await submitted(first["url"], **form)
    assert way[-1].host == "shop.example"
    assert await settled(api, first["charge"]["id"]) == "DECLINED"
    second = await opened(api, intent_id)
    assert second["url"] != first["url"]
    await submitted(second["url"], act="pay", card=APPROVED)
    assert await settled(api, second["charge"]["id"]) == "SUCCEEDED"
    assert await standing(api, intent_id) == ("PAID", [unique, f"{unique}-2"])


# Once


async def test_the_same_call_gives_the_page_that_is_open(api: Api, unique: str) -> None:
    intent_id = await made(api, unique)
    first = await opened(api, intent_id)
    before = await api.simulator.calls()
    assert await opened(api, intent_id, method="credit card") == first
    assert caused(before, await api.simulator.calls()) == {}


async def test_twins_open_one_page(api: Api, unique: str) -> None:
    intent_id = await made(api, unique)
    pages = await asyncio.gather(*(opened(api, intent_id) for _ in range(20)))
    assert len({page["url"] for page in pages}) == 1
    assert (await api.simulator.calls())[CHECKOUT] == 1


async def test_two_pages_of_one_intent_are_never_open_at_once(api: Api, unique: str) -> None:
    """Both could be paid. The one that is open is told beside the error."""
    intent_id = await made(api, unique)
    first = await opened(api, intent_id)
    for change in ({"method": "klarna"}, {"returnUrl": "https://shop.example/other"}):
        second = await opening(api, intent_id, **change)
        assert [error["code"] for error in second["userErrors"]] == ["CHARGE_IN_PROGRESS"]
        assert second["checkout"] == first
    calls = await api.simulator.calls()
    assert (calls[CHECKOUT], calls.get(LOCAL, 0)) == (1, 0)


async def test_a_page_and_a_saved_card_do_not_pay_the_same_intent(api: Api, unique: str) -> None:
    customer_id = await api.customer(cards=1)
    cards = (await api.run("SavedCards", customerId=customer_id)).data["customer"]["savedCards"]
    intent_id = await made(api, unique, customerId=customer_id)
    checkout = await opened(api, intent_id)
    payload = (
        await api.run(
            "Pay",
            customerId=customer_id,
            paymentMethodId=cards[0]["id"],
            paymentIntentId=intent_id,
        )
    ).data["charge"]
    assert [error["code"] for error in payload["userErrors"]] == ["CHARGE_IN_PROGRESS"]
    assert payload["charge"]["id"] == checkout["charge"]["id"]
    assert (await api.simulator.calls()).get(CONFIRM, 0) == 0


@pytest.mark.parametrize("effect", ["drop_before", "drop_after", "status_500", "garbage"])
async def test_a_lost_answer_is_looked_up_and_never_asked_again(
    api: Api, unique: str, effect: str
) -> None:
    intent_id = await made(api, unique)
    await api.simulator.fault(CHECKOUT, effect)
    for _ in range(2):
        payload = await opening(api, intent_id)
        (error,) = payload["userErrors"]
        assert payload["checkout"] is None
        assert (error["code"], error["outcome"]) == ("UPSTREAM_UNAVAILABLE", "UNKNOWN")
    found = (await api.run("Intent", id=intent_id)).data["paymentIntent"]
    assert [charge["status"] for charge in found["charges"]] == ["UNKNOWN"]
    assert (await api.simulator.calls())[CHECKOUT] == 1
    if effect in ("drop_after", "garbage"):
        # Whoever has the page after all pays on it.
        await api.simulator.buyer_does(unique, "success")
        assert await settled(api, found["charges"][0]["id"]) == "SUCCEEDED"
        assert (await standing(api, intent_id))[0] == "PAID"


async def test_a_gateway_that_dies_meanwhile_opens_no_second_page(
    own_api: Api, own_gateway: Gateway, unique: str
) -> None:
    api = own_api
    intent_id = await made(api, unique)
    await api.simulator.fault(CHECKOUT, "hang_after", delayMs=60_000)
    call = asyncio.create_task(opening(api, intent_id))
    await api.simulator.received(CHECKOUT, 1)
    own_gateway.kill()
    with pytest.raises(httpx.TransportError):
        await call
    await api.simulator.buyer_does(unique, "success")
    with another(own_gateway, port=api.http.base_url.port):
        found = (await api.run("ChargeBy", by={"orderNo": unique})).data["charge"]
        assert await settled(api, found["id"]) == "SUCCEEDED"
        assert await errors(api, intent_id) == [("INTENT_PAID", ["paymentIntentId"])]
    assert (await api.simulator.calls())[CHECKOUT] == 1


async def test_a_notification_that_overtakes_the_answer_leaves_no_page_open(
    api: Api, unique: str
) -> None:
    intent_id = await made(api, unique)
    await api.simulator.fault(CHECKOUT, "delay", delayMs=1000)
    call = asyncio.create_task(opening(api, intent_id))
    await api.simulator.delivered(1)
    await api.simulator.buyer_does(unique, "success")
    await api.simulator.delivered(2)
    payload = await call
    assert payload["checkout"] is None
    assert [error["code"] for error in payload["userErrors"]] == ["CHARGE_IN_PROGRESS"]
    assert (await standing(api, intent_id))[0] == "PAID"


# Refused


async def test_what_asiabill_refuses_is_a_failed_attempt_and_no_page(api: Api, unique: str) -> None:
    """A customer that Asiabill does not know."""
    intent_id = await made(api, unique, customerId="cus_0000000000000000404")
    payload = await opening(api, intent_id)
    (error,) = payload["userErrors"]
    assert payload["checkout"] is None
    assert (error["code"], error["outcome"]) == ("UPSTREAM_REJECTED", "REJECTED")
    found = (await api.run("ChargeBy", by={"orderNo": unique})).data["charge"]
    assert found["status"] == "FAILED"
    assert (await standing(api, intent_id))[0] == "OPEN"


async def test_an_order_number_that_asiabill_knows_already_is_looked_up(
    api: Api, own_api: Api, unique: str
) -> None:
    """Never a decline: the other order, of another ledger, may have been paid."""
    await opened(api, await made(api, unique))
    payload = await opening(own_api, await made(own_api, unique))
    (error,) = payload["userErrors"]
    assert (error["code"], error["outcome"]) == ("UPSTREAM_UNAVAILABLE", "UNKNOWN")
    found = (await own_api.run("ChargeBy", by={"orderNo": unique})).data["charge"]
    assert found["status"] == "UNKNOWN"
    assert len(await api.simulator.transactions()) == 1


async def test_what_the_caller_can_correct_names_its_argument(api: Api, unique: str) -> None:
    intent_id = await made(api, unique)
    refused = {
        ("RETURN_URL_NOT_ALLOWED", "returnUrl"): {"returnUrl": "https://elsewhere.example/"},
        ("NOT_FOUND", "paymentIntentId"): {"paymentIntentId": "pi_nothing"},
        ("INVALID_INPUT", "method"): {"method": "x" * 51},
    }
    for (code, name), change in refused.items():
        assert await errors(api, intent_id, **change) == [(code, [name])], change
    await api.run("CancelIntent", id=intent_id)
    assert await errors(api, intent_id) == [("INTENT_CANCELED", ["paymentIntentId"])]
    assert await api.simulator.transactions() == []


async def test_a_session_opens_pages_for_its_own_intents_alone(api: Api, unique: str) -> None:
    customer_id, stranger = await api.customer(), await api.customer()
    intent_id = await made(api, unique, customerId=customer_id)
    other = await session(api, stranger)
    assert await errors(api, intent_id, key=other) == [("NOT_FOUND", ["paymentIntentId"])]
    unpaying = await api.session(customer_id, "READ_CARDS")
    for key in (unpaying, OPS):
        answer = await api.run("CreateCheckout", key=key, paymentIntentId=intent_id, returnUrl=BACK)
        assert answer.codes == ["FORBIDDEN"]
    assert (await api.simulator.calls()).get(CHECKOUT, 0) == 0


async def test_another_customer_s_open_page_is_not_told(api: Api, unique: str) -> None:
    """An intent for whoever comes first: the second buyer learns that it is taken, and no address."""
    intent_id = await made(api, unique)
    first, second = [await session(api, await api.customer(), intent_id) for _ in range(2)]
    await opened(api, intent_id, key=first)
    payload = await opening(api, intent_id, key=second)
    assert [error["code"] for error in payload["userErrors"]] == ["CHARGE_IN_PROGRESS"]
    assert payload["checkout"] is None


@pytest.mark.parametrize("method", ["Credit Card", "Alipay"])
@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("80", "JPY", "80"), ("1.25", "KWD", "1250")]
)
async def test_currencies_without_two_decimals_go_out_as_they_are(
    api: Api, unique: str, method: str, amount: str, currency: str, minor: str
) -> None:
    order = {"amount": {"amount": amount, "currency": currency}, "orderNo": unique}
    answer = await create(api, unique, input=intent() | {"order": order})
    intent_id = answer.data["createPaymentIntent"]["paymentIntent"]["id"]
    checkout = await opened(api, intent_id, method=method)
    assert checkout["charge"]["amount"] == {
        "amount": amount,
        "currency": currency,
        "minorUnits": minor,
    }
    await api.simulator.buyer_does(unique, "success")
    assert await settled(api, checkout["charge"]["id"]) == "SUCCEEDED"
    assert (await api.simulator.trade(unique))["amount"] == amount


async def test_the_history_says_that_it_was_stored_before_it_was_sent(
    api: Api, unique: str
) -> None:
    await api.simulator.notifies("off")
    checkout = await opened(api, await made(api, unique))
    lines = [line[:2] for line in await history(api, checkout["charge"]["id"])]
    assert lines[:3] == [
        ("CREATED", "REQUEST"),
        ("PROCESSING", "REQUEST"),
        ("REQUIRES_ACTION", "RESPONSE"),
    ]
