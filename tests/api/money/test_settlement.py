"""Asiabill pays a charge out to the shop: it is told and kept, and moves nothing."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.money.checkout import alarms, history, status_of
from tests.api.money.listening import streamed
from tests.api.money.notification import event, signed
from tests.api.money.paid import paid
from tests.far_side import CONFIRM


async def cleared(api: Api, order_no: str) -> dict[str, Any]:
    """The event that tells of it."""
    async with (
        asyncio.timeout(10),
        streamed(api, "Events", after="0", types=["TRANSACTION_CLEAR"]) as stream,
    ):
        async for message in stream:
            told: dict[str, Any] = message["data"]["events"]
            if told["charge"] and told["charge"]["orderNo"] == order_no:
                return told
    raise AssertionError("the stream ended")


@pytest.mark.parametrize(("amount", "currency"), [("10.99", "USD"), ("600", "KRW"), ("1.2", "KWD")])
async def test_a_settlement_is_in_the_history_and_in_the_events(
    api: Api, unique: str, amount: str, currency: str
) -> None:
    charge = await paid(api, unique, amount, currency)
    await api.simulator.clear(unique)
    told = await cleared(api, unique)
    assert told["charge"]["status"] == "SUCCEEDED"
    assert told["refund"] is None
    status, source, note = (await history(api, charge.charge_id))[-1]
    assert (status, source) == ("SUCCEEDED", "WEBHOOK")
    assert "CLEARED" in note


async def test_a_settled_charge_can_still_be_refunded(api: Api, unique: str) -> None:
    charge = await paid(api, unique)
    await api.simulator.clear(unique)
    await cleared(api, unique)
    assert (await charge.refunded(unique))["batchNo"]


async def test_the_news_of_a_settlement_settles_a_doubt(api: Api, unique: str) -> None:
    """What is paid out was taken, also where every earlier word was lost."""
    await api.simulator.notifies("off")
    await api.simulator.fault("GET /transactions", "status_500", times=1_000_000)
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await paid(api, unique)
    news = event(await api.simulator.trade(unique)) | {"type": "transaction.clear"}
    assert (await signed(news).send(api.http)).text == "success"
    assert await status_of(api, charge.charge_id) == "SUCCEEDED"


async def test_a_settlement_never_moves_a_charge_backwards(api: Api, unique: str) -> None:
    """Of a charge that was declined it is an alarm, and older news after it moves nothing."""
    await api.simulator.notifies("off")
    declined = await paid(api, unique, card="4000000000009995")
    before = (await alarms(api)).get("late_success", 0)
    row = await api.simulator.trade(unique)
    news = event(row, orderStatus="success") | {"type": "transaction.clear"}
    assert (await signed(news).send(api.http)).text == "success"
    assert await status_of(api, declined.charge_id) == "DECLINED"
    assert (await alarms(api))["late_success"] == before + 1

    taken = await paid(api, f"{unique}-2"[-50:])
    await api.simulator.clear(taken.order_no)
    late = event(await api.simulator.trade(taken.order_no), orderStatus="pending")
    late["type"] = "transaction.pending"
    assert (await signed(late).send(api.http)).text == "success"
    assert await status_of(api, taken.charge_id) == "SUCCEEDED"
