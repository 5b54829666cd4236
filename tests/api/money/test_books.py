"""Asiabill's book and ours, page by page: exact amounts, each row once, joined without asking again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import MERCHANT, OPS, Api
from tests.far_side import LOOK_UP, caused

DECLINED = "4000000000009995"


@pytest.fixture
def span() -> dict[str, str]:
    """From now on. Asiabill's book takes it to the second."""
    now = datetime.now(UTC)
    return {"from": now.isoformat(), "to": (now + timedelta(hours=1)).isoformat()}


async def paid(
    api: Api,
    order_no: str,
    amount: str = "10.90",
    currency: str = "USD",
    card: str = "",
    **more: Any,
) -> dict[str, Any]:
    """A charge of a new customer's card."""
    customer_id = more.get("customer_id") or await api.customer()
    card_id = await api.card(customer_id, card or "4242424242424242")
    answer = await api.run(
        "Charge",
        customerId=customer_id,
        paymentMethodId=card_id,
        order={"amount": {"amount": amount, "currency": currency}, "orderNo": order_no},
        idempotencyKey=order_no,
    )
    charge: dict[str, Any] = answer.data["charge"]["charge"]
    return charge


async def listed(api: Api, name: str, **variables: Any) -> dict[str, Any]:
    """The connection of the document `name`."""
    (connection,) = (await api.run(name, **variables)).data.values()
    assert [edge["cursor"] for edge in connection["edges"]][-1:] == [
        connection["pageInfo"]["endCursor"]
    ] or not connection["edges"]
    found: dict[str, Any] = connection
    return found


async def walked(api: Api, name: str, first: int, **variables: Any) -> list[list[str]]:
    """Order numbers, page after page, as Relay walks."""
    pages: list[list[str]] = []
    after = None
    while True:
        page = await listed(api, name, first=first, after=after, **variables)
        pages.append([node["orderNo"] for node in page["nodes"]])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return pages


async def test_each_book_shows_each_row_once_and_the_newest_first(
    api: Api, unique: str, span: dict[str, str]
) -> None:
    numbers = [f"{unique}-{number}" for number in range(5)]
    for number in numbers:
        await paid(api, number)
    for name in ("Charges", "Transactions"):
        pages = await walked(api, name, 2, filter=span)
        assert [len(page) for page in pages] == [2, 2, 1], name
        assert [number for page in pages for number in page] == numbers[::-1], name


async def test_any_row_s_cursor_begins_a_page_of_any_size_in_one_call(
    api: Api, unique: str, span: dict[str, str]
) -> None:
    """Asiabill knows numbers and sizes of pages alone; Relay's rules hold all the same."""
    for number in range(6):
        await paid(api, f"{unique}-{number}")
    whole = await listed(api, "Transactions", filter=span, first=100)
    assert whole["totalCount"] == 6
    cursors = [edge["cursor"] for edge in whole["edges"]]
    for place in range(6):
        for first in (1, 2, 3, 4):
            answer = await api.run("Transactions", filter=span, first=first, after=cursors[place])
            page = answer.data["transactions"]
            assert page["nodes"] == whole["nodes"][place + 1 :][:first], (place, first)
            assert page["pageInfo"]["hasNextPage"] is (place + 1 + first < 6)
            assert answer.cost["upstreamCalls"] == 1


