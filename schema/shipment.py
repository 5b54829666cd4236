"""The parcel of a charge."""

from typing import Annotated

import strawberry

import ledger
from resolvers import shipments
from resolvers.principal import Role
from schema.field import Info, effect
from schema.user_error import Payload


@strawberry.type(description="The parcel of a charge, as Asiabill was told of it.")
class Shipment:
    """A proof against disputes."""

    carrier_code: str | None = strawberry.field(description="Asiabill's code of the carrier.")
    tracking_number: str | None = strawberry.field(description="The carrier's number.")
    tracking_site: str | None = strawberry.field(description="Where the number can be looked up.")
    status: str | None = strawberry.field(
        description=(
            "Asiabill's own word: Pending, NotFound, InfoReceived, InTransit, ArrivedDelivery, "
            "Delivering, Delivered, Exception, DeliveryFailure or Return. Null where it does not "
            "tell, and where it could not be asked."
        )
    )

    @classmethod
    def of(cls, shipment: ledger.Shipment) -> "Shipment":
        """Show a shipment."""
        return cls(
            carrier_code=shipment.carrier_code,
            tracking_number=shipment.tracking_no or None,
            tracking_site=shipment.tracking_site or None,
            status=shipment.status,
        )


@strawberry.input(description="The parcel of a charge.")
class ShipmentInput:
    """What Asiabill is told."""

    carrier_code: str | None = strawberry.field(
        default=None, description="Asiabill's code of the carrier, at most 50 characters."
    )
    tracking_number: str = strawberry.field(description="The carrier's number, 2 to 50 characters.")
    tracking_site: str = strawberry.field(
        description="Where the number can be looked up, 2 to 200 characters."
    )


@strawberry.type(description="A shipment, told to Asiabill.")
class ShipmentPayload(Payload):
    """The answer of uploadShipment."""

    shipment: Shipment | None = strawberry.field(default=None, description="The shipment.")


@strawberry.type
class ShipmentMutation:
    """Effects on shipments."""

    @effect(
        Role.MERCHANT,
        upstream=1,
        rejected=ShipmentPayload.rejected,
        description=(
            "Tell Asiabill where the parcel of a paid charge is, as a proof against disputes. A "
            "later call takes the place of an earlier one, so it is safe to repeat."
        ),
    )
    async def upload_shipment(
        self,
        info: Info,
        charge_id: Annotated[strawberry.ID, strawberry.argument(description="The charge's id.")],
        input: Annotated[ShipmentInput, strawberry.argument(description="The parcel.")],
    ) -> ShipmentPayload:
        shipment = await shipments.upload(
            info.context,
            charge_id,
            tracking_no=input.tracking_number,
            tracking_site=input.tracking_site,
            carrier_code=input.carrier_code,
        )
        return ShipmentPayload(shipment=Shipment.of(shipment))
