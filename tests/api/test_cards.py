"""Cards are added, shown, chosen, changed and removed, and every reader sees it at once."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import BILLING, Api, raw_card, rejections
from tests.far_side import LIST, caused

CREATE = "POST /payment_methods"
NUMBERS = {
    "4242424242424242": ("VISA", "4242"),
    "5555555555554444": ("MASTERCARD", "4444"),
    "378282246310005": ("AMEX", "0005"),
    "6200000000000005": ("UNIONPAY", "0005"),
    "30569309025904": ("DINERS", "5904"),
}


async def ids_of(api: Api, customer_id: str) -> list[str]:
    """The customer's saved cards as a new operation shows them, in order."""
    answer = await api.run("SavedCards", customerId=customer_id)
    return [card["id"] for card in answer.data["customer"]["savedCards"]]


@pytest.mark.parametrize("number", NUMBERS)
async def test_a_whole_card_becomes_a_saved_card(api: Api, number: str) -> None:
    customer_id = await api.customer()
    answer = await api.run(
        "AddCard", customerId=customer_id, card=raw_card(number), billing=BILLING
    )
    payload = answer.data["createPaymentMethod"]
    card = payload["paymentMethod"]

    assert (card["brand"], card["last4"]) == NUMBERS[number]
    assert payload["userErrors"] == []
    assert payload["replayed"] is False
    # The same operation shows it among the customer's cards, and so does a later one.
    assert [own["id"] for own in payload["customer"]["savedCards"]] == [card["id"]]
    assert await ids_of(api, customer_id) == [card["id"]]


async def test_a_card_of_the_hosted_fields_becomes_a_saved_card(api: Api) -> None:
    customer_id = await api.customer()
    token = await api.session(customer_id, "READ_CARDS", "SAVE_CARD")
    session = (await api.run("CardSession", key=token)).data["createCardSession"]["session"]
    hosted_id = await api.simulator.hosted_card(session["sessionToken"])
    # The session's own customer is meant where none is named.
    answer = await api.run("AddCard", key=token, hostedPaymentMethodId=hosted_id)
    payload = answer.data["createPaymentMethod"]

    assert session["scriptUrl"].endswith("/static/v3/js/AsiabillPayment.min.js")
    assert session["live"] is False
    assert payload["paymentMethod"]["id"] == hosted_id
    assert payload["customer"] == {
        "id": customer_id,
        "savedCards": [{"id": hosted_id, "isDefault": False}],
    }
    assert await ids_of(api, customer_id) == [hosted_id]


async def test_the_same_key_adds_a_card_once(api: Api, unique: str) -> None:
    customer_id = await api.customer()
    first, again = [
        await api.run(
            "AddCard",
            customerId=customer_id,
            card=raw_card(),
            billing=BILLING,
            idempotencyKey=unique,
        )
        for _ in range(2)
    ]
    assert first.data["createPaymentMethod"]["replayed"] is False
    assert again.data["createPaymentMethod"]["replayed"] is True
    assert (
        again.data["createPaymentMethod"]["paymentMethod"]
        == first.data["createPaymentMethod"]["paymentMethod"]
    )
    assert (await api.simulator.calls())[CREATE] == 1
    assert len(await ids_of(api, customer_id)) == 1


async def test_twins_with_one_key_add_one_card(api: Api, unique: str) -> None:
    """A twin that comes while the first is under way is told to ask again, and then has its card."""
    customer_id = await api.customer()
    variables: dict[str, Any] = {
        "customerId": customer_id,
        "card": raw_card(),
        "billing": BILLING,
        "idempotencyKey": unique,
    }
    answers = await asyncio.gather(*(api.run("AddCard", **variables) for _ in range(10)))
    last = await api.run("AddCard", **variables)

    assert (await api.simulator.calls())[CREATE] == 1
    (only,) = await ids_of(api, customer_id)
    assert last.data["createPaymentMethod"]["paymentMethod"]["id"] == only
    for answer in answers:
        if rejected := rejections(answer, "createPaymentMethod"):
            assert rejected == [("INVALID_INPUT", ["idempotencyKey"])]
        else:
            assert answer.data["createPaymentMethod"]["paymentMethod"]["id"] == only


@pytest.mark.parametrize("change", ["card", "billing", "customer", "default"])
async def test_a_key_means_one_set_of_arguments(api: Api, unique: str, change: str) -> None:
    customer_id, another = await api.customer(), await api.customer()
    variables: dict[str, Any] = {
        "customerId": customer_id,
        "card": raw_card(),
        "billing": BILLING,
        "idempotencyKey": unique,
    }
    await api.run("AddCard", **variables)
    changes: dict[str, dict[str, Any]] = {
        "card": {"card": raw_card("5555555555554444")},
        "billing": {"billing": {**BILLING, "firstName": "Grace"}},
        "customer": {"customerId": another},
        "default": {"setAsDefault": True},
    }
    answer = await api.run("AddCard", **{**variables, **changes[change]})

    assert rejections(answer, "createPaymentMethod") == [
        ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    ]
    (error,) = answer.data["createPaymentMethod"]["userErrors"]
    assert error["__typename"] == "IdempotencyError"
    assert (await api.simulator.calls())[CREATE] == 1


