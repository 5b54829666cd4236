"""An attempt to take money: at most once, and never lost. The order of the steps is the point.

1. the charge is written (`begin`); the database's constraints decide a race;
2. "sent" is committed (`settle(Sent)`) after everything else is ready and before the first byte;
3. Asiabill is asked once;
4. what it said, or that nothing was heard, is settled.

A process that dies between any two of them leaves a row that says how far it came.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from clients.asiabill import AsiabillError, NoAnswer, NotSent, Refused
from ledger import (
    Charge,
    ChargeInProgress,
    ChargeStatus,
    Guard,
    IdempotencyMismatch,
    Intent,
    IntentCanceled,
    IntentExpired,
    IntentPaid,
    Lapsed,
    LimitReached,
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
from resolvers import limits
from resolvers.context import Context
from resolvers.rejection import ChargeRejection, ErrorCode, KeyReused, Rejection, of_upstream

OnSend = Callable[[str], Awaitable[None]]
# Asks Asiabill about the charge, once: awaits the second argument before the first byte leaves.
Ask = Callable[[Charge, OnSend], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge as it stands; `replayed` where another call had stored it."""

    charge: Charge
    replayed: bool


async def begin(context: Context, new: NewCharge) -> Charged:
    """Store the charge, or find its twin. Raises Rejection, with each refusal in the caller's words."""
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


async def carry_out(
    context: Context, begun: Charged, intent: Intent | None, ask: Ask, guard: Guard | None
) -> Charged:
    """The charge after it was sent, by this call or by the twin that was first.

    A lost answer is a status and not an error. Raises UpstreamRejection where Asiabill was surely
    not reached, or refused the request, and RateLimited where the send does not pass `guard`.
    """
    if begun.replayed and not _may_still_be_sent(context, begun.charge, intent):
        return await _lapsed(context, begun.charge)
    charge, key = begun.charge, (begun.charge.id,)
    if charge.status is ChargeStatus.CREATED or context.account.sends.under_way(key):
        stored = charge
        charge = await context.account.sends.share(
            key, lambda: _send(context, stored, ask, guard), lambda: None
        )
    elif charge.status is ChargeStatus.PROCESSING:
        # Its answer may have come between our look into the ledger and the look for its sender.
        charge = await context.ledger.charge(charge.account, id=charge.id) or charge
    # A twin that was quicker may have sent what this call stored: exactly one call tells of a new charge.
    return Charged(charge, begun.replayed)


def _may_still_be_sent(context: Context, found: Charge, intent: Intent | None) -> bool:
    """A charge that was stored and never sent is sent by a repeated call, unless its time is over."""
    if found.status is not ChargeStatus.CREATED or intent is None:
        return True
    return intent.canceled_at is None and intent.expires_at > context.now()


async def _lapsed(context: Context, found: Charge) -> Charged:
    message = Lapsed("the intent ended before it was sent")
    settled = await context.ledger.settle(found.account, found.id, message)
    return Charged(settled.charge, replayed=True)


async def _send(context: Context, charge: Charge, ask: Ask, guard: Guard | None) -> Charge:
    """Ask Asiabill once, and settle what came of it. Runs in a task of its own."""
    account, ledger = context.account, context.ledger
    sent: Charge | None = None

    async def settle(message: Message) -> Charge:
        return (await ledger.settle(account.name, charge.id, message)).charge

    async def commit_sent(request_id: str) -> None:
        nonlocal sent
        message = Sent(request_id)
        sent = (await ledger.settle(account.name, charge.id, message, guard=guard)).charge

    try:
        told = await ask(charge, commit_sent)
    except NotSendable as lost:
        # Another process took it between our look and our write. It is in good hands.
        return lost.charge
    except LimitReached as reached:
        # Another call took the last place between our look and our write.
        raise limits.refused(context, reached) from reached
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
    return await settle(told)


def _if_own(context: Context, charge: Charge | None) -> Charge | None:
    """The charge, unless it is another customer's: an intent may be for whoever comes."""
    if charge is None or not context.principal.owns(charge.customer_id):
        return None
    return charge


def _gone(code: ErrorCode, message: str) -> Rejection:
    return Rejection(code, message, ("paymentIntentId",))
