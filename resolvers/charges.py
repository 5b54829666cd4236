"""Charging stored cards, and reading what became of it."""

from collections.abc import AsyncIterator, Mapping
from typing import Final, Literal

from clients.asiabill import ChargeRequest
from ledger import (
    BadText,
    Charge,
    ChargeEvent,
    ChargeStatus,
    ChargeUsage,
    Intent,
    Message,
    NewCharge,
)
from resolvers import (
    argument,
    attempts,
    cards,
    idempotency,
    intents,
    limits,
    lookups,
    order,
    reports,
    return_url,
)
from resolvers.attempts import Ask, Charged, OnSend
from resolvers.context import Context
from resolvers.failure import BadUserInput
from resolvers.order import Details, Order
from resolvers.principal import ClientPermission, Role
from resolvers.rejection import (
    ErrorCode,
    Rejection,
    UpstreamOutcome,
    UpstreamRejection,
    asked_first,
)

MAX_WAIT_SECONDS = 25
# A wake-up that got lost with a connection must not leave a subscriber waiting for ever.
_LOOK_AGAIN_SECONDS = 60.0
# Source: contract 5.4, 8.
_TOKEN_TYPES: Final[Mapping[ChargeUsage, Literal["InitRecurring", "Recurring"] | None]] = {
    ChargeUsage.ON_SESSION: None,
    ChargeUsage.INITIAL_RECURRING: "InitRecurring",
    ChargeUsage.RECURRING: "Recurring",
}


async def charge(
    context: Context,
    *,
    customer_id: str,
    payment_method_id: str,
    intent_id: str | None,
    order_: Order | None,
    usage: ChargeUsage,
    return_to: str | None,
    idempotency_key: str | None,
) -> Charged:
    """Charge a stored card once. The amount is the shop's: of an intent, or of its own order.

    A lost answer is a status and not an error. Raises UpstreamRejection where Asiabill was surely
    not reached or refused the request, and Rejection for what the caller can correct.
    """
    context.principal.demand(ClientPermission.PAY)
    argument.customer_id(customer_id)
    argument.payment_method_id(payment_method_id)
    if not context.principal.owns(customer_id):
        raise Rejection(ErrorCode.NOT_FOUND, "There is no such customer.", ("customerId",))
    if idempotency_key is not None:
        argument.idempotency_key(idempotency_key)
    if return_to is not None:
        return_url.allowed(return_to, context.policy.return_origins)
    if usage is ChargeUsage.RECURRING and context.principal.role is Role.CUSTOMER:
        argument.invalid("Only the shop's own server may charge without the buyer.", ("usage",))
    intent = await _intent(context, intent_id, order_, idempotency_key)
    if intent is not None:
        details = Details.loaded(intent.details)
        new = NewCharge(
            account=context.account.name,
            customer_id=customer_id,
            payment_method_id=payment_method_id,
            args_digest=_digest(customer_id, payment_method_id, intent.id, return_to, usage),
            live=context.policy.live,
            usage=usage,
            return_url=return_to,
            intent_id=intent.id,
            key_scope=context.principal.key_scope,
            idempotency_key=idempotency_key,
        )
    else:
        assert order_ is not None
        assert idempotency_key is not None
        details = order.checked(order_).details
        new = NewCharge(
            account=context.account.name,
            customer_id=customer_id,
            payment_method_id=payment_method_id,
            args_digest=_digest(customer_id, payment_method_id, order_, return_to, usage),
            live=context.policy.live,
            usage=usage,
            money=order.money(order_),
            order_no=order_.order_no or idempotency.order_no(context, idempotency_key),
            return_url=return_to,
            key_scope=context.principal.key_scope,
            idempotency_key=idempotency_key,
        )
    guard = await limits.guard(context, customer_id, details.buyer_ip)
    if not await _is_known(context, new):
        # The card is looked at before anything is stored, so that a foreign card leaves no trace,
        # and the limits before the card, so that who is over them causes no call.
        fresh = intent is None or intent.live_charge is None
        if fresh:
            await limits.demand(context, guard)
        with asked_first():
            card = await cards.demand_owned(context, payment_method_id, customer_id)
        await _demand_series(context, new)
        guard = limits.with_card(context, guard, card)
        if fresh:
            await limits.demand(context, guard)
    begun = await attempts.begin(context, new)
    confirm = _confirmation(context, details)
    return await attempts.carry_out(context, begun, intent, confirm, guard)


async def find(
    context: Context,
    *,
    id: str | None = None,
    order_no: str | None = None,
    trade_no: str | None = None,
    idempotency_key: str | None = None,
    wait_seconds: int = 0,
) -> Charge | None:
    """A charge by exactly one of its names, or None where it is unknown or another customer's.

    With `wait_seconds` the answer is held until the charge is final or changes, without asking the
    database meanwhile.
    """
    if not 0 <= wait_seconds <= MAX_WAIT_SECONDS:
        raise BadUserInput(f"waitSeconds must be from 0 to {MAX_WAIT_SECONDS}.")
    account, ledger = context.account.name, context.ledger
    key = None if idempotency_key is None else (context.principal.key_scope, idempotency_key)
    try:
        found = await ledger.charge(account, id=id, order_no=order_no, trade_no=trade_no, key=key)
    except BadText:
        # What can't be stored names nothing.
        return None
    if found is None or not context.principal.owns(found.customer_id):
        return None
    if found.final or not wait_seconds:
        return found
    async with ledger.watch(account, charge_ids=[found.id]) as watch:
        deadline = context.now().timestamp() + wait_seconds
        present = await ledger.charge(account, id=found.id)
        while present is not None and not present.final and _shown(present) == _shown(found):
            left = deadline - context.now().timestamp()
            if left <= 0 or not await watch.wait(left):
                break
            present = await ledger.charge(account, id=found.id)
    return present