@pytest.mark.parametrize("given", ["neither", "both"])
async def test_exactly_one_kind_of_card_must_be_given(api: Api, given: str) -> None:
    customer_id = await api.customer()
    cards: dict[str, Any] = (
        {"card": raw_card(), "hostedPaymentMethodId": "pm_1"} if given == "both" else {}
    )
    answer = await api.run("AddCard", customerId=customer_id, **cards)
    assert rejections(answer, "createPaymentMethod") == [("INVALID_INPUT", ["card"])]
    assert set(caused({}, await api.simulator.calls())) == {"POST /customers"}


async def test_the_shop_must_say_whose_card_it_is(api: Api) -> None:
    answer = await api.run("AddCard", card=raw_card(), billing=BILLING)
    assert rejections(answer, "createPaymentMethod") == [("INVALID_INPUT", ["customerId"])]


async def test_a_browser_can_not_send_a_whole_card(api: Api) -> None:
    customer_id = await api.customer()
    token = await api.session(customer_id, "SAVE_CARD")
    answer = await api.run("AddCard", key=token, card=raw_card(), billing=BILLING)
    assert rejections(answer, "createPaymentMethod") == [("RAW_CARDS_DISABLED", ["card"])]
    assert CREATE not in await api.simulator.calls()


async def test_a_shop_without_a_licence_can_switch_whole_cards_off(shop: Api) -> None:
    customer_id = await shop.customer()
    answer = await shop.run("AddCard", customerId=customer_id, card=raw_card(), billing=BILLING)
    assert rejections(answer, "createPaymentMethod") == [("RAW_CARDS_DISABLED", ["card"])]
    assert CREATE not in await shop.simulator.calls()


async def test_cards_come_default_first_then_newest(api: Api) -> None:
    customer_id = await api.customer()
    first, second, third = [await api.card(customer_id) for _ in range(3)]
    assert await ids_of(api, customer_id) == [third, second, first]

    chosen = await api.run("SetDefaultCard", customerId=customer_id, paymentMethodId=first)
    assert chosen.data["setDefaultCard"]["customer"] == {
        "id": customer_id,
        "defaultCard": {"id": first},
    }
    assert await ids_of(api, customer_id) == [first, third, second]

    shown = await api.run("SavedCards", customerId=customer_id)
    flags = [card["isDefault"] for card in shown.data["customer"]["savedCards"]]
    assert flags == [True, False, False]


