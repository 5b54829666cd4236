"""A card is stored once unless it is wanted twice, and a default that goes has a successor."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BILLING, Api, raw_card, rejections
from tests.far_side import LIST, caused

CREATE = "POST /payment_methods"
DETACH = "GET /payment_methods/{customerPaymentMethodId}/detach"
NUMBER = "5555555555554444"


async def add(api: Api, customer_id: str, **changed: Any) -> dict[str, Any]:
    """The payload of a whole card added."""
    variables = {"customerId": customer_id, "card": raw_card(NUMBER), "billing": BILLING}
    answer = await api.run("AddCard", **(variables | changed))
    payload: dict[str, Any] = answer.data["createPaymentMethod"]
    return payload


async def added(api: Api, customer_id: str, **changed: Any) -> dict[str, Any]:
    """The card, where nothing is to be corrected."""
    payload = await add(api, customer_id, **changed)
    assert payload["userErrors"] == []
    card: dict[str, Any] = payload["paymentMethod"]
    return card


async def cards_of(api: Api, customer_id: str, key: str | None = None) -> list[tuple[str, bool]]:
    """Ids of the customer's cards in order, and which is the default."""
    caller = {"key": key} if key else {}
    answer = await api.run("SavedCards", customerId=customer_id, **caller)
    return [(card["id"], card["isDefault"]) for card in answer.data["customer"]["savedCards"]]


async def test_a_card_that_is_there_already_is_the_answer(api: Api) -> None:
    customer_id = await api.customer()
    first = await added(api, customer_id)
    before = await api.simulator.calls()
    again = await added(api, customer_id, setAsDefault=True)
    assert again["id"] == first["id"]
    assert again["isDefault"] is True
    # A look whether it is still there, and one at how it stands; none is made.
    assert caused(before, await api.simulator.calls()) == {LIST: 2}


async def test_a_duplicate_is_refused_where_the_shop_wants_that(api: Api, unique: str) -> None:
    customer_id = await api.customer()
    await added(api, customer_id, onDuplicate="REJECT")
    for key in (None, unique, unique):
        payload = await add(api, customer_id, onDuplicate="REJECT", idempotencyKey=key)
        (error,) = payload["userErrors"]
        assert (error["code"], error["path"]) == ("CARD_DUPLICATE", ["card"])
        assert payload["paymentMethod"] is None
    assert (await api.simulator.calls())[CREATE] == 1
    # A refused call has not used its key up.
    assert await added(api, customer_id, onDuplicate="ALLOW", idempotencyKey=unique)


async def test_a_duplicate_is_stored_where_it_is_allowed(api: Api) -> None:
    customer_id = await api.customer()
    first, second = [await added(api, customer_id, onDuplicate="ALLOW") for _ in range(2)]
    assert first["id"] != second["id"]
    assert first["fingerprint"] == second["fingerprint"]


async def test_only_number_and_expiry_of_one_customer_s_cards_count(api: Api) -> None:
    customer_id, another = await api.customer(), await api.customer()
    cards = [
        await added(api, customer_id),
        await added(api, another),
        # The buyer got a new one from the bank.
        await added(api, customer_id, card=raw_card(NUMBER) | {"expYear": 2041}),
        await added(api, customer_id, card=raw_card("4242424242424242")),
    ]
    assert len({card["id"] for card in cards}) == 4
    assert cards[0]["fingerprint"] == cards[1]["fingerprint"]
    assert len({card["fingerprint"] for card in cards[1:]}) == 3
    other_code = raw_card(NUMBER) | {"securityCode": 999, "expMonth": "12", "expYear": "39"}
    assert (await added(api, customer_id, card=other_code))["id"] == cards[0]["id"]
    # What is shown with the card is what is shown with the list.
    query = "query($id: ID!) { customer(id: $id) { savedCards { id fingerprint } } }"
    listed = (await api.query(query, id=customer_id)).data["customer"]["savedCards"]
    assert {card["id"]: card["fingerprint"] for card in listed} == {
        card["id"]: card["fingerprint"] for card in (cards[0], *cards[2:])
    }


async def test_two_presses_at_once_store_one_card(api: Api) -> None:
    customer_id = await api.customer()
    await api.simulator.fault(CREATE, "delay", delayMs=400)
    cards = await asyncio.gather(*(added(api, customer_id) for _ in range(5)))
    assert len({card["id"] for card in cards}) == 1
    assert (await api.simulator.calls())[CREATE] == 1


async def test_a_card_that_was_detached_is_no_duplicate(api: Api) -> None:
    customer_id = await api.customer()
    first = await added(api, customer_id)
    await api.run("DetachCard", paymentMethodId=first["id"])
    second = await added(api, customer_id, onDuplicate="REJECT")
    assert second["id"] != first["id"]
    assert second["fingerprint"] == first["fingerprint"]


async def test_nothing_is_made_where_the_list_cannot_be_read(api: Api) -> None:
    """Whether it is a duplicate is asked first."""
    customer_id = await api.customer()
    await added(api, customer_id)
    await api.simulator.fault(LIST, "status_500", times=3)
    payload = await add(api, customer_id)
    assert [error["code"] for error in payload["userErrors"]] == ["UPSTREAM_UNAVAILABLE"]
    assert (await api.simulator.calls())[CREATE] == 1


