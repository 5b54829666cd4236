"""Customers: made once, read in pages, deleted with their cards."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import Api, rejections
from tests.far_side import LIST, caused

CREATE = "POST /customers"
DELETE = "DELETE /customers/{customerId}"
DETACH = "GET /payment_methods/{customerPaymentMethodId}/detach"
ADA: dict[str, Any] = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Byron"}


async def test_a_customer_is_kept_as_it_was_given(api: Api, unique: str) -> None:
    given = {**ADA, "phone": "+44 20 7946 0000", "description": "first\nsecond 中文"}
    made = await api.run("CreateCustomer", input=given, idempotencyKey=unique)
    shown = await api.run("Customer", id=made.data["createCustomer"]["customer"]["id"])
    created_at = shown.data["customer"].pop("createdAt")
    assert {**shown.data["customer"], "id": None} == {**given, "id": None}
    assert created_at.endswith(("Z", "+08:00"))


async def test_the_same_key_makes_a_customer_once(api: Api, unique: str) -> None:
    answers = await asyncio.gather(
        *(api.run("CreateCustomer", input=ADA, idempotencyKey=unique) for _ in range(20))
    )
    last = await api.run("CreateCustomer", input=ADA, idempotencyKey=unique)

    assert (await api.simulator.calls())[CREATE] == 1
    assert last.data["createCustomer"]["replayed"] is True
    only = last.data["createCustomer"]["customer"]["id"]
    payloads = [answer.data["createCustomer"] for answer in answers]
    assert [payload["replayed"] for payload in payloads if payload["customer"]].count(False) == 1
    for payload in payloads:
        if payload["customer"]:
            assert payload["customer"]["id"] == only
        else:
            assert [error["path"] for error in payload["userErrors"]] == [["idempotencyKey"]]


async def test_a_key_means_one_customer(api: Api, unique: str) -> None:
    await api.run("CreateCustomer", input=ADA, idempotencyKey=unique)
    other = await api.run(
        "CreateCustomer", input={**ADA, "firstName": "Grace"}, idempotencyKey=unique
    )
    assert rejections(other, "createCustomer") == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]
    assert (await api.simulator.calls())[CREATE] == 1


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@" + "b" * 100}, "email"),
        ({"email": "two words@example.com"}, "email"),
        ({"firstName": ""}, "firstName"),
        ({"firstName": "   "}, "firstName"),
        ({"firstName": "x" * 51}, "firstName"),
        ({"lastName": "nul\u0000"}, "lastName"),
        ({"lastName": "line\u2028"}, "lastName"),
        ({"phone": "1" * 51}, "phone"),
        ({"description": "x" * 501}, "description"),
        ({"description": "card 4242 4242 4242 4242"}, "description"),
    ],
)
async def test_a_wrong_argument_is_named_and_nothing_is_sent(
    api: Api, unique: str, wrong: dict[str, str], path: str
) -> None:
    answer = await api.run("CreateCustomer", input={**ADA, **wrong}, idempotencyKey=unique)
    assert rejections(answer, "createCustomer") == [("INVALID_INPUT", ["input", path])]
    assert answer.cost["upstreamCalls"] == 0
    assert caused({}, await api.simulator.calls()) == {}


@pytest.mark.parametrize("key", ["", "k" * 129, "schlüssel", "tab\t", "4242424242424242"])
async def test_an_odd_key_is_refused(api: Api, key: str) -> None:
    answer = await api.run("CreateCustomer", input=ADA, idempotencyKey=key)
    assert rejections(answer, "createCustomer") == [("INVALID_INPUT", ["idempotencyKey"])]
    assert caused({}, await api.simulator.calls()) == {}


async def test_pages_follow_each_other_without_gap_or_repeat(api: Api) -> None:
    made = [await api.customer() for _ in range(5)]
    seen: list[str] = []
    after = None
    for expected in (2, 2, 1):
        page = (await api.run("Customers", first=2, after=after)).data["customers"]
        assert len(page["nodes"]) == expected
        assert page["totalCount"] == 5
        assert page["pageInfo"]["hasNextPage"] == (expected == 2)
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == made


async def test_an_empty_shop_has_an_empty_page(api: Api) -> None:
    page = (await api.run("Customers")).data["customers"]
    assert page == {
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "totalCount": 0,
    }


async def test_a_page_shows_its_customers_without_asking_again(api: Api) -> None:
    for _ in range(3):
        await api.customer()
    answer = await api.query("{ customers { edges { cursor node { email lastName } } } }")
    assert [edge["node"]["email"] for edge in answer.data["customers"]["edges"]] == [
        "ada@example.com"
    ] * 3
    assert answer.cost["upstreamCalls"] == 1


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_has_one_to_a_hundred_rows(api: Api, first: int) -> None:
    answer = await api.run("Customers", first=first)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert caused({}, await api.simulator.calls()) == {}


@pytest.mark.parametrize(
    # Base64 of "charges:1", "customers:-1", "customers:99999999999" and "customers:1", in this order.
    "cursor",
    ["x", "💳", "\\", "Y2hhcmdlczox", "Y3VzdG9tZXJzOi0x", "Y3VzdG9tZXJzOjk5OTk5OTk5OTk5"],
)
async def test_a_cursor_of_something_else_is_refused(api: Api, cursor: str) -> None:
    answer = await api.run("Customers", first=2, after=cursor)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["message"].startswith("after is not a cursor of this list")
    assert caused({}, await api.simulator.calls()) == {}


async def test_customers_come_in_the_order_of_their_ids_and_as_often(api: Api) -> None:
    first, second = await api.customer(cards=1), await api.customer()
    ids = [second, first, "cus_0000000000000000404", second, "no id!", first]
    answer = await api.query(
        "query($ids: [ID!]!) { customersByIds(ids: $ids) { id email } }", ids=ids
    )
    found = answer.data["customersByIds"]
    assert [customer and customer["id"] for customer in found] == [
        second,
        first,
        None,
        second,
        None,
        first,
    ]
    # Three distinct ids that can be ids, one call each.
    assert answer.cost["upstreamCalls"] == 3


async def test_a_deleted_customers_cards_are_detached_first(api: Api) -> None:
    customer_id = await api.customer(cards=3)
    shown = await api.run("SavedCards", customerId=customer_id)
    cards = [card["id"] for card in shown.data["customer"]["savedCards"]]
    answer = await api.run("DeleteCustomer", id=customer_id)
    calls = await api.simulator.calls()

    assert answer.data["deleteCustomer"] == {"deletedId": customer_id, "userErrors": []}
    assert (calls[DETACH], calls[DELETE]) == (3, 1)
    assert (await api.run("Customer", id=customer_id)).data == {"customer": None}
    for card_id in cards:
        assert (await api.run("PaymentMethod", id=card_id)).data == {"paymentMethod": None}


@pytest.mark.parametrize("effect", ["status_500", "drop_before"])
async def test_a_customer_stays_where_a_card_could_not_be_detached(api: Api, effect: str) -> None:
    customer_id = await api.customer(cards=3)
    await api.simulator.fault(DETACH, effect)
    answer = await api.run("DeleteCustomer", id=customer_id)
    assert rejections(answer, "deleteCustomer") == [("UPSTREAM_UNAVAILABLE", None)]
    assert answer.data["deleteCustomer"]["deletedId"] is None
    assert DELETE not in await api.simulator.calls()
    again = await api.run("DeleteCustomer", id=customer_id)
    assert again.data["deleteCustomer"]["deletedId"] == customer_id


async def test_more_cards_than_one_call_may_detach_are_left_alone(api: Api) -> None:
    customer_id = await api.customer()
    await asyncio.gather(*(api.card(customer_id) for _ in range(21)))
    answer = await api.run("DeleteCustomer", id=customer_id)
    assert rejections(answer, "deleteCustomer") == [("INVALID_INPUT", ["id"])]
    assert DETACH not in await api.simulator.calls()


async def test_a_customer_that_is_not_there_can_not_be_deleted(api: Api) -> None:
    for unknown, code in (("cus_0000000000000000404", "NOT_FOUND"), ("no id!", "INVALID_INPUT")):
        answer = await api.run("DeleteCustomer", id=unknown)
        assert rejections(answer, "deleteCustomer") == [(code, ["id"])]
        assert answer.data["deleteCustomer"]["deletedId"] is None


async def test_a_deleted_customer_has_no_cards(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    before = await api.simulator.calls()
    answer = await api.query(
        """mutation($id: ID!) {
          deleteCustomer(id: $id) { deletedId }
        }""",
        id=customer_id,
    )
    assert answer.data["deleteCustomer"]["deletedId"] == customer_id
    assert (await api.simulator.calls())[LIST] == before.get(LIST, 0) + 1
    shown = await api.run("SavedCards", customerId=customer_id)
    assert shown.data["customer"]["savedCards"] == []


async def test_a_cursor_is_good_for_a_page_of_any_size(api: Api) -> None:
    ids = [await api.customer() for _ in range(5)]
    whole = (await api.run("Customers", first=100)).data["customers"]
    assert sorted(row["id"] for row in whole["nodes"]) == sorted(ids)
    first = (await api.run("Customers", first=2)).data["customers"]
    rest = await api.run("Customers", first=3, after=first["pageInfo"]["endCursor"])
    found = first["nodes"] + rest.data["customers"]["nodes"]
    assert [row["id"] for row in found] == [row["id"] for row in whole["nodes"]]
    assert rest.cost["upstreamCalls"] == 1
    assert rest.data["customers"]["pageInfo"]["hasNextPage"] is False