async def updates(context: Context, charge_id: str) -> AsyncIterator[Charge]:
    """A charge now, and after each of its changes, until it is final.

    Raises BadUserInput for an unknown charge and, word for word, for another customer's.
    """
    account, ledger = context.account.name, context.ledger
    if await find(context, id=charge_id) is None:
        raise BadUserInput("There is no such charge.")
    seen: tuple[object, ...] | None = None
    async with ledger.watch(account, charge_ids=[charge_id]) as watch:
        while True:
            present = await ledger.charge(account, id=charge_id)
            if present is None:
                return
            if _shown(present) != seen:
                seen = _shown(present)
                context.renew()
                yield present
            if present.final:
                return
            await watch.wait(_LOOK_AGAIN_SECONDS)


def _shown(charge: Charge) -> tuple[object, ...]:
    """What a waiting page acts upon. Messages that only repeat what is known must not wake it."""
    return charge.status, charge.redirect_url, charge.trade_no, charge.masked_card


async def history(context: Context, charge_id: str) -> list[ChargeEvent]:
    """Every change of a charge and every message that changed nothing, oldest first."""
    return await context.ledger.history(context.account.name, charge_id)


async def reconcile(context: Context, charge_id: str) -> Charged:
    """Ask Asiabill now what became of a charge. One or two upstream calls; safe to repeat."""
    found = await find(context, id=charge_id)
    if found is None:
        raise Rejection(ErrorCode.NOT_FOUND, "There is no such charge.", ("chargeId",))
    if found.status is ChargeStatus.CREATED:
        return Charged(found, replayed=False)
    settled, answered = await lookups.settle(context.account, context.ledger, found)
    if not answered:
        raise UpstreamRejection(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "Asiabill could not be asked; the charge is as it was.",
            UpstreamOutcome.NOT_SENT,
            charge=found,
        )
    return Charged(settled, replayed=False)


async def _intent(
    context: Context, intent_id: str | None, order_: Order | None, key: str | None
) -> Intent | None:
    """The intent that says how much; None where the shop's own order does. Raises Rejection."""
    if order_ is not None:
        if context.principal.role is Role.CUSTOMER:
            raise Rejection(
                ErrorCode.AMOUNT_NOT_ALLOWED_FOR_CALLER,
                "A client session can't name an amount.",
                ("order",),
            )
        if intent_id is not None:
            argument.invalid("Give paymentIntentId or order, not both.", ("order",))
        if key is None:
            raise Rejection(
                ErrorCode.IDEMPOTENCY_KEY_REQUIRED,
                "An order needs an idempotencyKey, so that a repeated call can't charge again.",
                ("idempotencyKey",),
            )
        return None
    intent_id = intent_id or context.principal.intent_id
    if intent_id is None:
        raise Rejection(
            ErrorCode.AMOUNT_REQUIRED,
            "Nothing says how much: give paymentIntentId, or a session that carries one.",
            ("paymentIntentId",),
        )
    return await intents.demand(context, intent_id, ("paymentIntentId",))


def _digest(
    customer_id: str,
    payment_method_id: str,
    paid_for: str | Order,
    return_to: str | None,
    usage: ChargeUsage,
) -> str:
    series = () if usage is ChargeUsage.ON_SESSION else (usage.value,)
    return idempotency.digest((customer_id, payment_method_id, paid_for, return_to, *series))


async def _demand_series(context: Context, new: NewCharge) -> None:
    """Raise Rejection for a later charge of a series that has not begun. Source: contract 8."""
    if new.usage is not ChargeUsage.RECURRING:
        return
    assert new.customer_id is not None
    assert new.payment_method_id is not None
    if not await context.ledger.lists.has_series(
        new.account, new.customer_id, new.payment_method_id
    ):
        argument.invalid(
            "No first charge of a series (INITIAL_RECURRING) has succeeded with this customer and "
            "card.",
            ("usage",),
        )


async def _is_known(context: Context, new: NewCharge) -> bool:
    if new.idempotency_key is None:
        return False
    return await context.ledger.has_charge(new.account, (new.key_scope, new.idempotency_key))


def _confirmation(context: Context, details: Details) -> Ask:
    async def ask(charge: Charge, on_send: OnSend) -> Message:
        request = _request(context, charge, details)
        answer = await context.account.asiabill.confirm_charge(request, on_send)
        return reports.of_answer(answer, holds=context.account.pre_authorizes)

    return ask


def _request(context: Context, charge: Charge, details: Details) -> ChargeRequest:
    return ChargeRequest(
        order_no=charge.order_no,
        amount=charge.amount,
        currency=charge.currency,
        customer_id=charge.customer_id or "",
        payment_method_id=charge.payment_method_id or "",
        return_url=f"{context.policy.public_url}/return/{charge.id}",
        callback_url=f"{context.policy.public_url}/webhooks/asiabill",
        customer_ip=details.buyer_ip or context.caller.ip or "",
        lines=details.lines,
        shipping=details.shipping,
        remark=details.remark,
        website=details.website,
        token_type=_TOKEN_TYPES[charge.usage],
    )
