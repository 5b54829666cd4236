"""Paying on a page of Asiabill's: new cards, wallets and local methods. The same steps as a charge."""

from dataclasses import dataclass

from clients.asiabill import BillingAddress, CheckoutRequest, DeliveryAddress
from ledger import Charge, ChargeStatus, Message, NewCharge
from resolvers import argument, attempts, idempotency, intents, limits, reports, return_url
from resolvers.attempts import Ask, OnSend
from resolvers.context import Context
from resolvers.order import Details
from resolvers.principal import ClientPermission
from resolvers.rejection import (
    ChargeRejection,
    ErrorCode,
    UpstreamOutcome,
    UpstreamRejection,
)

CARD = "Credit Card"
_LONGEST_METHOD = 50


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page that the buyer is to be sent to, and the charge that is made there."""

    url: str
    charge: Charge


async def create(context: Context, *, intent_id: str, method: str, return_to: str) -> Checkout:
    """Open a page to pay an intent on. While it is open, the same call gives the same page.

    One upstream call. Raises UpstreamRejection where there is no page to show, ChargeRejection where
    another charge of the intent is in the way, and Rejection for what the caller can correct.
    """
    context.principal.demand(ClientPermission.PAY)
    method = _method(method)
    return_url.allowed(return_to, context.policy.return_origins)
    intent = await intents.demand(context, intent_id, ("paymentIntentId",))
    customer_id = context.principal.customer_id or intent.customer_id
    # Without a key: the ledger joins a call of the same arguments to the attempt under way.
    new = NewCharge(
        account=context.account.name,
        customer_id=customer_id,
        payment_method_id=None,
        args_digest=idempotency.digest(("checkout", customer_id, intent.id, method, return_to)),
        live=context.policy.live,
        return_url=return_to,
        intent_id=intent.id,
        key_scope=context.principal.key_scope,
    )
    details = Details.loaded(intent.details)
    guard = await limits.guard(context, customer_id, details.buyer_ip)
    if intent.live_charge is None:
        await limits.demand(context, guard)
    begun = await attempts.begin(context, new)
    opening = _opening(context, method, details)
    opened = await attempts.carry_out(context, begun, intent, opening, guard)
    return _shown(opened.charge)


def find(charge: Charge) -> Checkout | None:
    """The page that a charge is waiting at; None for a charge of a stored card, and after its end."""
    waits = charge.status is ChargeStatus.REQUIRES_ACTION
    if not waits or charge.payment_method_id is not None or charge.redirect_url is None:
        return None
    return Checkout(charge.redirect_url, charge)


def _shown(charge: Charge) -> Checkout:
    """The page, or why there is none."""
    checkout = find(charge)
    if checkout is not None:
        return checkout
    match charge.status:
        case ChargeStatus.DECLINED | ChargeStatus.FAILED:
            raise UpstreamRejection(
                ErrorCode.UPSTREAM_REJECTED,
                "Asiabill opened no page for this payment.",
                UpstreamOutcome.REJECTED,
                charge.upstream_code,
                charge,
            )
        case ChargeStatus.UNKNOWN:
            raise UpstreamRejection(
                ErrorCode.UPSTREAM_UNAVAILABLE,
                "Asiabill's answer was lost, and with it the page's address; the charge is looked up.",
                UpstreamOutcome.UNKNOWN,
                charge=charge,
            )
        case _:
            raise ChargeRejection(
                ErrorCode.CHARGE_IN_PROGRESS, "There is no page to pay this charge on now.", charge
            )


def _method(name: str) -> str:
    """As Asiabill spells it; a name that it does not know is Asiabill's to refuse."""
    argument.text(name, ("method",), most=_LONGEST_METHOD)
    return CARD if name.casefold() == CARD.casefold() else name


def _opening(context: Context, method: str, details: Details) -> Ask:
    asiabill = context.account.asiabill
    open_page = asiabill.checkout if method == CARD else asiabill.local_payment

    async def ask(charge: Charge, on_send: OnSend) -> Message:
        request = _request(context, charge, method, details)
        return reports.of_checkout(await open_page(request, on_send))

    return ask


def _request(context: Context, charge: Charge, method: str, details: Details) -> CheckoutRequest:
    # An order has one person: who it is shipped to is who the page's form begins with.
    person = details.shipping
    return CheckoutRequest(
        order_no=charge.order_no,
        amount=charge.amount,
        currency=charge.currency,
        method=method,
        return_url=f"{context.policy.public_url}/return/{charge.id}",
        callback_url=f"{context.policy.public_url}/webhooks/asiabill",
        customer_id=charge.customer_id or "",
        customer_ip=details.buyer_ip or context.caller.ip or "",
        billing=BillingAddress.of(person) if person else None,
        delivery=DeliveryAddress.of(person) if person else None,
        lines=details.lines,
        remark=details.remark,
        website=details.website,
    )
