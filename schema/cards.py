"""Adding, changing and removing saved cards."""

from datetime import datetime
from typing import Annotated

import strawberry

from clients.asiabill import RawCard
from resolvers import cards
from resolvers.duplicates import DuplicatePolicy
from resolvers.principal import Role
from schema.billing import BillingInput
from schema.card import SavedCard
from schema.customer import Customer
from schema.customers import CustomerId, CustomerPayload
from schema.directives import CUSTOMER_DETAILS
from schema.enumeration import described
from schema.field import Info, effect, read
from schema.scalar import URL
from schema.user_error import Payload

described(
    DuplicatePolicy,
    "What becomes of a card that the customer has already.",
    {
        "RETURN_EXISTING": "The answer is the card that is there, unchanged; none is made.",
        "REJECT": "CARD_DUPLICATE; none is made.",
        "ALLOW": "It is stored once more.",
    },
)

CardId = Annotated[strawberry.ID, strawberry.argument(description="The card's pm_ id.")]


@strawberry.type(description="A session for Asiabill's hosted card fields or mobile SDK.")
class CardSession:
    """What a page needs to show the hosted fields."""

    session_token: str = strawberry.field(description="Give it to the script at scriptUrl.")
    script_url: URL = strawberry.field(description="Asiabill's browser SDK.")
    live: bool = strawberry.field(description="False while no real money moves.")
    expires_at: datetime | None = strawberry.field(description="When the session ends.")


@strawberry.type(description="A card, added or changed.")
class PaymentMethodPayload(Payload):
    """The answer of mutations about a card."""

    payment_method: SavedCard | None = strawberry.field(
        default=None, description="The card; a detached one as it was."
    )
    customer: Customer | None = strawberry.field(
        default=None,
        description="Whose card it is or was, where that is known.",
        directives=[CUSTOMER_DETAILS],
    )
    replayed: bool = strawberry.field(
        default=False, description="True where an earlier call with this key did the work."
    )

    @classmethod
    def of(cls, result: cards.CardResult) -> "PaymentMethodPayload":
        """Show what a mutation left."""
        return cls(
            payment_method=SavedCard.of(result.card) if result.card else None,
            customer=Customer.of(result.customer_id) if result.customer_id else None,
            replayed=result.replayed,
        )


@strawberry.type(description="A session for the hosted card fields.")
class CardSessionPayload(Payload):
    """The answer of createCardSession."""

    session: CardSession | None = strawberry.field(default=None, description="The session.")


@strawberry.type
class CardQuery:
    """Reads of cards."""

    @read(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=1,
        description="One card; null where it is unknown or, for a CUSTOMER caller, not its own.",
    )
    async def payment_method(self, info: Info, id: CardId) -> SavedCard | None:
        card = await cards.card(info.context, id)
        return SavedCard.of(card) if card else None


@strawberry.type
class CardMutation:
    """Effects on cards."""

    @effect(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=1,
        rejected=CardSessionPayload.rejected,
        description=(
            "A session for Asiabill's hosted card fields or mobile SDK; one per checkout attempt."
            " A page that asks for one after the other gets RATE_LIMITED."
        ),
    )
    async def create_card_session(
        self,
        info: Info,
        payment_intent_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="What will be paid; refused early where it can't be paid any more."
            ),
        ] = strawberry.UNSET,
    ) -> CardSessionPayload:
        session = await cards.card_session(info.context, payment_intent_id or None)
        return CardSessionPayload(
            session=CardSession(
                session_token=session.token,
                script_url=URL(session.script_url),
                live=info.context.policy.live,
                expires_at=session.expires_at,
            )
        )

    @effect(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=3,
        rejected=PaymentMethodPayload.rejected,
        description=(
            "Make a card usable for a customer. Give hostedPaymentMethodId (what the hosted fields "
            "returned; any caller) or card (MERCHANT, raw cards enabled). customerId defaults to "
            "the token's customer. Binds the card and applies the duplicate policy."
        ),
    )
    async def create_payment_method(
        self,
        info: Info,
        customer_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Whose card it becomes."),
        ] = strawberry.UNSET,
        hosted_payment_method_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The pm_ id that the hosted fields returned."),
        ] = strawberry.UNSET,
        card: Annotated[
            RawCard | None,
            strawberry.argument(description="A whole card; for shops with a PCI licence."),
        ] = strawberry.UNSET,
        billing: Annotated[
            BillingInput | None,
            strawberry.argument(description="Who the card bills to; for raw cards."),
        ] = strawberry.UNSET,
        set_as_default: Annotated[
            bool | None,
            strawberry.argument(description="Make it the card that is offered first."),
        ] = False,
        on_duplicate: Annotated[
            DuplicatePolicy | None,
            strawberry.argument(
                description=(
                    "What becomes of a card that the customer has already, by number and expiry. "
                    "For raw cards: of hosted ones Asiabill tells too little to compare them."
                )
            ),
        ] = DuplicatePolicy.RETURN_EXISTING,
        idempotency_key: Annotated[
            str | None,
            strawberry.argument(
                description="Repeat it with a repeated call, and the card is made once."
            ),
        ] = strawberry.UNSET,
    ) -> PaymentMethodPayload:
        return PaymentMethodPayload.of(
            await cards.create(
                info.context,
                customer_id=customer_id or None,
                hosted_id=hosted_payment_method_id or None,
                raw=card or None,
                billing=billing.to_asiabill(("billing",)) if billing else None,
                set_as_default=bool(set_as_default),
                on_duplicate=on_duplicate or DuplicatePolicy.RETURN_EXISTING,
                idempotency_key=idempotency_key or None,
            )
        )

    @effect(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=2,
        rejected=PaymentMethodPayload.rejected,
        description="Change who a card bills to.",
    )
    async def update_payment_method(
        self,
        info: Info,
        id: CardId,
        billing: Annotated[
            BillingInput, strawberry.argument(description="Who the card bills to from now on.")
        ],
    ) -> PaymentMethodPayload:
        return PaymentMethodPayload.of(
            await cards.update(info.context, id, billing.to_asiabill(("billing",)))
        )

    @effect(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=2,
        rejected=PaymentMethodPayload.rejected,
        description=(
            "Bind an unattached card to a customer; repeating it changes nothing. A CUSTOMER may "
            "bind only a card that its own session added."
        ),
    )
    async def attach_payment_method(
        self, info: Info, payment_method_id: CardId, customer_id: CustomerId
    ) -> PaymentMethodPayload:
        return PaymentMethodPayload.of(
            await cards.attach(info.context, payment_method_id, customer_id)
        )

    @effect(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=2,
        rejected=PaymentMethodPayload.rejected,
        description=(
            "Forget a saved card. Where it is the default, the newest of those left becomes it."
        ),
    )
    async def detach_payment_method(
        self, info: Info, payment_method_id: CardId
    ) -> PaymentMethodPayload:
        return PaymentMethodPayload.of(await cards.detach(info.context, payment_method_id))

    @effect(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=1,
        rejected=CustomerPayload.rejected,
        description="Choose the card that is offered first. Kept by this gateway, not by Asiabill.",
    )
    async def set_default_card(
        self, info: Info, customer_id: CustomerId, payment_method_id: CardId
    ) -> CustomerPayload:
        chosen = await cards.set_default(info.context, customer_id, payment_method_id)
        return CustomerPayload(customer=Customer.of(chosen))
