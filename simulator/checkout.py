"""POST /checkout/payment and POST /local_payment. Source: contract 5.5 and 5.6.

Assumed, since no source says it: any name of a local method is taken, for the known list is not
whole; a card belongs to /checkout/payment alone; the new order is announced as pending.
"""

from typing import Any

from simulator.endpoint import Call
from simulator.fields import Fields, Refusal
from simulator.payment_methods import billing_detail
from simulator.purchase import Purchase, named_customer, page_address
from simulator.records import Checkout
from simulator.webhooks import transaction_event


def start_checkout(call: Call) -> dict[str, Any]:
    """A card chosen on the page is bound by success to the customer that is named."""
    return _start(call, _read(call.body), with_customer=True)


def start_local_payment(call: Call) -> dict[str, Any]:
    checkout = _read(call.body)
    if checkout.wants_card:
        raise Refusal.malformed("paymentMethod")
    return _start(call, checkout, with_customer=False)


def _read(body: Fields) -> Checkout:
    billing = body.object("billingAddress") or Fields({})
    body.object("deliveryAddress")
    return Checkout(
        method=body.required("paymentMethod", 50),
        billing=billing_detail(billing, billing, line1="address"),
    )


def _start(call: Call, checkout: Checkout, *, with_customer: bool) -> dict[str, Any]:
    purchase = Purchase.read(call.body)
    if purchase.is_duplicate(call.account):
        return purchase.answer(None)
    customer_id = named_customer(call) if with_customer else ""
    order = purchase.order(call, customer_id=customer_id, checkout=checkout)
    call.account.add_order(order)
    call.sandbox.outbox.announce(call.account, order, transaction_event(order))
    return purchase.answer(order, page_address(call, f"/checkout/{order.trade_no}"))
