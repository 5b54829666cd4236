"""Disputes: told by notification and listed, kept once, and found with their charge."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import MERCHANT, OPS, Api
from tests.api.money.checkout import Checkout, opened, settled
from tests.api.money.listening import streamed
from tests.api.money.notification import Delivery, signed
from tests.far_side import DISPUTES, caused
from tests.looking import a_moment

CHINA = "+08:00"


def span() -> dict[str, str]:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    return {"from": (now - day).isoformat(), "to": (now + day).isoformat()}


async def listed(api: Api, **variables: Any) -> dict[str, Any]:
    """The connection of disputes."""
    answer = await api.run("Chargebacks", **span() | variables)
    connection: dict[str, Any] = answer.data["chargebacks"]
    return connection


async def known(api: Api, charge_id: str, key: str = MERCHANT) -> list[dict[str, Any]]:
    """The disputes of a charge that the ledger has."""
    query = """query($id: ID!) { charge(by: {id: $id}) { chargebacks {
      id reason replyBy noticeAt amount { amount currency } charge { id }
    } } }"""
    found: list[dict[str, Any]] = (await api.query(query, key=key, id=charge_id)).data["charge"][
        "chargebacks"
    ]
    return found


async def told(api: Api, charge_id: str) -> list[dict[str, Any]]:
    """The same, as soon as there is one."""
    async with asyncio.timeout(10):
        while not (found := await known(api, charge_id)):
            await a_moment()
    return found


def notice(charge: dict[str, Any], **changed: Any) -> Delivery:
    """A notification of a dispute, from the contract's own example. Source: contract 7."""
    trade_no = f"20220518{int(charge['id'][3:], 16) % 10**14:014d}"
    data = {
        "chargebackInfo": {"replyDeadline": "2026-12-06 23:59:59", "cpdDate": "2026-11-26"},
        "reason": "D4755-Non-Receipt of Goods or Services",
        "amount": "10.99",
        "batchNo": "990001",
        "orderAmount": "10.99",
        "orderNo": charge["orderNo"],
        "tradeNo": trade_no,
        "orderCurrency": "USD",
        "noticeDate": "2026-11-26 17:47:18",
        "currency": "USD",
    }
    return signed({"data": data | changed, "type": "chargeback.success"})


async def test_a_dispute_is_told_by_notification(checkout: Checkout) -> None:
    api = checkout.api
    charge = await checkout.paid()
    assert await known(api, charge["id"]) == []
    raised = await api.simulator.disputes(checkout.order_no, amount="4.50")
    (dispute,) = await told(api, charge["id"])
    assert dispute["id"].startswith("cb_")
    assert dispute["amount"] == {"amount": "4.50", "currency": "USD"}
    assert dispute["reason"] == raised["reason"]
    assert dispute["charge"] == {"id": charge["id"]}
    deadline = datetime.fromisoformat(raised["chargebackInfo"]["replyDeadline"] + CHINA)
    assert datetime.fromisoformat(dispute["replyBy"]) == deadline
    # The money was taken all the same: a dispute is no status.
    assert await settled(api, charge["id"]) == "SUCCEEDED"
    # The buyer sees that the bank has it in hand.
    token = await api.session(checkout.customer_id, "PAY")
    assert await known(api, charge["id"], key=token) == [dispute]


async def test_the_event_of_a_dispute_has_it_with_it(api: Api, unique: str) -> None:
    checkout = await opened(api, unique)
    charge = await checkout.paid()
    # The notice is stored with the event, so that nobody sees one without the other.
    async with streamed(api, "Events", types=["CHARGEBACK"]) as stream:
        messages = stream.__aiter__()
        first = asyncio.ensure_future(anext(messages))
        async with asyncio.timeout(10):
            while not first.done():
                await notice(charge).send(api.http)
        event = (await first)["data"]["events"]
    assert event["type"] == "CHARGEBACK"
    assert event["charge"]["id"] == charge["id"]
    (dispute,) = await known(api, charge["id"])
    assert event["chargeback"] == {
        "id": dispute["id"],
        "amount": {"amount": "10.99", "currency": "USD", "minorUnits": "1099"},
        "reason": "D4755-Non-Receipt of Goods or Services",
        "noticeAt": "2026-11-26T09:47:18Z",
        "replyBy": "2026-12-06T15:59:59Z",
    }


