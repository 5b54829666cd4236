"""A payment intent: what the shop lets a browser pay."""

from datetime import datetime

import strawberry

import ledger
from ledger import IntentStatus
from schema.charge import Charge
from schema.enumeration import described
from schema.field import Info, nested
from schema.money import Money
from schema.node import Node
from schema.scalar import BigInt, CurrencyCode, Decimal

described(
    IntentStatus,
    "How a payment intent stands.",
    {
        "OPEN": "It can be paid.",
        "IN_PROGRESS": "A charge of it is under way.",
        "PAID": "A charge of it took the money.",
        "EXPIRED": "Its time is over.",
        "CANCELED": "The shop took it back.",
    },
)


@strawberry.type(description="Amount, currency and order number, fixed by the shop's server.")
class PaymentIntent(Node):
    """An intent as it stands."""

    id: strawberry.ID = strawberry.field(description="Ours; safe to hand to a browser.")
    order_no: str = strawberry.field(
        description="The order's number; later attempts get `-2`, `-3` behind it."
    )
    amount: Money = strawberry.field(description="What is to be paid.")
    status: IntentStatus = strawberry.field(description="How it stands.")
    attempts_left: int = strawberry.field(description="How often it may still be tried.")
    expires_at: datetime = strawberry.field(description="After this no new attempt is made.")
    record: strawberry.Private[ledger.Intent]

    @classmethod
    def of(cls, intent: ledger.Intent) -> "PaymentIntent":
        """Show an intent of the ledger."""
        return cls(
            id=strawberry.ID(intent.id),
            order_no=intent.order_no,
            amount=Money(
                amount=Decimal(intent.amount),
                currency=CurrencyCode(intent.currency),
                minor_units=BigInt(intent.minor_units),
            ),
            status=intent.status,
            attempts_left=intent.attempts_left,
            expires_at=intent.expires_at,
            record=intent,
        )

    @nested(
        description=(
            "Its attempts, the first one first. A client session sees its own customer's alone."
        )
    )
    def charges(self, info: Info) -> list[Charge]:
        owns = info.context.principal.owns
        return [Charge.of(found) for found in self.record.charges if owns(found.customer_id)]

    @nested(description="The one charge that paid it; null where another customer's did.")
    def paid_by(self, info: Info) -> Charge | None:
        found = self.record.paid_by
        if found is None or not info.context.principal.owns(found.customer_id):
            return None
        return Charge.of(found)
