"""A buyer at the checkout: the shop's server has made the intent, the page carries its token."""

import asyncio
from dataclasses import dataclass
from typing import Any

from tests.api.conftest import Answer, Api

CHALLENGE = "4000002500003155"
BACK = "https://shop.example/thanks?cart=7"


def intent(order_no: str | None = None, amount: str = "10.99", **more: Any) -> dict[str, Any]:
    """A PaymentIntentInput."""
    order = {"amount": {"amount": amount, "currency": "USD"}, "orderNo": order_no}
    return {"order": order, "returnUrl": BACK, **more}


@dataclass
class Checkout:
    """One buyer, one intent, one token."""

    api: Api
    customer_id: str
    card_id: str
    intent_id: str
    order_no: str
    token: str

    async def pay(self, **changed: Any) -> dict[str, Any]:
        """What the page's Pay button does; the payload of `charge`."""
        variables = {"customerId": self.customer_id, "paymentMethodId": self.card_id} | changed
        answer = await self.api.run("Pay", **{"key": self.token, **variables})
        payload: dict[str, Any] = answer.data["charge"]
        return payload

    async def paid(self) -> dict[str, Any]:
        """Press the button, and expect a charge and no correction."""
        payload = await self.pay()
        assert payload["userErrors"] == []
        charge: dict[str, Any] = payload["charge"]
        return charge

    async def session(self, customer_id: str | None = None, **more: Any) -> str:
        """Another token for the intent."""
        return await session(self.api, customer_id or self.customer_id, self.intent_id, **more)


async def session(api: Api, customer_id: str, intent_id: str | None = None, **more: Any) -> str:
    """A client-session token, for one intent where given."""
    wanted = {"customerId": customer_id, "paymentIntentId": intent_id, **more}
    made = (await api.run("ClientSession", input=wanted)).data["createClientSession"]
    assert made["userErrors"] == []
    token: str = made["session"]["token"]
    return token


async def opened(api: Api, order_no: str, card: str = "4242424242424242", **more: Any) -> Checkout:
    """A new customer with that card, and an intent for it of 10.99 USD."""
    customer_id = await api.customer()
    card_id = await api.card(customer_id, card)
    intent_id = await made(api, order_no, customerId=customer_id, **more)
    token = await session(api, customer_id, intent_id)
    return Checkout(api, customer_id, card_id, intent_id, order_no, token)


async def made(api: Api, order_no: str, **more: Any) -> str:
    """A new intent's id."""
    answer = await create(api, order_no, input=intent(order_no, **more))
    payload = answer.data["createPaymentIntent"]
    assert payload["userErrors"] == []
    intent_id: str = payload["paymentIntent"]["id"]
    return intent_id


async def create(api: Api, key: str, **variables: Any) -> Answer:
    """Run CreateIntent."""
    return await api.run("CreateIntent", idempotencyKey=key, **variables)


async def status_of(api: Api, charge_id: str) -> str:
    """A charge's status now."""
    found = (await api.run("ChargeBy", by={"id": charge_id})).data["charge"]
    status: str = found["status"]
    return status


async def settled(api: Api, charge_id: str, seconds: float = 15.0) -> str:
    """The status that a charge ends with, asked for as a page does."""
    async with asyncio.timeout(seconds):
        while True:
            by = {"id": charge_id}
            found = (await api.run("WaitForCharge", by=by, waitSeconds=5)).data["charge"]
            if found["final"]:
                status: str = found["status"]
                return status


async def history(api: Api, charge_id: str) -> list[tuple[str, str, str]]:
    """Status, source and note of each line of a charge's history."""
    found = (await api.run("ChargeBy", by={"id": charge_id})).data["charge"]
    return [(line["status"], line["source"], line["note"]) for line in found["history"]]


async def alarms(api: Api) -> dict[str, float]:
    """The gateway's own count of what a person must look at, by kind."""
    page = (await api.http.get("/metrics")).text
    found = {}
    for line in page.splitlines():
        if line.startswith("gateway_charge_alarms_total{"):
            found[line.partition('alarm="')[2].partition('"')[0]] = float(line.rpartition(" ")[2])
    return found
