"""A client session reaches its own customer and nothing else, and only as far as it may."""

from typing import Any

import pytest

from tests.api.conftest import BILLING, Api, rejections
from tests.far_side import LIST, caused

UNKNOWN_CUSTOMER = "cus_0000000000000000404"
UNKNOWN_CARD = "pm_0000000000000000404"
ALL = ("READ_CARDS", "SAVE_CARD", "REMOVE_CARD", "SET_DEFAULT", "PAY")


async def hosted(api: Api, token: str) -> str:
    """A card that the buyer of that session just typed into the hosted fields."""
    session = (await api.run("CardSession", key=token)).data["createCardSession"]["session"]
    return await api.simulator.hosted_card(session["sessionToken"])


async def saved(api: Api, customer_id: str) -> list[str]:
    answer = await api.run("SavedCards", customerId=customer_id)
    return [card["id"] for card in answer.data["customer"]["savedCards"]]


# Document, arguments, and which of them is an id of another customer's or of its card.
BY_CUSTOMER: list[tuple[str, dict[str, Any], str]] = [
    ("SavedCards", {}, "customerId"),
    ("Customer", {}, "id"),
    ("AddCard", {"hostedPaymentMethodId": UNKNOWN_CARD}, "customerId"),
    ("AttachCard", {"paymentMethodId": UNKNOWN_CARD}, "customerId"),
    ("SetDefaultCard", {"paymentMethodId": UNKNOWN_CARD}, "customerId"),
]
BY_CARD: list[tuple[str, dict[str, Any], str]] = [
    ("PaymentMethod", {}, "id"),
    ("UpdateCard", {"billing": BILLING}, "id"),
    ("DetachCard", {}, "paymentMethodId"),
    ("AddCard", {}, "hostedPaymentMethodId"),
    ("AttachCard", {"customerId": "own"}, "paymentMethodId"),
    ("SetDefaultCard", {"customerId": "own"}, "paymentMethodId"),
]


async def _compared(
    api: Api, token: str, own: str, use: tuple[str, dict[str, Any], str], ids: tuple[str, str]
) -> None:
    document, variables, argument = use
    variables = {name: own if value == "own" else value for name, value in variables.items()}
    bodies = []
    for asked in ids:
        answer = await api.run(document, key=token, **{**variables, argument: asked})
        for error in answer.errors:
            del error["extensions"]["requestId"]
        bodies.append(answer.body)
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("use", BY_CUSTOMER, ids=lambda use: use[0])
async def test_anothers_customer_looks_like_none(
    api: Api, use: tuple[str, dict[str, Any], str]
) -> None:
    own, another = await api.customer(cards=1), await api.customer(cards=1)
    token = await api.session(own, *ALL)
    before = await api.simulator.calls()
    await _compared(api, token, own, use, (another, UNKNOWN_CUSTOMER))
    # Neither id was ever sent to Asiabill.
    assert caused(before, await api.simulator.calls()) == {}


@pytest.mark.parametrize("use", BY_CARD, ids=lambda use: use[0])
async def test_anothers_card_looks_like_none(
    api: Api, use: tuple[str, dict[str, Any], str]
) -> None:
    own, another = await api.customer(cards=1), await api.customer(cards=1)
    (foreign,) = await saved(api, another)
    token = await api.session(own, *ALL)
    await _compared(api, token, own, use, (foreign, UNKNOWN_CARD))
    assert await saved(api, another) == [foreign]


async def test_another_customers_card_is_not_shown_beside_the_own(api: Api) -> None:
    own, another = await api.customer(cards=1), await api.customer(cards=1)
    answer = await api.query(
        """query($own: ID!, $another: ID!) {
          mine: customer(id: $own) { savedCards { id } }
          theirs: customer(id: $another) { id savedCards { id } defaultCard { id } }
        }""",
        key=await api.session(own, *ALL),
        own=own,
        another=another,
    )
    assert len(answer.data["mine"]["savedCards"]) == 1
    assert answer.data["theirs"] is None


async def test_a_card_belongs_to_the_first_session_that_brings_it(api: Api) -> None:
    first, second = await api.customer(), await api.customer()
    one, two = await api.session(first, *ALL), await api.session(second, *ALL)
    card_id = await hosted(api, one)
    assert (
        rejections(
            await api.run("AddCard", key=one, hostedPaymentMethodId=card_id), "createPaymentMethod"
        )
        == []
    )
    stolen = await api.run("AddCard", key=two, hostedPaymentMethodId=card_id)
    assert rejections(stolen, "createPaymentMethod") == [
        ("CARD_NOT_OWNED", ["hostedPaymentMethodId"])
    ]
    assert (await saved(api, first), await saved(api, second)) == ([card_id], [])