async def test_a_card_can_be_added_as_the_default(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    answer = await api.run(
        "AddCard",
        customerId=customer_id,
        card=raw_card("5555555555554444"),
        billing=BILLING,
        setAsDefault=True,
    )
    payload = answer.data["createPaymentMethod"]
    assert payload["paymentMethod"]["isDefault"] is True
    assert [card["isDefault"] for card in payload["customer"]["savedCards"]] == [True, False]
    await api.card(customer_id)
    assert (await ids_of(api, customer_id))[0] == payload["paymentMethod"]["id"]


async def test_only_an_own_card_can_be_the_default(api: Api) -> None:
    customer_id, another = await api.customer(), await api.customer(cards=1)
    (foreign,) = await ids_of(api, another)
    for card_id in (foreign, "pm_0000000000000000404"):
        answer = await api.run("SetDefaultCard", customerId=customer_id, paymentMethodId=card_id)
        assert rejections(answer, "setDefaultCard") == [("CARD_NOT_OWNED", ["paymentMethodId"])]


async def test_a_default_card_that_is_gone_is_no_default(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    (card_id,) = await ids_of(api, customer_id)
    await api.run("SetDefaultCard", customerId=customer_id, paymentMethodId=card_id)
    await api.run("DetachCard", paymentMethodId=card_id)
    query = "query($id: ID!) { customer(id: $id) { defaultCard { id } savedCards { id } } }"
    answer = await api.query(query, id=customer_id)
    assert answer.data["customer"] == {"defaultCard": None, "savedCards": []}


@pytest.mark.parametrize("caller", ["shop", "customer"])
async def test_billing_details_can_be_changed(api: Api, caller: str) -> None:
    customer_id = await api.customer(cards=1)
    (card_id,) = await ids_of(api, customer_id)
    address = {"city": "Paris", "country": "FR"}
    moved = {**BILLING, "address": {"line1": "2 Rue Haute", "postalCode": "75001", **address}}
    key = {} if caller == "shop" else {"key": await api.session(customer_id, "SAVE_CARD")}
    answer = await api.run("UpdateCard", **key, id=card_id, billing=moved)

    assert answer.data["updatePaymentMethod"]["userErrors"] == []
    assert answer.data["updatePaymentMethod"]["paymentMethod"]["billing"]["address"] == address
    shown = await api.query(
        "query($id: ID!) { paymentMethod(id: $id) { billing { address { city country } } } }",
        id=card_id,
    )
    assert shown.data["paymentMethod"]["billing"]["address"] == address


async def test_an_unknown_card_can_not_be_changed_or_removed(api: Api) -> None:
    changed = await api.run("UpdateCard", id="pm_0000000000000000404", billing=BILLING)
    removed = await api.run("DetachCard", paymentMethodId="pm_0000000000000000404")
    assert rejections(changed, "updatePaymentMethod") == [("NOT_FOUND", ["id"])]
    assert rejections(removed, "detachPaymentMethod") == [("NOT_FOUND", ["paymentMethodId"])]


async def test_attaching_binds_a_loose_card_and_repeating_it_changes_nothing(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    session = (await api.run("CardSession")).data["createCardSession"]["session"]
    loose = await api.simulator.hosted_card(session["sessionToken"])
    for _ in range(2):
        answer = await api.run("AttachCard", paymentMethodId=loose, customerId=customer_id)
        payload = answer.data["attachPaymentMethod"]
        assert payload["paymentMethod"] == {"id": loose, "last4": "4242"}
        assert payload["customer"]["savedCards"][0] == {"id": loose}
    assert len(await ids_of(api, customer_id)) == 2


async def test_a_removed_card_is_gone_from_every_later_list(api: Api) -> None:
    customer_id = await api.customer(cards=2)
    newest, oldest = await ids_of(api, customer_id)
    token = await api.session(customer_id, "READ_CARDS", "REMOVE_CARD")
    answer = await api.run("DetachCard", key=token, paymentMethodId=newest)
    payload = answer.data["detachPaymentMethod"]

    assert payload["paymentMethod"] == {"id": newest, "last4": "4242"}
    assert payload["customer"] == {"id": customer_id, "savedCards": [{"id": oldest}]}
    assert await ids_of(api, customer_id) == [oldest]


async def test_one_operation_sees_the_cards_as_each_of_its_mutations_left_them(api: Api) -> None:
    customer_id = await api.customer(cards=2)
    newest, oldest = await ids_of(api, customer_id)
    answer = await api.query(
        """mutation($customer: ID!, $oldest: ID!, $newest: ID!) {
          chosen: setDefaultCard(customerId: $customer, paymentMethodId: $oldest) {
            customer { savedCards { id } }
          }
          removed: detachPaymentMethod(paymentMethodId: $oldest) { paymentMethod { id } }
          after: setDefaultCard(customerId: $customer, paymentMethodId: $newest) {
            customer { savedCards { id isDefault } }
          }
        }""",
        customer=customer_id,
        oldest=oldest,
        newest=newest,
    )
    assert answer.data["chosen"]["customer"]["savedCards"] == [{"id": oldest}, {"id": newest}]
    assert answer.data["after"]["customer"]["savedCards"] == [{"id": newest, "isDefault": True}]


async def test_a_card_is_found_by_its_id(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    (card_id,) = await ids_of(api, customer_id)
    token = await api.session(customer_id, "READ_CARDS")
    for key in ({}, {"key": token}):
        answer = await api.run("PaymentMethod", **key, id=card_id)
        assert answer.data["paymentMethod"]["id"] == card_id
        assert answer.data["paymentMethod"]["last4"] == "4242"
        gone = await api.run("PaymentMethod", **key, id="pm_0000000000000000404")
        assert gone.data == {"paymentMethod": None}


async def test_an_id_that_is_none_is_not_asked_for(api: Api) -> None:
    for odd in ("", "../customers", "pm_1/detach", "pm 1", "x" * 101, "4242424242424242"):
        answer = await api.run("PaymentMethod", id=odd)
        assert answer.data == {"paymentMethod": None}
        assert answer.cost["upstreamCalls"] == 0


async def test_the_cards_of_a_customer_are_never_asked_for_twice_in_one_operation(api: Api) -> None:
    customer_id = await api.customer(cards=2)
    before = await api.simulator.calls()
    answer = await api.query(
        """query($id: ID!) {
          a: customer(id: $id) { savedCards { id customer { savedCards { id } } } }
          b: customer(id: $id) { defaultCard { id } savedCards { last4 } }
        }""",
        id=customer_id,
    )
    assert len(answer.data["a"]["savedCards"]) == 2
    assert (await api.simulator.calls())[LIST] - before[LIST] == 1
