"""POST /confirmCharge. Source: contract 5.4 and 8.

No await stands between the look for an earlier charge and the new order, so one orderNo is never
charged twice. Assumed, since no source says it: Recurring is never challenged, and is refused with
P0001 until an InitRecurring of the same customer and card has succeeded.
"""

import re
from typing import Any

from simulator.book import Account
from simulator.endpoint import Call
from simulator.fields import PARAM_ERROR, Refusal
from simulator.payment import settle
from simulator.payment_methods import new_card, require_bindable, require_pci, usable_card
from simulator.purchase import Purchase, named_customer, page_address
from simulator.records import Card, Order
from simulator.test_cards import BEHAVIOURS, Behaviour
from simulator.webhooks import transaction_event

_FIRST_OF_SERIES = "InitRecurring"
_LATER_OF_SERIES = "Recurring"
_TOKEN_TYPE = re.compile(f"{_FIRST_OF_SERIES}|{_LATER_OF_SERIES}")


def confirm_charge(call: Call) -> dict[str, Any]:
    """A decline is a success code with orderStatus fail. Raises Refusal before anything is done."""
    account = call.account
    series = call.body.text("tokenType", 100, pattern=_TOKEN_TYPE)
    purchase = Purchase.read(call.body, with_buyer=series != _LATER_OF_SERIES)
    if purchase.is_duplicate(account):
        return _answer(purchase, None)
    customer_id = named_customer(call)
    if series and not customer_id:
        raise Refusal.incorrect("customerId")
    card = _card(call, series)
    if customer_id:
        require_bindable(card, customer_id)
    if series == _LATER_OF_SERIES:
        _require_begun(account, customer_id, card.id)
    behaviour = BEHAVIOURS.get(card.behaviour, BEHAVIOURS["approved"])
    order = purchase.order(
        call,
        customer_id=customer_id,
        payment_method_id=card.id,
        masked=card.masked,
        behaviour=card.behaviour,
        challenged=_is_challenged(behaviour, series),
        series=series,
    )
    account.add_order(order)
    if not (order.challenged or behaviour.waits):
        settle(call.sandbox, account, order, behaviour.status, behaviour.info)
    call.sandbox.outbox.announce(account, order, transaction_event(order))
    redirect_url = page_address(call, f"/3ds/{order.trade_no}") if order.challenged else ""
    return _answer(purchase, order, redirect_url)


def _answer(purchase: Purchase, order: Order | None, redirect_url: str = "") -> dict[str, Any]:
    answer = purchase.answer(order, redirect_url)
    return {**answer, "riskInfos": "", "maskCardNo": order.masked if order else ""}


def _is_challenged(behaviour: Behaviour, series: str) -> bool:
    """The first of a series always is, where it would be paid at all. Source: contract 8."""
    if series == _LATER_OF_SERIES:
        return False
    first_of_series = series == _FIRST_OF_SERIES and behaviour.status == "success"
    return behaviour.challenge or (first_of_series and not behaviour.waits)


def _card(call: Call, series: str) -> Card:
    """The listed card, or one made from inline card data (PCI gateways only)."""
    payment_method_id = call.body.text("customerPaymentMethodId", 100)
    if payment_method_id:
        return usable_card(call.account, payment_method_id)
    inline = call.body.object("customerPaymentMethod")
    if inline is None or series == _LATER_OF_SERIES:
        raise Refusal.incorrect("customerPaymentMethodId")
    require_pci(call)
    return new_card(call.account, inline, call.sandbox.numbers, call.now, call.saved_cards)


def _require_begun(account: Account, customer_id: str, payment_method_id: str) -> None:
    begun = any(
        order.series == _FIRST_OF_SERIES
        and order.status == "success"
        and order.customer_id == customer_id
        and order.payment_method_id == payment_method_id
        for order in account.orders()
    )
    if not begun:
        raise Refusal(PARAM_ERROR, "No successful InitRecurring of this customer and card")