async def test_the_book_is_exact_and_joined_to_our_charges(
    api: Api, own_api: Api, unique: str, span: dict[str, str]
) -> None:
    made = {
        f"{unique}-usd": ("10.90", "USD", "1090"),
        f"{unique}-jpy": ("80", "JPY", "80"),
        f"{unique}-kwd": ("1.25", "KWD", "1250"),
        f"{unique}-big": ("9999999999999.99", "USD", "999999999999999"),
    }
    charges = {number: await paid(api, number, *money[:2]) for number, money in made.items()}
    await paid(api, f"{unique}-no", card=DECLINED)
    await paid(own_api, f"{unique}-foreign")

    answer = await api.run("Transactions", key=OPS, filter=span)
    # For six rows and their charges.
    assert answer.cost["upstreamCalls"] == 1
    rows = {row["orderNo"]: row for row in answer.data["transactions"]["nodes"]}
    for number, (amount, currency, minor) in made.items():
        row = rows[number]
        assert row["amount"] == {"amount": amount, "currency": currency, "minorUnits": minor}
        assert row["charge"] == {"id": charges[number]["id"], "status": "SUCCEEDED"}
        assert row["tradeNo"] == charges[number]["tradeNo"]
        assert (row["status"], row["info"]) == ("success", "Transaction Approved")
        assert abs(datetime.fromisoformat(row["at"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert rows[f"{unique}-no"]["status"] == "fail"
    assert rows[f"{unique}-no"]["charge"]["status"] == "DECLINED"
    assert rows[f"{unique}-foreign"]["charge"] is None


async def test_the_filters_of_the_book(api: Api, unique: str, span: dict[str, str]) -> None:
    first, second = await paid(api, f"{unique}-1"), await paid(api, f"{unique}-2")
    for change in ({"orderNo": first["orderNo"]}, {"tradeNo": first["tradeNo"]}):
        page = await listed(api, "Transactions", filter=span | change)
        assert [row["orderNo"] for row in page["nodes"]] == [first["orderNo"]], change
        assert page["totalCount"] == 1
    none = {"orderNo": first["orderNo"], "tradeNo": second["tradeNo"]}
    page = await listed(api, "Transactions", filter=span | none)
    assert (page["nodes"], page["totalCount"]) == ([], 0)
    assert page["pageInfo"] == {"hasNextPage": False, "endCursor": None}
    past = {"from": "2020-01-01T00:00:00+08:00", "to": "2020-01-02T00:00:00Z"}
    assert (await listed(api, "Transactions", filter=past))["nodes"] == []


async def test_the_filters_of_our_charges(api: Api, unique: str, span: dict[str, str]) -> None:
    first = await paid(api, f"{unique}-1")
    await paid(api, f"{unique}-2", card=DECLINED)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["-2", "-1"]),
        ({"status": ["DECLINED"]}, ["-2"]),
        ({"status": ["SUCCEEDED", "UNKNOWN", "SUCCEEDED"]}, ["-1"]),
        ({"status": []}, ["-2", "-1"]),
        ({"orderNo": first["orderNo"]}, ["-1"]),
        ({"orderNo": "x" * 60}, []),
        ({"to": span["from"]}, []),
    ]
    for change, expected in cases:
        page = await listed(api, "Charges", filter=span | change, key=OPS)
        assert [row["orderNo"] for row in page["nodes"]] == [unique + end for end in expected]
        assert page["totalCount"] == len(expected)


async def test_the_charges_of_a_customer_are_its_own_to_see(api: Api, unique: str) -> None:
    customer_id, stranger = await api.customer(), await api.customer()
    for number in range(3):
        await paid(api, f"{unique}-{number}", customer_id=customer_id)
    await paid(api, f"{unique}-other", customer_id=stranger)
    token = await api.session(customer_id, "PAY")
    before = await api.simulator.calls()
    seen: list[str] = []
    after = None
    for key in (MERCHANT, token):
        answer = await api.run(
            "CustomerCharges", key=key, customerId=customer_id, first=2, after=after
        )
        page = answer.data["customer"]["charges"]
        seen += [charge["orderNo"] for charge in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == [f"{unique}-{number}" for number in (2, 1, 0)]
    assert caused(before, await api.simulator.calls()) == {}
    foreign = await api.run("CustomerCharges", key=token, customerId=stranger)
    assert foreign.data["customer"] is None
    reports = await api.query(
        "{ customers(first: 1) { nodes { id charges { totalCount } } } }", key=OPS
    )
    assert set(reports.codes) == {"FORBIDDEN"}


async def test_the_charges_of_many_customers_come_with_one_answer(api: Api, unique: str) -> None:
    ids = [await api.customer() for _ in range(3)]
    for place, customer_id in enumerate(ids[:2]):
        await paid(api, f"{unique}-{place}", customer_id=customer_id)
    answer = await api.query(
        "query($ids: [ID!]!) { customersByIds(ids: $ids) { charges { totalCount nodes { orderNo } } } }",
        ids=ids,
    )
    pages = [customer["charges"] for customer in answer.data["customersByIds"]]
    assert [page["totalCount"] for page in pages] == [1, 1, 0]
    assert pages[1]["nodes"] == [{"orderNo": f"{unique}-1"}]


@pytest.mark.parametrize("name", ["Charges", "Transactions"])
async def test_a_cursor_belongs_to_one_list_and_one_filter(
    api: Api, unique: str, span: dict[str, str], name: str
) -> None:
    for number in range(2):
        await paid(api, f"{unique}-{number}")
    page = await listed(api, name, filter=span, first=1)
    cursor = page["pageInfo"]["endCursor"]
    other = "Transactions" if name == "Charges" else "Charges"
    customers = (await api.run("Customers", first=1)).data["customers"]["pageInfo"]["endCursor"]
    wrong: list[tuple[str, dict[str, Any]]] = [
        (name, {"filter": span | {"orderNo": f"{unique}-1"}, "after": cursor}),
        (name, {"filter": span | {"to": "2039-01-01T00:00:00Z"}, "after": cursor}),
        (other, {"filter": span, "after": cursor}),
        (name, {"filter": span, "after": customers}),
        (name, {"filter": span, "after": "garbage"}),
        (name, {"filter": span, "first": 0}),
        (name, {"filter": span, "first": 101}),
        (name, {"filter": {"from": span["to"], "to": span["from"]}}),
    ]
    for document, variables in wrong:
        answer = await api.run(document, **variables)
        assert answer.codes == ["BAD_USER_INPUT"], variables
    told = (await api.run(name, filter=span, after="garbage")).errors[0]["message"]
    assert "filter" in told


async def test_a_book_that_cannot_be_read_is_an_error_to_try_again(
    api: Api, span: dict[str, str]
) -> None:
    await api.simulator.fault(LOOK_UP, "status_500", times=3)
    answer = await api.run("Transactions", filter=span)
    assert answer.codes == ["UPSTREAM_UNAVAILABLE"]
    assert answer.errors[0]["extensions"]["retryable"] is True
