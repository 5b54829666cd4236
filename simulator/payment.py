"""How a pending order comes to its end. Source: contract 5.4, 5.7 and 8.

Assumed, since no source says it: a decline and a failed challenge do not bind the card; where the
account pre-authorises, a card payment that succeeds holds the money, is announced by
transaction.success as a sale would be, and shows the hold in authStatus alone.
"""

from typing import TYPE_CHECKING

from simulator.book import Account
from simulator.records import Order
from simulator.test_cards import BEHAVIOURS, CANCELED_INFO, CHALLENGE_FAILED_INFO
from simulator.webhooks import transaction_event

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox


def decide(sandbox: "Sandbox", account: Account, order: Order, result: str) -> None:
    """What the buyer does on a page: success, fail or cancel. A settled order stays as it is."""
    if order.status != "pending":
        return
    behaviour = BEHAVIOURS.get(order.behaviour, BEHAVIOURS["approved"])
    on_hosted_page = order.checkout is not None and not order.challenged
    status, info = {
        "success": (behaviour.status, behaviour.info),
        "fail": ("fail", "Decline" if on_hosted_page else CHALLENGE_FAILED_INFO),
        "cancel": ("fail", CANCELED_INFO),
    }[result]
    settle(sandbox, account, order, status, info)
    sandbox.outbox.announce(account, order, transaction_event(order))


def settle(sandbox: "Sandbox", account: Account, order: Order, status: str, info: str) -> None:
    """Ends the order and does what success brings with it; nobody is told yet."""
    account.settle(order, status, info, sandbox.options.clock())
    if status != "success":
        return
    by_card = order.checkout is None or order.checkout.wants_card
    if sandbox.options.pre_authorize and by_card:
        account.hold(order)
    card = account.cards.get(order.payment_method_id)
    if card is None or card.customer_id or card.detached or not order.binds:
        return
    if order.customer_id in account.customers:
        account.bind(card, order.customer_id)
