"""Refunds: money goes back at most once, by the steps of `resolvers.charges`.

The refund is written, which takes its amount from the charge's balance; "sent" is committed; Asiabill
is asked once; what it said is settled. Its answer only takes the refund on, and carries the number
by which it is looked up. A refund whose answer was lost has no number, and is never sent again.
"""

from dataclasses import dataclass

from clients.asiabill import AsiabillError, NoAnswer, NotSent, RefundRequest, RefundType, Refused
from ledger import (
    BadText,
    Charge,
    ChargeAction,
    ChargeStatus,
    CurrencyDiffers,
    IdempotencyMismatch,
    NewRefund,
    NotRefundable,
    Refund,
    RefundBegun,
    RefundExceedsBalance,
    RefundMessage,
    RefundNotSendable,
    RefundStatus,
    Sent,
    allowed_actions,
)
from ledger import NoAnswer as AnswerLost
from ledger import NotSent as SurelyNotSent
from ledger import Refused as RequestRefused
from resolvers import argument, charges, idempotency, lookups, refund_lookups, refund_reports
from resolvers.context import Context
from resolvers.rejection import (
    ErrorCode,
    KeyReused,
    NotAllowed,
    Rejection,
    UpstreamOutcome,
    UpstreamRejection,
    of_upstream,
)

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund as it stands, of that charge; `replayed` where an earlier call did the work."""

    refund: Refund
    charge: Charge
    replayed: bool


async def refund(
    context: Context,
    *,
    charge_id: str,
    amount: tuple[str, str] | None,
    reason: str,
    idempotency_key: str,
) -> Refunded:
    """Give back `amount` (decimal text and currency) of a charge, or all that is left of it.

    At most two upstream calls. A lost answer is a status and not an error. Raises
    UpstreamRejection where Asiabill was surely not reached or refused the request, and Rejection
    for what the caller can correct.
    """
    argument.idempotency_key(idempotency_key)
    argument.text(reason, ("reason",), most=_LONGEST_REASON)
    money = argument.money(*amount, ("amount",)) if amount else None
    charge = await charges.find(context, id=charge_id)
    if charge is None:
        raise Rejection(ErrorCode.NOT_FOUND, "There is no such charge.", ("chargeId",))
    new = NewRefund(
        account=context.account.name,
        charge_id=charge.id,
        money=money,
        reason=reason,
        args_digest=idempotency.digest((charge.id, amount, reason)),
        idempotency_key=idempotency_key,
        key_scope=context.principal.key_scope,
    )
    key = (new.key_scope, idempotency_key)
    if await context.ledger.refunds.find(new.account, key=key) is None:
        _demand_open_window(context, charge)
    charge = await _named(context, charge)
    begun = await _begin(context, new)
    context.loaders.refunds.clear(charge.id)
    return await _sent(context, charge, begun.refund, replayed=not begun.created)


async def find(context: Context, refund_id: str) -> Refund | None:
    """A refund, or None where it is unknown. At most one upstream call: where its end is not known
    and it has a number, Asiabill is asked for it."""
    try:
        found = await context.ledger.refunds.find(context.account.name, id=refund_id)
    except BadText:
        # What can't be stored names nothing.
        return None
    if found is None or not found.status.unsettled or found.batch_no is None:
        return found
    return await refund_lookups.settle(context.account, context.ledger, found)


async def of_charge(context: Context, charge: Charge) -> list[Refund]:
    """All refunds of a charge, the oldest first."""
    return await context.loaders.refunds.load(charge.id)


async def actions(context: Context, charge: Charge) -> frozenset[ChargeAction]:
    """What may be done to a charge now."""
    allowed = allowed_actions(charge, await of_charge(context, charge))
    return allowed if _window_open(context, charge) else allowed - {ChargeAction.REFUND}


def _window_open(context: Context, charge: Charge) -> bool:
    window = context.policy.refund_window
    return window is None or context.now() - (charge.sent_at or charge.created_at) <= window


def _demand_open_window(context: Context, charge: Charge) -> None:
    if charge.status is ChargeStatus.SUCCEEDED and not _window_open(context, charge):
        raise Rejection(
            ErrorCode.REFUND_WINDOW_CLOSED, "This charge is too old to be refunded.", ("chargeId",)
        )


async def _named(context: Context, charge: Charge) -> Charge:
    """The charge with Asiabill's number, by which alone it can be refunded."""
    if charge.trade_no is not None or charge.status is not ChargeStatus.SUCCEEDED:
        return charge
    settled, _ = await lookups.settle(context.account, context.ledger, charge)
    if settled.trade_no is None:
        raise UpstreamRejection(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "Asiabill did not tell its number for this charge; nothing was sent.",
            UpstreamOutcome.NOT_SENT,
            charge=settled,
        )
    return settled


