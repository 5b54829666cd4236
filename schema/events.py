"""Asiabill's notifications for the shop's server."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import events
from resolvers.events import EventType
from resolvers.principal import Role
from schema.charge import Charge
from schema.chargeback import Chargeback
from schema.enumeration import described
from schema.field import Info, watched
from schema.node import Node
from schema.refund import Refund

described(
    EventType,
    "What happened.",
    {
        "TRANSACTION_SUCCESS": "Money was taken.",
        "TRANSACTION_FAIL": "A charge ended without money.",
        "TRANSACTION_PENDING": "Asiabill is working on a charge.",
        "TRANSACTION_CLEAR": "A charge was settled to the shop.",
        "PREAUTH_CAPTURED": "What a charge held was taken.",
        "PREAUTH_VOID": "What a charge held was let go of.",
        "REFUND_SUCCESS": "Money went back.",
        "REFUND_FAIL": "A refund ended without money going back.",
        "CHARGEBACK": "The buyer's bank disputes a charge; reply by chargeback.replyBy.",
    },
)


@strawberry.type(description="A verified notification of Asiabill's.")
class GatewayEvent(Node):
    """A notification as the shop's server sees it."""

    id: strawberry.ID = strawberry.field(description="Rises; pass it as `after` to resume.")
    type: EventType = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When it first arrived.")
    deliveries: int = strawberry.field(
        description="A repeat of an earlier delivery is counted, not sent again."
    )
    charge: Charge | None = strawberry.field(
        description="The charge that it is about; null where this gateway did not make it."
    )
    refund: Refund | None = strawberry.field(
        description=(
            "The refund that it is about; null where it is about none, or about one that was not "
            "made by this gateway."
        )
    )

    chargeback: Chargeback | None = strawberry.field(
        description="The dispute that it tells of, where type is CHARGEBACK."
    )

    @classmethod
    def of(cls, event: events.Event) -> "GatewayEvent":
        """Show an event."""
        return cls(
            id=strawberry.ID(str(event.notification.id)),
            type=event.type,
            at=event.notification.received_at,
            deliveries=event.notification.deliveries,
            charge=Charge.of(event.charge) if event.charge else None,
            refund=Refund.of(event.refund) if event.refund else None,
            chargeback=Chargeback.of(event.chargeback) if event.chargeback else None,
        )


@strawberry.type
class EventSubscription:
    """The stream of notifications."""

    @watched(
        Role.MERCHANT,
        Role.OPS,
        description=(
            "Verified Asiabill notifications in order of arrival; pass the last id seen to resume "
            "after a disconnect. Without it the stream begins now. An id from before what the "
            "service keeps, which is years, is an error that names the first id to resume after."
        ),
    )
    async def events(
        self,
        info: Info,
        types: Annotated[
            list[EventType] | None, strawberry.argument(description="Which; all where absent.")
        ] = strawberry.UNSET,
        after: Annotated[
            strawberry.ID | None, strawberry.argument(description="The last event seen.")
        ] = strawberry.UNSET,
    ) -> AsyncGenerator[GatewayEvent, None]:
        async for event in events.stream(info.context, types or None, after or None):
            yield GatewayEvent.of(event)