async def test_a_repeated_notice_is_one_dispute(checkout: Checkout) -> None:
    api = checkout.api
    charge = await checkout.paid()
    for _ in range(3):
        assert (await notice(charge).send(api.http)).text == "success"
    await notice(charge, batchNo="990002", amount=4.5).send(api.http)
    found = await known(api, charge["id"])
    assert [one["amount"]["amount"] for one in found] == ["10.99", "4.50"]


async def test_the_other_form_of_dates_and_numbers_is_read_too(checkout: Checkout) -> None:
    """The documents show both."""
    charge = await checkout.paid()
    dates = {"replyDeadline": "2026-12-06T00:00:00", "cpdDate": "2026-11-26T00:00:00"}
    changed = {"chargebackInfo": dates, "amount": 3, "batchNo": 990003, "noticeDate": ""}
    await notice(charge, **changed).send(checkout.api.http)
    (dispute,) = await known(checkout.api, charge["id"])
    assert dispute["amount"] == {"amount": "3.00", "currency": "USD"}
    assert (dispute["replyBy"], dispute["noticeAt"]) == ("2026-12-05T16:00:00Z", None)


@pytest.mark.parametrize(
    "changed", [{"amount": "plenty", "orderAmount": ""}, {"amount": "1e999999"}]
)
async def test_a_notice_that_is_no_dispute_is_kept_and_shows_none(
    checkout: Checkout, changed: dict[str, Any]
) -> None:
    """It is Asiabill's, so it is an event; one that stops nobody from reading the next."""
    api = checkout.api
    charge = await checkout.paid()
    assert (await notice(charge, **changed).send(api.http)).text == "success"
    await notice(charge, batchNo="990009").send(api.http)
    assert [one["amount"]["amount"] for one in await known(api, charge["id"])] == ["10.99"]


async def test_the_list_shows_what_no_notification_told(own_api: Api, unique: str) -> None:
    api = own_api
    await api.simulator.notifies("off")
    checkout = await opened(api, unique)
    charge = await checkout.paid()
    raised = await api.simulator.disputes(unique)
    assert await known(api, charge["id"]) == []
    before = await api.simulator.calls()
    answer = await api.run("Chargebacks", key=OPS, **span())
    assert caused(before, await api.simulator.calls()) == {DISPUTES: 1}
    assert answer.cost["upstreamCalls"] == 1
    (row,) = answer.data["chargebacks"]["nodes"]
    assert row["amount"] == {"amount": "10.99", "currency": "USD", "minorUnits": "1099"}
    assert row["reason"] == raised["reason"]
    # Listed once, it is the charge's, and has the same id wherever it is shown.
    charged = {"id": charge["id"], "orderNo": unique, "chargebacks": [{"id": row["id"]}]}
    assert row["charge"] == charged
    assert [one["id"] for one in await known(api, charge["id"])] == [row["id"]]
    assert (await listed(api))["nodes"] == [row]


async def test_pages_of_disputes_follow_each_other(api: Api, own_api: Api, unique: str) -> None:
    numbers = [f"{unique}-{number}" for number in range(5)]
    for number in numbers:
        await (await opened(api, number)).paid()
        await api.simulator.disputes(number)
    # Another ledger, which has made none of these charges.
    seen: list[str] = []
    after = None
    while True:
        page = await listed(
            own_api,
            first=2,
            after=after,
            **{"from": span()["from"][:10] + "T00:00:00Z", "to": "2039-01-01T00:00:00Z"},
        )
        assert page["totalCount"] == 5
        assert {row["charge"] for row in page["nodes"]} == {None}
        seen += [row["id"] for row in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 5
    wrong = await own_api.run("Chargebacks", **span(), after=after)
    assert wrong.codes == ["BAD_USER_INPUT"]


async def test_disputes_are_for_the_shop_and_the_books(checkout: Checkout) -> None:
    answer = await checkout.api.run("Chargebacks", key=checkout.token, **span())
    assert answer.codes == ["FORBIDDEN"]


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("80", "JPY", "80"), ("1.25", "KWD", "1250")]
)
async def test_currencies_without_two_decimals_are_disputed_exactly(
    api: Api, unique: str, amount: str, currency: str, minor: str
) -> None:
    customer_id = await api.customer()
    await api.run(
        "Charge",
        customerId=customer_id,
        paymentMethodId=await api.card(customer_id),
        order={"amount": {"amount": amount, "currency": currency}, "orderNo": unique},
        idempotencyKey=unique,
    )
    await api.simulator.disputes(unique)
    (row,) = (await listed(api))["nodes"]
    assert row["amount"] == {"amount": amount, "currency": currency, "minorUnits": minor}
