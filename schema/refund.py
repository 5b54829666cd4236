"""Money given back."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

import ledger
from schema.enumeration import described
from schema.field import Info, nested
from schema.money import Money
from schema.node import Node

if TYPE_CHECKING:
    from schema.charge import Charge


class RefundStatus(Enum):
    """How far a refund has come, as this API tells it."""

    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


described(
    RefundStatus,
    "How far a refund has come.",
    {
        "PENDING": (
            "About to be sent, or taken on by Asiabill, which needs hours or days. Its money is no "
            "longer refundable."
        ),
        "UNKNOWN": (
            "Sent, and no answer is known. It may have been made: do not ask for another in its "
            "place. Its money is not refundable until its end is known."
        ),
        "SUCCEEDED": "The money went back.",
        "FAILED": "Nothing went back; its money is refundable again.",
    },
)

_SHOWN = {
    ledger.RefundStatus.CREATED: RefundStatus.PENDING,
    ledger.RefundStatus.PENDING: RefundStatus.PENDING,
    ledger.RefundStatus.UNKNOWN: RefundStatus.UNKNOWN,
    ledger.RefundStatus.SUCCEEDED: RefundStatus.SUCCEEDED,
    ledger.RefundStatus.FAILED: RefundStatus.FAILED,
}


@strawberry.type(description="One attempt to give money of a charge back.")
class Refund(Node):
    """A refund of the ledger as this API shows it."""

    id: strawberry.ID = strawberry.field(
        description="Ours, known before Asiabill is called, which keeps it as merTrackNo."
    )
    batch_no: str | None = strawberry.field(
        description="Asiabill's batchNo; null until it answers. Its support finds the refund by it."
    )
    amount: Money = strawberry.field(description="What goes back, exactly as it was sent.")
    status: RefundStatus = strawberry.field(description="How far it has come.")
    reason: str | None = strawberry.field(description="The shop's reason, as Asiabill was told.")
    created_at: datetime = strawberry.field(description="When it was stored.")
    record: strawberry.Private[ledger.Refund]

    @classmethod
    def of(cls, record: ledger.Refund) -> "Refund":
        """Show a refund of the ledger."""
        return cls(
            id=strawberry.ID(record.id),
            batch_no=record.batch_no,
            amount=Money.of_minor_units(record.minor_units, record.currency, record.amount),
            status=_SHOWN[record.status],
            reason=record.reason or None,
            created_at=record.created_at,
            record=record,
        )

    @nested(description="The charge whose money it is.")
    async def charge(
        self, info: Info
    ) -> Annotated["Charge", strawberry.lazy("schema.charge")] | None:
        # Here and not above, since the two types know each other.
        from schema.charge import Charge

        found = await info.context.loaders.charge.load(self.record.charge_id)
        return Charge.of(found) if found else None
