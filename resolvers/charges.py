"""Charges: at most once, and never lost. The order of the steps is the point of this module.

1. the charge is written (`begin_charge`); the database's constraints decide a race;
2. "sent" is committed (`settle(Sent)`) after everything else is ready and before the first byte;
3. Asiabill is asked once;
4. what it said, or that nothing was heard, is settled.

A process that dies between any two of them leaves a row that says how far it came.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from clients.asiabill import AsiabillError, ChargeRequest, NoAnswer, NotSent, Refused
from ledger import (
    BadText,
    Charge,
    ChargeEvent,
    ChargeInProgress,
    ChargeStatus,
    IdempotencyMismatch,
    Intent,
    IntentCanceled,
    IntentExpired,
    IntentPaid,
    Lapsed,
    Message,
    NewCharge,
    NotSendable,
    OrderNoTaken,
    Sent,
    TooManyAttempts,
    UnknownIntent,
)
from ledger import NoAnswer as AnswerLost
from ledger import NotSent as SurelyNotSent
from ledger import Refused as RequestRefused
from resolvers import argument, cards, idempotency, intents, lookups, order, reports, return_url
from resolvers.context import Context
from resolvers.failure import BadUserInput
from resolvers.order import Details, Order
from resolvers.principal import ClientPermission, Role
from resolvers.rejection import (
    ChargeRejection,
    ErrorCode,
    KeyReused,
    Rejection,
    UpstreamOutcome,
    UpstreamRejection,
    asked_first,
    of_upstream,
)

MAX_WAIT_SECONDS = 25
# A wake-up that got lost with a connection must not leave a subscriber waiting for ever.
_LOOK_AGAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge as it stands; `replayed` where an earlier call did the work."""

    charge: Charge
    replayed: bool


