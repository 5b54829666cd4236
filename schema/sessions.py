"""Who is asking, and the tokens that browsers and apps carry."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import customers, intents, sessions
from resolvers.principal import ClientPermission, Role
from resolvers.session import ClientSession as Minted
from schema.customer import Customer
from schema.directives import CUSTOMER_DETAILS
from schema.enumeration import described
from schema.field import Info, effect, read
from schema.intent import PaymentIntent
from schema.user_error import Payload

described(
    ClientPermission,
    "What a client session may do for its own customer.",
    {
        "READ_CARDS": "See the saved cards.",
        "SAVE_CARD": "Add cards, and change who they bill to.",
        "REMOVE_CARD": "Forget a saved card.",
        "SET_DEFAULT": "Choose the card that is offered first.",
        "PAY": "Pay with a card.",
    },
)

_DEFAULT = [ClientPermission.READ_CARDS, ClientPermission.PAY]


@strawberry.type(description="Who the caller is.")
class Viewer:
    """The caller behind a credential."""

    role: Role = strawberry.field(description="The kind of credential.")
    customer: Customer | None = strawberry.field(
        description="The session's own customer; null for the shop's keys.",
        directives=[CUSTOMER_DETAILS],
    )
    payment_intent: PaymentIntent | None = strawberry.field(
        description="The intent that the session was minted for."
    )
    expires_at: datetime | None = strawberry.field(
        description="When the credential ends; null where it does not."
    )
    live: bool = strawberry.field(
        description=(
            "False while the gateway speaks to the simulator or to Asiabill's test platform."
        )
    )


@strawberry.input(description="Whose session, for how long, and what it may do.")
class ClientSessionInput:
    """A session as the shop's server asks for it."""

    customer_id: strawberry.ID = strawberry.field(description="The only customer it is for.")
    payment_intent_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The intent that it pays by default; `charge` then needs no amount.",
    )
    ttl_seconds: int | None = strawberry.field(
        default=900, description="How long it is good for; at most a day."
    )
    permissions: list[ClientPermission] = strawberry.field(
        default_factory=lambda: list(_DEFAULT), description="What it may do."
    )


@strawberry.type(description="A token for one customer's browser or app.")
class ClientSession:
    """A minted session."""

    token: str = strawberry.field(
        description="Send it as `Authorization: Bearer`. Treat it as a secret of this buyer."
    )
    expires_at: datetime = strawberry.field(description="When it ends.")

    @classmethod
    def of(cls, session: Minted) -> "ClientSession":
        """Show a session to the shop's server."""
        return cls(token=session.token, expires_at=session.expires_at)


@strawberry.type(description="A client session.")
class ClientSessionPayload(Payload):
    """The answer of createClientSession."""

    session: ClientSession | None = strawberry.field(default=None, description="The session.")


@strawberry.type
class SessionQuery:
    """Reads about the caller."""

    @read(
        Role.MERCHANT,
        Role.CUSTOMER,
        Role.OPS,
        description="Who the caller is; lets an app start from its token alone.",
    )
    async def viewer(self, info: Info) -> Viewer:
        principal = info.context.principal
        intent = (
            await intents.find(info.context, principal.intent_id) if principal.intent_id else None
        )
        own = customers.own(info.context)
        return Viewer(
            role=principal.role,
            customer=Customer.of(own) if own else None,
            payment_intent=PaymentIntent.of(intent) if intent else None,
            expires_at=principal.expires_at,
            live=info.context.policy.live,
        )


@strawberry.type
class SessionMutation:
    """Minting of sessions."""

    @effect(
        Role.MERCHANT,
        rejected=ClientSessionPayload.rejected,
        description="Mint the token that a browser or an app carries.",
    )
    async def create_client_session(
        self,
        info: Info,
        input: Annotated[
            ClientSessionInput, strawberry.argument(description="Whose session it is.")
        ],
    ) -> ClientSessionPayload:
        session = await sessions.create(
            info.context,
            input.customer_id,
            900 if input.ttl_seconds is None else input.ttl_seconds,
            frozenset(input.permissions),
            input.payment_intent_id or None,
        )
        return ClientSessionPayload(session=ClientSession.of(session))
