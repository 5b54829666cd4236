"""Charging stored cards, and reading what became of it."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from ledger import ChargeAction, ChargeUsage
from resolvers import charges, holds
from resolvers.principal import Role
from resolvers.rejection import ChargeRejection, NotAllowed, Rejection, UpstreamRejection
from schema.charge import Charge
from schema.field import Info, effect, read, watched
from schema.order import OrderInput
from schema.scalar import URL
from schema.user_error import Payload, of_rejection

ChargeId = Annotated[strawberry.ID, strawberry.argument(description="The charge's id.")]
Remark = Annotated[
    str | None,
    strawberry.argument(description="The shop's note for Asiabill, at most 500 characters."),
]


@strawberry.input(one_of=True, description="Exactly one.")
class ChargeLookup:
    """The names that a charge goes by."""

    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The charge's own id."
    )
    order_no: str | None = strawberry.field(
        default=strawberry.UNSET, description="The order's number."
    )
    trade_no: str | None = strawberry.field(
        default=strawberry.UNSET, description="Asiabill's serial."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="The key that the caller gave when it charged."
    )


@strawberry.type(description="A charge, made or found.")
class ChargePayload(Payload):
    """The answer of mutations about a charge."""

    charge: Charge | None = strawberry.field(
        default=None,
        description="The charge as it stands now; also there beside an upstream error about it.",
    )
    replayed: bool = strawberry.field(
        default=False, description="True where an earlier call with this key did the work."
    )

    @classmethod
    def rejected(cls, rejection: Rejection) -> "ChargePayload":
        """The payload of a call not done, with the charge that it was about or that is in its way."""
        match rejection:
            case UpstreamRejection() | ChargeRejection() | NotAllowed():
                stored = rejection.charge
            case _:
                stored = None
        return cls(
            charge=Charge.of(stored) if stored else None, user_errors=[of_rejection(rejection)]
        )


@strawberry.type
class ChargeQuery:
    """Reads of charges."""

    @read(
        Role.MERCHANT,
        Role.CUSTOMER,
        Role.OPS,
        description=(
            "One charge; null where it is unknown or another customer's. waitSeconds holds the "
            "answer until the charge is final or changes: polling that survives a phone in the "
            "background."
        ),
    )
    async def charge(
        self,
        info: Info,
        by: Annotated[ChargeLookup, strawberry.argument(description="Which one.")],
        wait_seconds: Annotated[
            int | None,
            strawberry.argument(description="How long to hold the answer, 0 to 25 seconds."),
        ] = 0,
    ) -> Charge | None:
        found = await charges.find(
            info.context,
            # Empty names are names, of nothing.
            **{
                name: value
                for name, value in vars(by).items()
                if value is not strawberry.UNSET and value is not None
            },
            wait_seconds=wait_seconds or 0,
        )
        return Charge.of(found) if found else None


@strawberry.type
class ChargeMutation:
    """Effects on charges."""

    @effect(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=2,
        moves_money=True,
        rejected=ChargePayload.rejected,
        description=(
            "Charge a stored card, at most once. The amount comes from paymentIntentId or, where "
            "that is absent, from the intent inside the caller's token; order is for MERCHANT "
            "callers only. A lost answer is not an error: the charge comes back with status "
            "UNKNOWN and is looked up until it settles."
        ),
    )
    async def charge(
        self,
        info: Info,
        customer_id: Annotated[strawberry.ID, strawberry.argument(description="Who pays.")],
        payment_method_id: Annotated[
            strawberry.ID,
            strawberry.argument(description="One of the customer's saved cards."),
        ],
        payment_intent_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="What is paid; the token's own intent where absent."),
        ] = strawberry.UNSET,
        order: Annotated[
            OrderInput | None,
            strawberry.argument(
                description="What is paid for; MERCHANT only, in place of an intent."
            ),
        ] = strawberry.UNSET,
        usage: Annotated[
            ChargeUsage | None,
            strawberry.argument(
                description="Whether the buyer is there, and whether it is a series."
            ),
        ] = ChargeUsage.ON_SESSION,
        return_url: Annotated[
            URL | None,
            strawberry.argument(
                description="Where the buyer goes after the bank's page; the intent's where absent."
            ),
        ] = strawberry.UNSET,
        idempotency_key: Annotated[
            str | None,
            strawberry.argument(
                description=(
                    "Repeat it with a repeated call, and the card is charged once. Required with "
                    "order; without one, an intent's charge under way is joined by the same call."
                )
            ),
        ] = strawberry.UNSET,
    ) -> ChargePayload:
        charged = await charges.charge(
            info.context,
            customer_id=customer_id,
            payment_method_id=payment_method_id,
            intent_id=payment_intent_id or None,
            order_=order.to_order() if order else None,
            usage=usage or ChargeUsage.ON_SESSION,
            return_to=return_url or None,
            idempotency_key=idempotency_key or None,
        )
        return ChargePayload(charge=Charge.of(charged.charge), replayed=charged.replayed)

    @effect(
        Role.MERCHANT,
        upstream=1,
        moves_money=True,
        rejected=ChargePayload.rejected,
        description=(
            "Take an authorised amount in full (Asiabill has no partial capture), at most once. A "
            "lost answer is not an error: the charge stays AUTHORIZED, allowedActions has neither "
            "CAPTURE nor VOID, and it is looked up until it is known. Repeating the call is safe."
        ),
    )
    async def capture_charge(
        self,
        info: Info,
        charge_id: ChargeId,
        remark: Remark = strawberry.UNSET,
    ) -> ChargePayload:
        done = await holds.end(info.context, charge_id, ChargeAction.CAPTURE, remark or "")
        return ChargePayload(charge=Charge.of(done.charge), replayed=done.replayed)

    @effect(
        Role.MERCHANT,
        upstream=1,
        moves_money=True,
        rejected=ChargePayload.rejected,
        description=(
            "Let go of an authorised amount, at most once. A lost answer is treated as that of "
            "captureCharge."
        ),
    )
    async def void_charge(
        self,
        info: Info,
        charge_id: ChargeId,
        remark: Remark = strawberry.UNSET,
    ) -> ChargePayload:
        done = await holds.end(info.context, charge_id, ChargeAction.VOID, remark or "")
        return ChargePayload(charge=Charge.of(done.charge), replayed=done.replayed)

    @effect(
        Role.MERCHANT,
        Role.OPS,
        upstream=2,
        rejected=ChargePayload.rejected,
        description="Ask Asiabill now what became of a charge; safe to repeat.",
    )
    async def reconcile_charge(
        self,
        info: Info,
        charge_id: ChargeId,
    ) -> ChargePayload:
        settled = await charges.reconcile(info.context, charge_id)
        return ChargePayload(charge=Charge.of(settled.charge))


@strawberry.type
class ChargeSubscription:
    """A charge as it changes."""

    @watched(
        Role.MERCHANT,
        Role.CUSTOMER,
        description=(
            "The first message is the present state, so nothing is lost between charge and "
            "subscribe; ends when final."
        ),
    )
    async def charge_updated(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The charge's id.")],
    ) -> AsyncGenerator[Charge, None]:
        async for charge in charges.updates(info.context, id):
            yield Charge.of(charge)
