"""A customer with two saved cards, so that the first query of a newcomer has an answer.

Only ever made at the simulator.
"""

import asyncio

from clients.asiabill import (
    Address,
    Asiabill,
    Billing,
    NewCustomer,
    NewPaymentMethod,
    RawCard,
)

_EMAIL = "demo.buyer@example.com"
_NUMBERS = ("4242424242424242", "5555555555554444")
_BILLING = Billing(
    first_name="Demo",
    last_name="Buyer",
    email=_EMAIL,
    phone="",
    address=Address(line1="1 Example Street", city="Berlin", postal_code="10115", country="DE"),
)


class DemoCustomer:
    """Finds or makes the demo customer, once per process."""

    def __init__(self, asiabill: Asiabill) -> None:
        self._asiabill = asiabill
        self._lock = asyncio.Lock()

    async def id(self) -> str:
        """Its id. Raises AsiabillError where the simulator does not answer."""
        async with self._lock:
            page = await self._asiabill.customers(1, 100)
            for customer in page.items:
                if customer.email == _EMAIL:
                    return customer.id
            made = await self._asiabill.create_customer(NewCustomer(_EMAIL, "Demo", "Buyer"))
            for number in _NUMBERS:
                card = RawCard(number, exp_month="12", exp_year="2039", security_code="123")
                await self._asiabill.create_payment_method(
                    NewPaymentMethod(card=card, billing=_BILLING, customer_id=made.id)
                )
            return made.id