async def _begin(context: Context, new: NewRefund) -> RefundBegun:
    """Store the refund, or find its twin. Says each refusal in the caller's words."""
    try:
        return await context.ledger.refunds.begin(new)
    except IdempotencyMismatch as mismatch:
        existing = mismatch.existing if isinstance(mismatch.existing, Refund) else None
        raise KeyReused(None, existing) from mismatch
    except NotRefundable as refused:
        raise NotAllowed(
            "Only money that was taken can be refunded.",
            refused.charge,
            await actions(context, refused.charge),
        ) from refused
    except CurrencyDiffers as differs:
        raise Rejection(
            ErrorCode.INVALID_INPUT,
            f"This charge was made in {differs.charge.currency}.",
            ("amount", "currency"),
        ) from differs
    except RefundExceedsBalance as short:
        raise Rejection(
            ErrorCode.REFUND_EXCEEDS_BALANCE,
            f"At most {short.left} {short.charge.currency} of this charge can be refunded. Refunds "
            "that are under way or in doubt count as spent.",
            ("amount",),
        ) from short


async def _sent(context: Context, charge: Charge, refund: Refund, *, replayed: bool) -> Refunded:
    """The refund after it was sent, by this call or by the twin that was first."""
    key = (refund.id,)
    if refund.status is RefundStatus.CREATED or context.account.sends.under_way(key):
        stored = refund
        try:
            refund = await context.account.sends.share(
                key, lambda: _send(context, charge, stored), lambda: None
            )
        finally:
            context.loaders.refunds.clear(charge.id)
    elif refund.in_flight:
        # Its answer may have come between our look into the ledger and the look for its sender.
        found = await context.ledger.refunds.find(refund.account, id=refund.id)
        refund = found or refund
    # As of a charge: exactly one call tells of a new refund, whoever sent it.
    return Refunded(refund, charge, replayed)


async def _send(context: Context, charge: Charge, refund: Refund) -> Refund:
    """Ask Asiabill once, and settle what came of it. Runs in a task of its own."""
    account, ledger = context.account, context.ledger
    sent: Refund | None = None

    async def settle(message: RefundMessage) -> Refund:
        return (await ledger.refunds.settle(account.name, refund.id, message)).refund

    async def commit_sent(request_id: str) -> None:
        nonlocal sent
        sent = await settle(Sent(request_id))

    try:
        answer = await account.asiabill.refund(_request(charge, refund), commit_sent)
    except RefundNotSendable as lost:
        # Another process took it between our look and our write. It is in good hands.
        return lost.refund
    except NotSent as error:
        stored = await settle(SurelyNotSent(sent.send_no, error.reason)) if sent else refund
        raise of_upstream(error, charge, stored) from error
    except Refused as error:
        refused = await settle(RequestRefused(error.code, error.message)) if sent else refund
        raise of_upstream(error, charge, refused) from error
    except AsiabillError as error:
        code = error.code if isinstance(error, NoAnswer) else None
        return await settle(AnswerLost(error.reason, code or None))
    except BaseException:
        if sent is not None:
            await settle(AnswerLost("the gateway failed while it waited for the answer"))
        raise
    return await settle(refund_reports.of_answer(answer))


def _request(charge: Charge, refund: Refund) -> RefundRequest:
    return RefundRequest(
        refund_id=refund.id,
        trade_no=charge.trade_no or "",
        amount=refund.amount,
        refund_type=RefundType.FULL if refund.full else RefundType.PARTIAL,
        reason=refund.reason,
    )
