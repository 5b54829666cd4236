"""A charge that took its money, made by the shop's server, and what is asked about it."""

import asyncio
from dataclasses import dataclass
from typing import Any

from tests.api.conftest import Api


@dataclass
class Paid:
    """One charge of a saved card."""

    api: Api
    charge_id: str
    order_no: str
    customer_id: str
    card_id: str
    amount: str = "10.99"
    currency: str = "USD"

    async def refund(
        self, key: str, amount: str | None = None, currency: str | None = None, **changed: Any
    ) -> dict[str, Any]:
        """Run RefundCharge; its payload."""
        money = {"amount": amount, "currency": currency or self.currency} if amount else None
        variables = {
            "chargeId": self.charge_id,
            "amount": money,
            "reason": "came broken",
            "idempotencyKey": key,
        }
        answer = await self.api.run("RefundCharge", **(variables | changed))
        payload: dict[str, Any] = answer.data["refundCharge"]
        return payload

    async def refunded(self, key: str, amount: str | None = None) -> dict[str, Any]:
        """The same, with a refund and no correction expected."""
        payload = await self.refund(key, amount)
        assert payload["userErrors"] == []
        refund: dict[str, Any] = payload["refund"]
        return refund

    async def shown(self) -> dict[str, Any]:
        """Its refunds, and what is left."""
        answer = await self.api.run("Refunds", by={"id": self.charge_id})
        charge: dict[str, Any] = answer.data["charge"]
        return charge

    async def left(self) -> tuple[str, str]:
        """What went back and what still may, in major units."""
        charge = await self.shown()
        return charge["refunded"]["amount"], charge["refundable"]["amount"]


async def paid(
    api: Api,
    order_no: str,
    amount: str = "10.99",
    currency: str = "USD",
    card: str = "4242424242424242",
) -> Paid:
    """Charge a new customer's card."""
    customer_id = await api.customer()
    card_id = await api.card(customer_id, card)
    answer = await api.run(
        "Charge",
        customerId=customer_id,
        paymentMethodId=card_id,
        order={"amount": {"amount": amount, "currency": currency}, "orderNo": order_no},
        idempotencyKey=order_no,
    )
    charge = answer.data["charge"]["charge"]
    return Paid(api, charge["id"], order_no, customer_id, card_id, amount, currency)


async def refund_status(api: Api, refund_id: str) -> str:
    """A refund's status now."""
    status: str = (await api.run("Refund", id=refund_id)).data["refund"]["status"]
    return status


async def refund_becomes(api: Api, refund_id: str, status: str, seconds: float = 15.0) -> None:
    """Wait until a refund has that status, without asking Asiabill."""
    query = "query($by: ChargeLookup!) { charge(by: $by) { refunds { id status } } }"
    charge_id = (await api.run("Refund", id=refund_id)).data["refund"]["charge"]["id"]
    async with asyncio.timeout(seconds):
        while True:
            answer = await api.query(query, by={"id": charge_id})
            found = {one["id"]: one["status"] for one in answer.data["charge"]["refunds"]}
            if found[refund_id] == status:
                return
