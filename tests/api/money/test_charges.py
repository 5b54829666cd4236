"""Charging a saved card: once per key, and honest about what is not known."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import Answer, Api
from tests.far_side import CONFIRM, LIST, caused


def order(amount: str = "10.99", currency: str = "USD", **more: Any) -> dict[str, Any]:
    return {"amount": {"amount": amount, "currency": currency}, **more}


async def pay(api: Api, customer_id: str, card_id: str, key: str | None, **changed: Any) -> Answer:
    variables = {"order": order(), "idempotencyKey": key, **changed}
    return await api.run("Charge", customerId=customer_id, paymentMethodId=card_id, **variables)


@pytest.fixture
async def buyer(api: Api) -> tuple[str, str]:
    """A customer's id and its saved card's."""
    customer_id = await api.customer()
    return customer_id, await api.card(customer_id)


async def test_a_charge_takes_exactly_the_money_that_was_named(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    before = await api.simulator.calls()
    answer = await pay(api, *buyer, unique, order=order("10.90", "USD", orderNo=unique))
    after = await api.simulator.calls()

    charge = answer.data["charge"]["charge"]
    assert charge["status"] == "SUCCEEDED"
    assert charge["final"]
    assert not charge["live"]
    assert charge["amount"] == {"amount": "10.90", "currency": "USD", "minorUnits": "1090"}
    assert answer.data["charge"]["replayed"] is False
    (made,) = await api.simulator.transactions()
    assert made["orderNo"] == unique == charge["orderNo"]
    assert (made["amount"], made["currency"], made["status"]) == ("10.90", "USD", "success")
    assert (made["customerId"], made["customerPaymentMethodId"]) == buyer
    assert made["tradeNo"] == charge["tradeNo"]
    # One look at the customer's own list, and the charge: what @upstream promises.
    assert caused(before, after) == {LIST: 1, CONFIRM: 1}
    assert answer.cost["upstreamCalls"] == 2


async def test_the_same_key_gives_the_same_charge_and_asks_nobody(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    first = await pay(api, *buyer, unique)
    before = await api.simulator.calls()
    again = await pay(api, *buyer, unique)
    after = await api.simulator.calls()

    assert again.data["charge"]["replayed"] is True
    assert again.data["charge"]["charge"] == first.data["charge"]["charge"]
    assert caused(before, after) == {}


async def test_fifty_twins_at_once_make_one_charge(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    answers = await asyncio.gather(*(pay(api, *buyer, unique) for _ in range(50)))

    assert len({answer.data["charge"]["charge"]["id"] for answer in answers}) == 1
    assert [answer.data["charge"]["replayed"] for answer in answers].count(False) == 1
    # Twins of one process wait for the answer of the first.
    assert {answer.data["charge"]["charge"]["status"] for answer in answers} == {"SUCCEEDED"}
    assert len(await api.simulator.transactions()) == 1
    assert (await api.simulator.calls())[CONFIRM] == 1


async def test_a_key_with_other_arguments_is_refused_and_nothing_is_sent(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    customer_id, card_id = buyer
    other_card = await api.card(customer_id, "5555555555554444")
    other_customer = await api.customer()
    first = await pay(api, customer_id, card_id, unique)
    changes: list[dict[str, Any]] = [
        {"order": order("11.00")},
        {"order": order("10.99", "EUR")},
        {"order": order(remark="x")},
        {"order": order(orderNo=f"{unique}-other")},
        {"paymentMethodId": other_card},
        {"customerId": other_customer},
    ]
    for change in changes:
        variables = {
            "customerId": customer_id,
            "paymentMethodId": card_id,
            "order": order(),
            "idempotencyKey": unique,
        } | change
        answer = await api.run("Charge", **variables)
        (error,) = answer.data["charge"]["userErrors"]
        assert error["code"] == "IDEMPOTENCY_MISMATCH", change
        assert error["path"] == ["idempotencyKey"]
        existing = first.data["charge"]["charge"]["id"]
        assert error["existingCharge"] == {"id": existing}
    assert (await api.simulator.calls())[CONFIRM] == 1


@pytest.mark.parametrize(
    "effect",
    ["drop_before", "drop_after", "status_500", "status_503", "garbage", "truncate", "html"],
)
async def test_a_lost_answer_is_unknown_and_never_sent_again(
    api: Api, buyer: tuple[str, str], unique: str, effect: str
) -> None:
    await api.simulator.fault(CONFIRM, effect)
    lost = await pay(api, *buyer, unique)
    charge = lost.data["charge"]["charge"]
    assert charge["status"] == "UNKNOWN"
    assert not charge["final"]
    assert lost.data["charge"]["userErrors"] == []

    again = await pay(api, *buyer, unique)
    assert again.data["charge"]["replayed"] is True
    assert again.data["charge"]["charge"]["id"] == charge["id"]
    assert (await api.simulator.calls())[CONFIRM] == 1


async def test_a_decline_is_a_status_with_words_for_the_buyer(api: Api, unique: str) -> None:
    customer_id = await api.customer()
    card_id = await api.card(customer_id, "4000000000009995")
    answer = await pay(api, customer_id, card_id, unique)

    charge = answer.data["charge"]["charge"]
    assert charge["status"] == "DECLINED"
    assert charge["decline"]["customerMessage"]
    assert answer.data["charge"]["userErrors"] == []
    again = await pay(api, customer_id, card_id, unique)
    assert again.data["charge"]["charge"] == charge


async def test_a_refused_request_is_a_user_error_beside_a_failed_charge(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    """The card is removed while the charge looks at the list that still shows it."""
    customer_id, card_id = buyer
    listed = (await api.simulator.calls())[LIST]
    await api.simulator.fault(LIST, "delay", delayMs=700)
    paying = asyncio.create_task(pay(api, customer_id, card_id, unique))
    await api.simulator.received(LIST, listed + 1)
    await api.query(
        "mutation($id: ID!) { detachPaymentMethod(paymentMethodId: $id) { userErrors { code } } }",
        id=card_id,
    )
    answer = (await paying).data["charge"]
    (error,) = answer["userErrors"]
    assert (error["code"], error["outcome"]) == ("UPSTREAM_REJECTED", "REJECTED")
    assert answer["charge"]["status"] == "FAILED"
    assert await api.simulator.transactions() == []


async def test_an_unreachable_asiabill_leaves_the_charge_to_be_sent_by_a_repeat(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    """Found by the list call: nothing is stored, and the same key works later."""
    await api.simulator.fault(LIST, "drop_before", times=3)
    failed = (await pay(api, *buyer, unique)).data["charge"]
    (error,) = failed["userErrors"]
    assert error["code"] == "UPSTREAM_UNAVAILABLE"
    again = (await pay(api, *buyer, unique)).data["charge"]
    assert again["charge"]["status"] == "SUCCEEDED"
    assert len(await api.simulator.transactions()) == 1


@pytest.mark.parametrize(
    ("amount", "currency", "code", "field"),
    [
        ("10.999", "USD", "AMOUNT_PRECISION", "amount"),
        ("10.9", "JPY", "AMOUNT_PRECISION", "amount"),
        ("80.0", "JPY", "AMOUNT_PRECISION", "amount"),
        ("1.234", "KWD", "AMOUNT_PRECISION", "amount"),
        ("0", "USD", "INVALID_INPUT", "amount"),
        ("0.00", "USD", "INVALID_INPUT", "amount"),
        ("-1", "USD", "INVALID_INPUT", "amount"),
        ("010.99", "USD", "INVALID_INPUT", "amount"),
        ("12345678901234567", "USD", "INVALID_INPUT", "amount"),
        ("10", "XXX", "CURRENCY_NOT_SUPPORTED", "currency"),
        ("10", "ZZZ", "CURRENCY_NOT_SUPPORTED", "currency"),
    ],
)
async def test_an_amount_that_cannot_be_charged_names_its_argument(
    api: Api, buyer: tuple[str, str], unique: str, amount: str, currency: str, code: str, field: str
) -> None:
    answer = await pay(api, *buyer, unique, order=order(amount, currency))
    (error,) = answer.data["charge"]["userErrors"]
    assert (error["code"], error["path"]) == (code, ["order", "amount", field])
    assert (await api.simulator.calls()).get(CONFIRM, 0) == 0


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("80", "JPY", "80"), ("1.25", "KWD", "1250")]
)
async def test_currencies_without_two_decimals_go_out_as_they_are(
    api: Api, buyer: tuple[str, str], unique: str, amount: str, currency: str, minor: str
) -> None:
    answer = await pay(api, *buyer, unique, order=order(amount, currency))
    assert answer.data["charge"]["charge"]["amount"]["minorUnits"] == minor
    (made,) = await api.simulator.transactions()
    assert made["amount"] == amount


async def test_a_card_of_another_customer_is_refused_and_leaves_no_trace(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    stranger = await api.customer(cards=1)
    answer = await pay(api, stranger, buyer[1], unique)
    (error,) = answer.data["charge"]["userErrors"]
    assert (error["code"], error["path"]) == ("CARD_NOT_OWNED", ["paymentMethodId"])
    assert (await api.run("ChargeBy", by={"idempotencyKey": unique})).data["charge"] is None
    assert await api.simulator.transactions() == []


async def test_an_order_needs_a_key_and_a_charge_needs_an_amount(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    keyless = await pay(api, *buyer, None)
    amountless = await pay(api, *buyer, unique, order=None)
    assert keyless.data["charge"]["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_REQUIRED"
    assert amountless.data["charge"]["userErrors"][0]["code"] == "AMOUNT_REQUIRED"


async def test_an_order_number_is_charged_once(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    await pay(api, *buyer, unique, order=order(orderNo=unique))
    second = await pay(api, *buyer, f"{unique}-2", order=order(orderNo=unique))
    (error,) = second.data["charge"]["userErrors"]
    assert error["path"] == ["order", "orderNo"]
    assert len(await api.simulator.transactions()) == 1


async def test_a_charge_binds_its_card_and_the_list_shows_it_in_the_same_operation(
    api: Api, unique: str
) -> None:
    customer_id = await api.customer(cards=1)
    session = await api.query("mutation { createCardSession { session { sessionToken } } }")
    token = session.data["createCardSession"]["session"]["sessionToken"]
    hosted = await api.simulator.hosted_card(token, "5555555555554444")
    added = await api.run("AddCard", customerId=customer_id, hostedPaymentMethodId=hosted)
    assert added.data["createPaymentMethod"]["userErrors"] == []
    paid = await api.query(
        """
        mutation($customerId: ID!, $card: ID!, $unique: String!) {
          charge(customerId: $customerId, paymentMethodId: $card, idempotencyKey: $unique,
                 order: {amount: {amount: "1", currency: "EUR"}}) {
            charge { status customer { savedCards { last4 } } paymentMethod { last4 } }
          }
        }
        """,
        customerId=customer_id,
        card=hosted,
        unique=unique,
    )
    charge = paid.data["charge"]["charge"]
    assert charge["status"] == "SUCCEEDED"
    assert [card["last4"] for card in charge["customer"]["savedCards"]] == ["4444", "4242"]
    assert charge["paymentMethod"] == {"last4": "4444"}


async def test_a_charge_is_found_by_each_of_its_names(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    charge = (await pay(api, *buyer, unique)).data["charge"]["charge"]
    names = {
        "id": charge["id"],
        "orderNo": charge["orderNo"],
        "tradeNo": charge["tradeNo"],
        "idempotencyKey": unique,
    }
    for name, value in names.items():
        found = (await api.run("ChargeBy", by={name: value})).data["charge"]
        assert found["id"] == charge["id"], name
    assert (await api.run("ChargeBy", by={"id": "ch_nothing"})).data["charge"] is None


async def test_the_history_says_that_it_was_stored_before_it_was_sent(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    await pay(api, *buyer, unique)
    found = (await api.run("ChargeBy", by={"idempotencyKey": unique})).data["charge"]
    # The webhook may be here already; it comes after all of these.
    assert [(line["status"], line["source"]) for line in found["history"]][:3] == [
        ("CREATED", "REQUEST"),
        ("PROCESSING", "REQUEST"),
        ("SUCCEEDED", "RESPONSE"),
    ]
    assert len(found["upstream"]["requestIds"]) == 1


async def test_two_operations_without_a_name_charge_nothing(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    charge = (
        f'charge(customerId: "{buyer[0]}", paymentMethodId: "{buyer[1]}", '
        f'idempotencyKey: "{unique}", order: {{amount: {{amount: "1", currency: "USD"}}}}) '
        "{ charge { id } }"
    )
    answer = await api.query(f"mutation A {{ {charge} }} query B {{ viewer {{ role }} }}")
    assert answer.codes == ["BAD_USER_INPUT"]
    assert "data" not in answer.body
    assert await api.simulator.transactions() == []


async def test_a_client_session_may_not_name_an_amount(
    api: Api, buyer: tuple[str, str], unique: str
) -> None:
    token = await api.session(buyer[0], "PAY", "READ_CARDS")
    answer = await api.run(
        "Charge",
        key=token,
        customerId=buyer[0],
        paymentMethodId=buyer[1],
        order=order("0.01"),
        idempotencyKey=unique,
    )
    assert answer.codes == ["FORBIDDEN"] or (
        answer.data["charge"]["userErrors"][0]["code"] == "AMOUNT_NOT_ALLOWED_FOR_CALLER"
    )
    assert await api.simulator.transactions() == []