async def charge(
    context: Context,
    *,
    customer_id: str,
    payment_method_id: str,
    intent_id: str | None,
    order_: Order | None,
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
    intent = await _intent(context, intent_id, order_, idempotency_key)
    if intent is not None:
        details = Details.loaded(intent.details)
        new = NewCharge(
            account=context.account.name,
            customer_id=customer_id,
            payment_method_id=payment_method_id,
            args_digest=idempotency.digest((customer_id, payment_method_id, intent.id, return_to)),
            live=context.policy.live,
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
            args_digest=idempotency.digest((customer_id, payment_method_id, order_, return_to)),
            live=context.policy.live,
            money=order.money(order_),
            order_no=order_.order_no or idempotency.order_no(context, idempotency_key),
            return_url=return_to,
            key_scope=context.principal.key_scope,
            idempotency_key=idempotency_key,
        )
    if not await _is_known(context, new):
        # The card is looked at before anything is stored, so that a foreign card leaves no trace.
        with asked_first():
            await cards.demand_owned(context, payment_method_id, customer_id)
    begun = await _begin(context, new)
    if not begun.replayed or _may_still_be_sent(context, begun.charge, intent):
        return await _sent(context, begun.charge, details, replayed=begun.replayed)
    return await _lapsed(context, begun.charge)


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


async def _is_known(context: Context, new: NewCharge) -> bool:
    if new.idempotency_key is None:
        return False
    key = (new.key_scope, new.idempotency_key)
    return await context.ledger.charge(new.account, key=key) is not None


async def _begin(context: Context, new: NewCharge) -> Charged:
    """Store the charge, or find its twin. Says each refusal in the caller's words."""
    try:
        begun = await context.ledger.begin_charge(new)
    except IdempotencyMismatch as mismatch:
        existing = mismatch.existing if isinstance(mismatch.existing, Charge) else None
        raise KeyReused(existing) from mismatch
    except OrderNoTaken as taken:
        raise Rejection(
            ErrorCode.INVALID_INPUT, "This orderNo was used before.", ("order", "orderNo")
        ) from taken
    except UnknownIntent as unknown:
        raise Rejection(
            ErrorCode.NOT_FOUND, "There is no such payment intent.", ("paymentIntentId",)
        ) from unknown
    except IntentPaid as paid:
        raise ChargeRejection(
            ErrorCode.INTENT_PAID, "This payment intent is paid.", _if_own(context, paid.charge)
        ) from paid
    except ChargeInProgress as busy:
        raise ChargeRejection(
            ErrorCode.CHARGE_IN_PROGRESS,
            "Another charge of this payment intent is under way; wait for its end.",
            _if_own(context, busy.existing),
        ) from busy
    except IntentExpired as expired:
        raise _gone(ErrorCode.INTENT_EXPIRED, "This payment intent has expired.") from expired
    except IntentCanceled as canceled:
        raise _gone(ErrorCode.INTENT_CANCELED, "This payment intent was canceled.") from canceled
    except TooManyAttempts as spent:
        message = "This payment intent has no attempts left."
        raise _gone(ErrorCode.TOO_MANY_ATTEMPTS, message) from spent
    return Charged(begun.charge, replayed=not begun.created)


def _may_still_be_sent(context: Context, found: Charge, intent: Intent | None) -> bool:
    """A charge that was stored and never sent is sent by a repeated call, unless its time is over."""
    if found.status is not ChargeStatus.CREATED or intent is None:
        return True
    return intent.canceled_at is None and intent.expires_at > context.now()


async def _lapsed(context: Context, found: Charge) -> Charged:
    message = Lapsed("the intent ended before it was sent")
    settled = await context.ledger.settle(found.account, found.id, message)
    return Charged(settled.charge, replayed=True)


async def _sent(context: Context, charge: Charge, details: Details, *, replayed: bool) -> Charged:
    """The charge after it was sent, by this call or by the twin that was first."""

    def joined() -> None:
        nonlocal replayed
        replayed = True

    key = (charge.id,)
    if charge.status is ChargeStatus.CREATED or context.account.sends.under_way(key):
        charge = await context.account.sends.share(
            key, lambda: _send(context, charge, details), joined
        )
    return Charged(charge, replayed)


async def _send(context: Context, charge: Charge, details: Details) -> Charge:
    """Ask Asiabill once, and settle what came of it. Runs in a task of its own."""
    account, ledger = context.account, context.ledger
    sent: Charge | None = None

    async def settle(message: Message) -> Charge:
        return (await ledger.settle(account.name, charge.id, message)).charge

    async def commit_sent(request_id: str) -> None:
        nonlocal sent
        sent = await settle(Sent(request_id))

    try:
        request = _request(context, charge, details)
        answer = await account.asiabill.confirm_charge(request, commit_sent)
    except NotSendable as lost:
        # Another process took it between our look and our write. It is in good hands.
        return lost.charge
    except NotSent as error:
        stored = await settle(SurelyNotSent(sent.send_no, error.reason)) if sent else charge
        raise of_upstream(error, stored) from error
    except Refused as error:
        refused = await settle(RequestRefused(error.code, error.message)) if sent else charge
        raise of_upstream(error, refused) from error
    except AsiabillError as error:
        code = error.code if isinstance(error, NoAnswer) else None
        return await settle(AnswerLost(error.reason, code or None))
    except BaseException:
        if sent is not None:
            await settle(AnswerLost("the gateway failed while it waited for the answer"))
        raise
    finally:
        # A charge with both ids binds the card.
        context.forget_customer(charge.customer_id)
    return await settle(reports.of_answer(answer))


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
    )


def _if_own(context: Context, charge: Charge | None) -> Charge | None:
    """The charge, unless it is another customer's: an intent may be for whoever comes."""
    if charge is None or not context.principal.owns(charge.customer_id):
        return None
    return charge


def _gone(code: ErrorCode, message: str) -> Rejection:
    return Rejection(code, message, ("paymentIntentId",))