async def test_a_lost_answer_leaves_no_print_and_says_so(api: Api) -> None:
    customer_id = await api.customer()
    await api.simulator.fault(CREATE, "drop_after")
    payload = await add(api, customer_id)
    assert [error["code"] for error in payload["userErrors"]] == ["UPSTREAM_UNAVAILABLE"]
    # It was made, as the list shows; who repeats the call without looking has it twice.
    assert len(await cards_of(api, customer_id)) == 1
    await added(api, customer_id)
    assert len(await cards_of(api, customer_id)) == 2


async def test_of_a_hosted_card_too_little_is_known(api: Api) -> None:
    customer_id = await api.customer()
    token = await api.session(customer_id, "READ_CARDS", "SAVE_CARD")
    for _ in range(2):
        session = (await api.run("CardSession", key=token)).data["createCardSession"]["session"]
        hosted_id = await api.simulator.hosted_card(session["sessionToken"])
        answer = await api.run(
            "AddCard", key=token, hostedPaymentMethodId=hosted_id, onDuplicate="REJECT"
        )
        assert rejections(answer, "createPaymentMethod") == []
        card = answer.data["createPaymentMethod"]["paymentMethod"]
        assert (card["id"], card["fingerprint"]) == (hosted_id, None)
    assert len(await cards_of(api, customer_id)) == 2


async def test_neither_number_nor_a_plain_hash_of_it_is_stored(api: Api, folder: Path) -> None:
    """A hash without a key is found by trying the numbers: there are few of a bank and four digits."""
    from hashlib import md5, sha1, sha256, sha512

    customer_id = await api.customer()
    card = await added(api, customer_id)
    with closing(sqlite3.connect(folder / "gateway.db")) as ledger:
        kept = "\n".join(ledger.iterdump())
    assert card["fingerprint"] in kept
    assert NUMBER not in kept
    texts = [NUMBER, f"{NUMBER}/12/2039", f"{NUMBER}1239", f"{NUMBER}123"]
    for hashed in (md5, sha1, sha256, sha512):
        for text in texts:
            assert hashed(text.encode()).hexdigest()[:32] not in kept


# The default card


@pytest.mark.parametrize("caller", ["shop", "buyer"])
async def test_the_newest_card_follows_a_default_that_is_removed(api: Api, caller: str) -> None:
    customer_id = await api.customer(cards=3)
    newest, middle, oldest = [card for card, _ in await cards_of(api, customer_id)]
    token = await api.session(customer_id, "READ_CARDS", "REMOVE_CARD", "SET_DEFAULT")
    key = {"key": token} if caller == "buyer" else {}
    await api.run("SetDefaultCard", customerId=customer_id, paymentMethodId=middle, **key)
    before = await api.simulator.calls()
    answer = await api.query(
        "mutation($id: ID!) { detachPaymentMethod(paymentMethodId: $id) { customer { id } } }",
        id=middle,
        **key,
    )
    assert answer.data["detachPaymentMethod"] == {"customer": {"id": customer_id}}
    assert caused(before, await api.simulator.calls()) == {LIST: 1, DETACH: 1}
    assert await cards_of(api, customer_id) == [(newest, True), (oldest, False)]
    for card in (newest, oldest):
        await api.run("DetachCard", paymentMethodId=card, **key)
    assert await cards_of(api, customer_id) == []
    # The next card is not the default by itself: nobody chose it.
    await added(api, customer_id)
    assert [default for _, default in await cards_of(api, customer_id)] == [False]


async def test_a_default_that_stays_is_not_replaced(api: Api) -> None:
    customer_id = await api.customer(cards=2)
    newest, oldest = [card for card, _ in await cards_of(api, customer_id)]
    await api.run("SetDefaultCard", customerId=customer_id, paymentMethodId=oldest)
    await api.run("DetachCard", paymentMethodId=newest)
    assert await cards_of(api, customer_id) == [(oldest, True)]


@pytest.mark.parametrize("effect", ["drop_before", "status_500"])
async def test_a_default_whose_removal_is_not_known_stays_the_default(
    api: Api, effect: str
) -> None:
    customer_id = await api.customer(cards=2)
    newest, oldest = [card for card, _ in await cards_of(api, customer_id)]
    await api.run("SetDefaultCard", customerId=customer_id, paymentMethodId=oldest)
    await api.simulator.fault(DETACH, effect)
    answer = await api.run("DetachCard", paymentMethodId=oldest)
    assert [code for code, _ in rejections(answer, "detachPaymentMethod")] == [
        "UPSTREAM_UNAVAILABLE"
    ]
    assert await cards_of(api, customer_id) == [(oldest, True), (newest, False)]
    again = await api.run("DetachCard", paymentMethodId=oldest)
    assert rejections(again, "detachPaymentMethod") == []
    assert await cards_of(api, customer_id) == [(newest, True)]
