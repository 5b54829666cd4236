"""Each distinct customer is asked for once, side by side, and fails alone."""

import asyncio
import time

import pytest

from tests.api.conftest import Api
from tests.far_side import LIST, caused


async def test_one_customers_cards_cost_one_call(api: Api) -> None:
    customer_id = await api.customer(cards=2)
    before = await api.simulator.calls()
    answer = await api.run("SavedCards", customerId=customer_id)
    after = await api.simulator.calls()

    assert len(answer.data["customer"]["savedCards"]) == 2
    assert caused(before, after) == {LIST: 1}
    assert answer.cost == {
        "upstreamCalls": 1,
        "deduplicated": 0,
        "shared": 0,
        "limit": 50,
        "upstreamCallsAtMost": 1,
        "points": 4,
    }


async def test_own_fields_are_asked_for_side_by_side_with_the_list(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    await api.simulator.fault("GET /customers/{customerId}", "delay", delayMs=400)
    await api.simulator.fault(LIST, "delay", delayMs=400)
    before = await api.simulator.calls()
    began = time.monotonic()
    answer = await api.query(
        "query($id: ID!) { customer(id: $id) { email firstName savedCards { id } } }",
        id=customer_id,
    )
    took = time.monotonic() - began
    after = await api.simulator.calls()

    assert answer.data["customer"]["email"] == "ada@example.com"
    assert after[LIST] - before[LIST] == 1
    assert after["GET /customers/{customerId}"] == 1
    assert took < 0.75, "the two calls waited for each other"


@pytest.mark.parametrize("field", ["email", "...F", "... on Customer { lastName }"])
async def test_an_unknown_customer_is_null_where_its_own_fields_are_asked(
    api: Api, field: str
) -> None:
    query = f"query($id: ID!) {{ customer(id: $id) {{ id {field} }} }}"
    if "F" in field:
        query += " fragment F on Customer { phone }"
    answer = await api.query(query, id="cus_0000000000000000404")
    assert answer.data == {"customer": None}


async def test_skipped_fields_cost_nothing(api: Api) -> None:
    answer = await api.query(
        "query($id: ID!, $no: Boolean!) { customer(id: $id) { id email @include(if: $no) } }",
        id="cus_1",
        no=False,
    )
    assert answer.data == {"customer": {"id": "cus_1"}}
    assert answer.cost["upstreamCalls"] == 0


async def test_fifty_ids_of_twenty_customers_cost_twenty_calls(api: Api) -> None:
    customers = await asyncio.gather(*(api.customer(cards=1) for _ in range(20)))
    ids = [customers[place % 20] for place in range(50)]
    before = await api.simulator.calls()
    answer = await api.run("CustomersByIds", ids=ids)
    after = await api.simulator.calls()

    assert [customer["id"] for customer in answer.data["customersByIds"]] == ids
    assert all(len(customer["savedCards"]) == 1 for customer in answer.data["customersByIds"])
    assert caused(before, after) == {LIST: 20}
    assert answer.cost["upstreamCalls"] == 20
    assert answer.cost["deduplicated"] == 30


async def test_the_calls_of_one_operation_run_side_by_side(api: Api) -> None:
    customers = await asyncio.gather(*(api.customer() for _ in range(20)))
    await api.simulator.fault(LIST, "delay", times=20, delayMs=300)
    began = time.monotonic()
    await api.run("CustomersByIds", ids=customers)
    assert time.monotonic() - began < 2.0, "twenty calls of 300 ms did not run side by side"


async def test_a_customer_that_fails_takes_only_its_own_fields(api: Api) -> None:
    customers = await asyncio.gather(*(api.customer(cards=1) for _ in range(20)))
    ids = [customers[place % 20] for place in range(50)]
    failing = set(customers[3:6])
    for customer_id in failing:
        # Reads are repeated twice, so three failures each are needed.
        await api.simulator.fault(LIST, "status_500", times=3, match=customer_id)
    answer = await api.run("CustomersByIds", ids=ids)

    places = [place for place, customer_id in enumerate(ids) if customer_id in failing]
    assert sorted(error["path"] for error in answer.errors) == [
        ["customersByIds", place, "savedCards"] for place in places
    ]
    assert set(answer.codes) == {"UPSTREAM_UNAVAILABLE"}
    assert all(error["extensions"]["retryable"] for error in answer.errors)
    for place, customer in enumerate(answer.body["data"]["customersByIds"]):
        assert customer["id"] == ids[place]
        assert (customer["savedCards"] is None) == (place in places)


async def test_a_read_that_fails_once_is_repeated_and_nobody_notices(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    await api.simulator.fault(LIST, "drop_before", times=2)
    answer = await api.run("SavedCards", customerId=customer_id)
    assert len(answer.data["customer"]["savedCards"]) == 1
    assert answer.cost["upstreamCalls"] == 3


async def test_operations_at_the_same_moment_share_one_call(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    await api.simulator.fault(LIST, "delay", delayMs=500)
    before = await api.simulator.calls()
    answers = await asyncio.gather(
        *(api.run("SavedCards", customerId=customer_id) for _ in range(8))
    )
    after = await api.simulator.calls()

    assert after[LIST] - before[LIST] == 1
    assert [len(answer.data["customer"]["savedCards"]) for answer in answers] == [1] * 8
    assert sum(answer.cost["shared"] for answer in answers) == 7
    assert sum(answer.cost["upstreamCalls"] for answer in answers) == 1


async def test_a_failure_is_not_kept_for_the_next_operation(api: Api) -> None:
    customer_id = await api.customer(cards=1)
    await api.simulator.fault(LIST, "status_503", times=3)
    failed = await api.run("SavedCards", customerId=customer_id)
    again = await api.run("SavedCards", customerId=customer_id)
    assert failed.codes == ["UPSTREAM_UNAVAILABLE"]
    assert len(again.data["customer"]["savedCards"]) == 1


async def test_a_read_that_began_before_a_write_is_not_joined_after_it(api: Api) -> None:
    """The list under way when a card is added may lack it; a reader after the write must not."""
    customer_id = await api.customer(cards=1)
    await api.simulator.fault(LIST, "delay", delayMs=800)
    slow = asyncio.create_task(api.run("SavedCards", customerId=customer_id))
    await api.simulator.received(LIST, 2)
    await api.card(customer_id, "5555555555554444")
    after = await api.run("SavedCards", customerId=customer_id)
    assert len(after.data["customer"]["savedCards"]) == 2
    assert not slow.done(), "the slow read was to be still under way"
    await slow


async def test_more_than_fifty_ids_are_refused_before_anything_is_asked(api: Api) -> None:
    answer = await api.run("CustomersByIds", ids=[f"cus_{n}" for n in range(51)])
    assert answer.codes == ["LIMIT_EXCEEDED"]
    assert caused({}, await api.simulator.calls()) == {}


async def test_sixteen_clients_with_fifty_customers_each_are_all_served(api: Api) -> None:
    """More calls at once than the pool holds: our limit stands before it, so nothing collapses."""
    customers = await asyncio.gather(*(api.customer() for _ in range(20)))
    ids = [customers[place % 20] for place in range(50)]
    began = time.monotonic()
    answers = await asyncio.gather(*(api.run("CustomersByIds", ids=ids) for _ in range(16)))
    took = time.monotonic() - began
    assert all(len(answer.data["customersByIds"]) == 50 for answer in answers)
    assert took < 10, f"sixteen queries took {took:.1f} s"
