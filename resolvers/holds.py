"""Capturing and voiding what a charge holds: each at most once, by the steps of `resolvers.attempts`.

There is no key: a charge has one end. A repeat of what was done, or may have been, gives the charge
as it stands; the book's authStatus tells how a capture or void ended whose answer was lost.
"""

from typing import Final

from clients.asiabill import (
    AsiabillError,
    AuthorizeAnswer,
    AuthorizeRequest,
    AuthType,
    NoAnswer,
    NotSent,
    Refused,
)
from ledger import (
    ActionInProgress,
    ActionLost,
    ActionNotAllowed,
    ActionNotSent,
    ActionRefused,
    ActionSent,
    Charge,
    ChargeAction,
    EventSource,
    HoldAction,
    Message,
    NotSendable,
    Outcome,
    Reported,
)
from resolvers import argument, charges, refunds
from resolvers.attempts import Charged
from resolvers.context import Context
from resolvers.rejection import (
    ErrorCode,
    NotAllowed,
    Rejection,
    UpstreamOutcome,
    UpstreamRejection,
    of_upstream,
)

_TYPES: Final = {ChargeAction.CAPTURE: AuthType.CAPTURE, ChargeAction.VOID: AuthType.VOID}
# What orderStatus must say of the sale. Source: contract 5.7: "After a capture the sale is
# successful, after a void it is a failed sale." Any other word may be of the sale or of the attempt.
_DONE: Final = {
    ChargeAction.CAPTURE: ("success", Outcome.CAPTURED),
    ChargeAction.VOID: ("fail", Outcome.VOIDED),
}


async def end(context: Context, charge_id: str, kind: HoldAction, remark: str) -> Charged:
    """Take, or let go of, all that a charge holds. At most one upstream call.

    A lost answer is no error: the charge stays AUTHORIZED, with nothing allowed but to ask. Raises
    UpstreamRejection where Asiabill was surely not reached or refused the request, and Rejection
    for what the caller can correct.
    """
    argument.text(remark, ("remark",), least=0, most=500)
    found = await charges.find(context, id=charge_id)
    if found is None:
        raise Rejection(ErrorCode.NOT_FOUND, "There is no such charge.", ("chargeId",))
    try:
        charge = await context.ledger.begin_action(found.account, found.id, kind)
    except (ActionNotAllowed, ActionInProgress) as refused:
        charge = refused.charge
        if charge.action is not kind:
            raise await _not_allowed(context, charge, kind) from refused
        key = _key(charge, kind)
        if context.account.sends.under_way(key):
            return await _sent(context, charge, kind, remark, replayed=True)
        # Its answer may have come between our look into the ledger and the look for its sender.
        fresh = await context.ledger.charge(charge.account, id=charge.id)
        return Charged(fresh or charge, replayed=True)
    return await _sent(context, charge, kind, remark, replayed=False)


async def _not_allowed(context: Context, charge: Charge, kind: HoldAction) -> NotAllowed:
    held = charge.action is not None and not charge.final
    words = {ChargeAction.CAPTURE: "captured", ChargeAction.VOID: "voided"}[kind]
    message = (
        f"Something else is being done to this charge: it can't be {words} now."
        if held
        else f"Only an AUTHORIZED charge can be {words}."
    )
    return NotAllowed(message, charge, await refunds.actions(context, charge))


def _key(charge: Charge, kind: HoldAction) -> tuple[str, str]:
    return charge.id, kind.value


async def _sent(
    context: Context, charge: Charge, kind: HoldAction, remark: str, *, replayed: bool
) -> Charged:
    """The charge after this call, or the twin that was first, asked Asiabill."""

    def joined() -> None:
        nonlocal replayed
        replayed = True

    ended = await context.account.sends.share(
        _key(charge, kind), lambda: _send(context, charge, kind, remark), joined
    )
    return Charged(ended.charge, replayed or ended.replayed)


async def _send(context: Context, charge: Charge, kind: HoldAction, remark: str) -> Charged:
    """Ask Asiabill once, and settle what came of it. Runs in a task of its own."""
    account, ledger = context.account, context.ledger
    sent: Charge | None = None

    async def settle(message: Message) -> Charge:
        return (await ledger.settle(account.name, charge.id, message)).charge

    async def commit_sent(request_id: str) -> None:
        nonlocal sent
        sent = await settle(ActionSent(kind, request_id))

    if charge.trade_no is None:
        raise UpstreamRejection(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "Asiabill's number for this charge is not known yet: call reconcileCharge first.",
            UpstreamOutcome.NOT_SENT,
            charge=charge,
        )
    request = AuthorizeRequest(charge.trade_no, _TYPES[kind], remark=remark)
    try:
        answer = await account.asiabill.authorize(request, commit_sent)
    except NotSendable as lost:
        # Another process took it between our look and our write. It is in good hands.
        return Charged(lost.charge, replayed=True)
    except NotSent as error:
        # Where nothing was committed as sent, what is begun waits for the next call.
        held = await settle(ActionNotSent(sent.action_send_no, error.reason)) if sent else charge
        raise of_upstream(error, held) from error
    except Refused as error:
        if sent is None:
            raise of_upstream(error, charge) from error
        refused = ActionRefused(sent.action_send_no, error.code, error.message)
        raise of_upstream(error, await settle(refused)) from error
    except AsiabillError as error:
        assert sent is not None
        code = error.code if isinstance(error, NoAnswer) else None
        lost_answer = ActionLost(sent.action_send_no, error.reason, code or None)
        return Charged(await settle(lost_answer), replayed=False)
    except BaseException:
        if sent is not None:
            reason = "the gateway failed while it waited for the answer"
            await settle(ActionLost(sent.action_send_no, reason))
        raise
    assert sent is not None
    return Charged(await settle(_said(sent, kind, answer)), replayed=False)


def _said(charge: Charge, kind: HoldAction, answer: AuthorizeAnswer) -> Message:
    word, outcome = _DONE[kind]
    if answer.status != word:
        reason = f"orderStatus {answer.status!r} does not tell whether it was done"
        return ActionLost(charge.action_send_no, reason)
    return Reported(
        source=EventSource.RESPONSE,
        outcome=outcome,
        order_no=answer.order_no or charge.order_no,
        trade_no=answer.trade_no or None,
        message=answer.info,
    )