async def test_a_claim_holds_where_the_answer_to_binding_was_lost(api: Api) -> None:
    first, second = await api.customer(), await api.customer()
    one, two = await api.session(first, *ALL), await api.session(second, *ALL)
    card_id = await hosted(api, one)
    attach = "GET /payment_methods/{customerPaymentMethodId}/{customerId}/attach"
    await api.simulator.fault(attach, "drop_before")
    lost = await api.run("AddCard", key=one, hostedPaymentMethodId=card_id)
    assert rejections(lost, "createPaymentMethod") == [("UPSTREAM_UNAVAILABLE", None)]

    stolen = await api.run("AddCard", key=two, hostedPaymentMethodId=card_id)
    assert [code for code, _ in rejections(stolen, "createPaymentMethod")] == ["CARD_NOT_OWNED"]
    bound = await api.run("AttachCard", key=one, paymentMethodId=card_id, customerId=first)
    assert rejections(bound, "attachPaymentMethod") == []
    assert await saved(api, first) == [card_id]


async def test_a_card_that_asiabill_keeps_for_another_is_not_claimed(api: Api, shop: Api) -> None:
    """One that this gateway has never seen: the second gateway's ledger does not know it."""
    own, another = await api.customer(), await api.customer(cards=1)
    (foreign,) = await saved(api, another)
    token = await shop.session(own, *ALL)
    stolen = await shop.run("AddCard", key=token, hostedPaymentMethodId=foreign)
    assert rejections(stolen, "createPaymentMethod") == [
        ("CARD_NOT_OWNED", ["hostedPaymentMethodId"])
    ]
    # Had the claim stayed, the session could bind the card or pay with it.
    before = await shop.simulator.calls()
    attached = await shop.run("AttachCard", key=token, paymentMethodId=foreign, customerId=own)
    assert rejections(attached, "attachPaymentMethod") == [("CARD_NOT_OWNED", ["paymentMethodId"])]
    assert caused(before, await shop.simulator.calls()) == {}
    assert await saved(api, another) == [foreign]


async def test_a_browser_can_not_attach_a_card_that_it_did_not_bring(api: Api) -> None:
    own = await api.customer()
    loose = await hosted(api, await api.session(await api.customer(), *ALL))
    token = await api.session(own, *ALL)
    answer = await api.run("AttachCard", key=token, paymentMethodId=loose, customerId=own)
    assert rejections(answer, "attachPaymentMethod") == [("CARD_NOT_OWNED", ["paymentMethodId"])]


@pytest.mark.parametrize(
    ("permission", "document"),
    [
        ("READ_CARDS", "SavedCards"),
        ("READ_CARDS", "PaymentMethod"),
        ("SAVE_CARD", "AddCard"),
        ("SAVE_CARD", "UpdateCard"),
        ("SAVE_CARD", "AttachCard"),
        ("REMOVE_CARD", "DetachCard"),
        ("SET_DEFAULT", "SetDefaultCard"),
    ],
)
async def test_each_permission_is_needed_and_enough(
    api: Api, permission: str, document: str
) -> None:
    customer_id = await api.customer(cards=1)
    (card_id,) = await saved(api, customer_id)
    variables: dict[str, dict[str, Any]] = {
        "SavedCards": {"customerId": customer_id},
        "PaymentMethod": {"id": card_id},
        "AddCard": {"hostedPaymentMethodId": card_id},
        "UpdateCard": {"id": card_id, "billing": BILLING},
        "AttachCard": {"paymentMethodId": card_id, "customerId": customer_id},
        "DetachCard": {"paymentMethodId": card_id},
        "SetDefaultCard": {"customerId": customer_id, "paymentMethodId": card_id},
    }
    rest = [other for other in ALL if other != permission]
    before = await api.simulator.calls()
    lacking = await api.run(
        document, key=await api.session(customer_id, *rest), **variables[document]
    )
    assert lacking.codes == ["FORBIDDEN"]
    assert permission in lacking.errors[0]["message"]
    assert caused(before, await api.simulator.calls()) == {}

    # READ_CARDS beside it, for the cards that the documents show of what they did.
    token = await api.session(customer_id, permission, "READ_CARDS")
    enough = await api.run(document, key=token, **variables[document])
    for payload in enough.data.values():
        assert payload is not None
        assert payload.get("userErrors", []) == []


async def test_a_session_without_read_cards_may_still_act(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    (card_id,) = await saved(api, customer_id)
    token = await api.session(customer_id, "REMOVE_CARD")
    query = """mutation($id: ID!) {
      detachPaymentMethod(paymentMethodId: $id) { paymentMethod { id } userErrors { code } }
    }"""
    answer = await api.query(query, key=token, id=card_id)
    assert answer.data["detachPaymentMethod"] == {
        "paymentMethod": {"id": card_id},
        "userErrors": [],
    }


async def test_keys_of_two_customers_never_meet(api: Api, unique: str) -> None:
    answers = []
    for _ in range(2):
        customer_id = await api.customer()
        token = await api.session(customer_id, *ALL)
        answers.append(
            await api.run(
                "AddCard",
                key=token,
                hostedPaymentMethodId=await hosted(api, token),
                idempotencyKey=unique,
            )
        )
    for answer in answers:
        assert answer.data["createPaymentMethod"]["userErrors"] == []
        assert answer.data["createPaymentMethod"]["replayed"] is False
    assert LIST in await api.simulator.calls()
