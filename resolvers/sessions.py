"""Minting the tokens that browsers and apps carry."""

from datetime import timedelta

from resolvers import argument, intents
from resolvers.context import Context
from resolvers.principal import ClientPermission
from resolvers.rejection import ErrorCode, Rejection
from resolvers.session import MAX_TTL, ClientSession


async def create(
    context: Context,
    customer_id: str,
    ttl_seconds: int,
    permissions: frozenset[ClientPermission],
    intent_id: str | None,
) -> ClientSession:
    """A client session for one customer of the caller's account, and for one intent where given."""
    argument.customer_id(customer_id, ("input", "customerId"))
    most = int(MAX_TTL.total_seconds())
    if not 1 <= ttl_seconds <= most:
        raise Rejection(
            ErrorCode.INVALID_INPUT,
            f"ttlSeconds must be from 1 to {most}.",
            ("input", "ttlSeconds"),
        )
    if intent_id is not None:
        path = ("input", "paymentIntentId")
        intent = await intents.demand(context, intent_id, path)
        if intent.customer_id not in (None, customer_id):
            argument.invalid("This payment intent is for another customer.", path)
    return context.sessions.mint(
        context.account.name, customer_id, permissions, timedelta(seconds=ttl_seconds), intent_id
    )
