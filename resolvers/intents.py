"""Payment intents: amount, currency and order number fixed by the shop, before a browser pays."""

from dataclasses import dataclass
from datetime import timedelta

from ledger import (
    BadText,
    ChargeInProgress,
    IdempotencyMismatch,
    Intent,
    IntentPaid,
    IntentStatus,
    NewIntent,
    OrderNoTaken,
    UnknownIntent,
)
from resolvers import argument, idempotency, order, return_url
from resolvers.context import Context
from resolvers.rejection import ErrorCode, KeyReused, Rejection

_LONGEST = timedelta(days=30)
_MOST_ATTEMPTS = 20
_ORDER = ("input", "order")


@dataclass(frozen=True, slots=True)
class Made:
    """An intent; `replayed` where an earlier call with the key made it."""

    intent: Intent
    replayed: bool


async def create(
    context: Context,
    *,
    customer_id: str | None,
    wanted: order.Order,
    return_to: str,
    expires_in_seconds: int,
    max_attempts: int,
    idempotency_key: str,
) -> Made:
    """Fix what a browser may pay. Raises Rejection."""
    argument.idempotency_key(idempotency_key)
    if customer_id is not None:
        argument.customer_id(customer_id, ("input", "customerId"))
    if not 1 <= expires_in_seconds <= _LONGEST.total_seconds():
        argument.invalid(
            "expiresInSeconds must be from 1 to 2592000.", ("input", "expiresInSeconds")
        )
    if not 1 <= max_attempts <= _MOST_ATTEMPTS:
        argument.invalid(
            f"maxAttempts must be from 1 to {_MOST_ATTEMPTS}.", ("input", "maxAttempts")
        )
    order.checked(wanted, _ORDER)
    return_url.allowed(return_to, context.policy.return_origins, ("input", "returnUrl"))
    arguments = (customer_id, wanted, return_to, expires_in_seconds, max_attempts)
    new = NewIntent(
        account=context.account.name,
        order_no=wanted.order_no or idempotency.order_no(context, idempotency_key),
        money=order.money(wanted, _ORDER),
        expires_at=context.now() + timedelta(seconds=expires_in_seconds),
        args_digest=idempotency.digest(arguments),
        live=context.policy.live,
        customer_id=customer_id,
        return_url=return_to,
        details=wanted.details.dumped(),
        max_attempts=max_attempts,
        key_scope=context.principal.key_scope,
        idempotency_key=idempotency_key,
    )
    try:
        made = await context.ledger.create_intent(new)
    except IdempotencyMismatch as mismatch:
        raise KeyReused(None) from mismatch
    except OrderNoTaken as taken:
        raise Rejection(
            ErrorCode.INVALID_INPUT, "This orderNo was used before.", (*_ORDER, "orderNo")
        ) from taken
    return Made(made.intent, replayed=not made.created)


async def cancel(context: Context, intent_id: str) -> Intent:
    """Let nobody pay it any more. Repeating it changes nothing."""
    try:
        return await context.ledger.cancel_intent(context.account.name, intent_id)
    except (UnknownIntent, BadText) as unknown:
        raise _unknown(("id",)) from unknown
    except IntentPaid as paid:
        raise Rejection(
            ErrorCode.INTENT_PAID, "This intent is paid; refund its charge instead.", ("id",)
        ) from paid
    except ChargeInProgress as busy:
        raise Rejection(
            ErrorCode.CHARGE_IN_PROGRESS, "A charge of this intent is under way.", ("id",)
        ) from busy


async def find(context: Context, intent_id: str) -> Intent | None:
    """An intent, or None where it is unknown or another customer's."""
    try:
        found = await context.ledger.intent(context.account.name, intent_id)
    except BadText:
        # What can't be stored names nothing.
        return None
    if found is None or not _visible(context, found):
        return None
    return found


async def demand(context: Context, intent_id: str, path: tuple[str, ...]) -> Intent:
    """An intent that the caller may see, or a Rejection."""
    found = await find(context, intent_id)
    if found is None:
        raise _unknown(path)
    return found


_NOT_PAYABLE = {
    IntentStatus.PAID: (ErrorCode.INTENT_PAID, "This payment intent is paid."),
    IntentStatus.EXPIRED: (ErrorCode.INTENT_EXPIRED, "This payment intent has expired."),
    IntentStatus.CANCELED: (ErrorCode.INTENT_CANCELED, "This payment intent was canceled."),
}


async def demand_payable(context: Context, intent_id: str) -> None:
    """Raise Rejection where an intent can't be paid any more."""
    path = ("paymentIntentId",)
    found = await demand(context, intent_id, path)
    if found.status in _NOT_PAYABLE:
        code, message = _NOT_PAYABLE[found.status]
        raise Rejection(code, message, path)


def _visible(context: Context, intent: Intent) -> bool:
    """A session sees its customer's intents, and the one in its token whoever it is for."""
    if intent.id == context.principal.intent_id:
        return True
    return context.principal.owns(intent.customer_id)


def _unknown(path: tuple[str, ...]) -> Rejection:
    return Rejection(ErrorCode.NOT_FOUND, "There is no such payment intent.", path)
