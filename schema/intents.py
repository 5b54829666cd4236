"""Making, reading and canceling payment intents."""

from typing import Annotated

import strawberry

from resolvers import intents
from resolvers.principal import Role
from schema.field import Info, effect, read
from schema.intent import PaymentIntent
from schema.order import OrderInput
from schema.scalar import URL
from schema.user_error import Payload

IntentId = Annotated[strawberry.ID, strawberry.argument(description="The intent's pi_ id.")]


@strawberry.input(description="What a browser may pay.")
class PaymentIntentInput:
    """An intent as the shop's server asks for it."""

    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="The only customer that may pay it; any customer where absent."
    )
    order: OrderInput = strawberry.field(description="What is paid for.")
    return_url: URL = strawberry.field(
        description="Where the buyer may be sent back to; its origin must be on the allow-list."
    )
    expires_in_seconds: int | None = strawberry.field(
        default=1800, description="How long it can be paid; at most 30 days."
    )
    max_attempts: int | None = strawberry.field(
        default=5, description="How often a card may be tried, 1 to 20."
    )


@strawberry.type(description="A payment intent, made or changed.")
class PaymentIntentPayload(Payload):
    """The answer of mutations about an intent."""

    payment_intent: PaymentIntent | None = strawberry.field(default=None, description="The intent.")
    replayed: bool = strawberry.field(
        default=False, description="True where an earlier call with this key did the work."
    )


@strawberry.type
class IntentQuery:
    """Reads of intents."""

    @read(
        Role.MERCHANT,
        Role.CUSTOMER,
        description="One payment intent; null where it is unknown or another customer's.",
    )
    async def payment_intent(self, info: Info, id: IntentId) -> PaymentIntent | None:
        found = await intents.find(info.context, id)
        return PaymentIntent.of(found) if found else None


@strawberry.type
class IntentMutation:
    """Effects on intents."""

    @effect(
        Role.MERCHANT,
        rejected=PaymentIntentPayload.rejected,
        description=(
            "Fix amount, currency and order number on the server; a browser only names the intent."
        ),
    )
    async def create_payment_intent(
        self,
        info: Info,
        input: Annotated[
            PaymentIntentInput, strawberry.argument(description="What may be paid, and by whom.")
        ],
        idempotency_key: Annotated[
            str, strawberry.argument(description="Repeat it with a repeated call.")
        ],
    ) -> PaymentIntentPayload:
        made = await intents.create(
            info.context,
            customer_id=input.customer_id or None,
            wanted=input.order.to_order(("input", "order")),
            return_to=input.return_url,
            expires_in_seconds=1800
            if input.expires_in_seconds is None
            else input.expires_in_seconds,
            max_attempts=5 if input.max_attempts is None else input.max_attempts,
            idempotency_key=idempotency_key,
        )
        return PaymentIntentPayload(
            payment_intent=PaymentIntent.of(made.intent), replayed=made.replayed
        )

    @effect(
        Role.MERCHANT,
        rejected=PaymentIntentPayload.rejected,
        description="Let nobody pay it any more. Repeating it changes nothing.",
    )
    async def cancel_payment_intent(self, info: Info, id: IntentId) -> PaymentIntentPayload:
        return PaymentIntentPayload(
            payment_intent=PaymentIntent.of(await intents.cancel(info.context, id))
        )
