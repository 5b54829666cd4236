"""A dispute: the buyer's bank takes money back."""

from datetime import datetime

import strawberry

import ledger
from ledger import ToldMoney
from resolvers import chargebacks
from schema.charge import Charge
from schema.field import Info, nested
from schema.money import Money
from schema.node import Node


@strawberry.type(description="A dispute: the buyer's bank takes money back.")
class Chargeback(Node):
    """A notice of Asiabill's."""

    id: strawberry.ID = strawberry.field(description="Ours.")
    amount: Money = strawberry.field(description="What is disputed: part of the charge, or all.")
    reason: str | None = strawberry.field(description="The bank's code and words.")
    notice_at: datetime | None = strawberry.field(
        description="When it was raised; null where Asiabill does not tell."
    )
    reply_by: datetime | None = strawberry.field(
        description="Until when the shop can reply to Asiabill; null where it does not tell."
    )
    record: strawberry.Private[ledger.Chargeback]

    @classmethod
    def of(cls, record: ledger.Chargeback) -> "Chargeback":
        """Show a dispute of the ledger."""
        return cls(
            id=strawberry.ID(record.id),
            amount=Money.of(ToldMoney.of(record.amount, record.currency)),
            reason=record.reason,
            notice_at=record.notice_at,
            reply_by=record.reply_by,
            record=record,
        )

    @nested(description="The charge that is disputed; null where this gateway did not make it.")
    async def charge(self, info: Info) -> Charge | None:
        found = await chargebacks.charge(info.context, self.record)
        return Charge.of(found) if found else None


@strawberry.type(description="One dispute of a page.")
class ChargebackEdge:
    """A dispute and its place."""

    cursor: str = strawberry.field(description="Where this dispute stands; opaque.")
    node: Chargeback = strawberry.field(description="The dispute.")
