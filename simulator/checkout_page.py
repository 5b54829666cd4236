"""The hosted page, where the buyer pays with a test card or by a local method.

Nothing can be typed in: no real card number ever gets here.
"""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from simulator.book import Account
from simulator.form import read_form
from simulator.html import page, settled_page
from simulator.payment import decide
from simulator.payment_methods import card_of
from simulator.records import Checkout, Order
from simulator.return_address import return_address
from simulator.test_cards import BEHAVIOURS, TEST_CARDS

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox

_CARD_NUMBERS = frozenset(card.number for card in TEST_CARDS)
_LOCAL_ACTS = ("success", "fail", "cancel", "pending")


class CheckoutPage:
    """`show` the page and `submit` its form."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    async def show(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _unknown()
        account, order, checkout = found
        if _is_open(order):
            return _shown(order, checkout)
        return RedirectResponse(_bank(order), 303) if _at_bank(order) else _ended(account, order)

    async def submit(self, request: Request) -> Response:
        """On by 303 to the bank's page or to the returnUrl; a second choice changes nothing."""
        found = self._find(request)
        if found is None:
            return _unknown()
        account, order, checkout = found
        form = await read_form(request)
        if _is_open(order) and not self._act(account, order, checkout, form):
            return page("Please choose again", "<p>Go back and choose once more.</p>", 400)
        await self._sandbox.durable()
        onward = _bank(order) if _at_bank(order) else return_address(account, order)
        return RedirectResponse(onward, 303)

    def _act(
        self, account: Account, order: Order, checkout: Checkout, form: Mapping[str, str]
    ) -> bool:
        """Whether it is something that the page offers."""
        act, number = form.get("act", ""), form.get("card", "")
        if act == "pay" and checkout.wants_card and number in _CARD_NUMBERS:
            self._pay(account, order, checkout, number)
        elif act == "cancel" or (act in _LOCAL_ACTS and not checkout.wants_card):
            if act != "pending":
                decide(self._sandbox, account, order, act)
        else:
            return False
        return True

    def _pay(self, account: Account, order: Order, checkout: Checkout, number: str) -> None:
        card = card_of(number, self._sandbox.numbers, billing=checkout.billing)
        behaviour = BEHAVIOURS[card.behaviour]
        account.choose_card(order, card, keep=order.binds, challenged=behaviour.challenge)
        if not (behaviour.challenge or behaviour.waits):
            decide(self._sandbox, account, order, "success")

    def _find(self, request: Request) -> tuple[Account, Order, Checkout] | None:
        found = self._sandbox.book.find_order(request.path_params["tradeNo"])
        if found is None or found[1].checkout is None:
            return None
        return found[0], found[1], found[1].checkout


def _is_open(order: Order) -> bool:
    """Whether the buyer may still choose: a card is chosen once."""
    return order.status == "pending" and not order.behaviour


def _at_bank(order: Order) -> bool:
    return order.status == "pending" and order.challenged


def _bank(order: Order) -> str:
    return f"/3ds/{order.trade_no}"


def _unknown() -> Response:
    return page("Payment not found", "<p>No payment is waiting here.</p>", 404)


def _details(order: Order) -> str:
    return (
        f"<dl><dt>Order</dt><dd>{escape(order.order_no)}</dd>"
        f"<dt>Amount</dt><dd>{escape(order.amount)} {escape(order.currency)}</dd></dl>"
    )


def _ended(account: Account, order: Order) -> Response:
    back = return_address(account, order)
    if order.status != "pending":
        return settled_page(_details(order), order.status, order.info, back)
    return page(
        "Your payment is being processed",
        f"{_details(order)}<p>The shop is told of its end.</p>"
        f'<p><a href="{escape(back, quote=True)}">Back to the shop</a></p>',
    )


def _shown(order: Order, checkout: Checkout) -> Response:
    controls = _CARD_CONTROLS if checkout.wants_card else _LOCAL_CONTROLS
    return page(
        f"Pay by {escape(checkout.method)}",
        f'{_details(order)}<form method="post">{controls}</form>',
    )


def _card_controls() -> str:
    options = "".join(
        f'<option value="{card.number}">{card.number}: {escape(card.does)}</option>'
        for card in TEST_CARDS
    )
    return (
        f'<p><label for="card">Test card</label> <select id="card" name="card">{options}</select>'
        '</p><p><button name="act" value="pay">Pay</button> '
        '<button name="act" value="cancel">Cancel</button></p>'
    )


_CARD_CONTROLS = _card_controls()
_LOCAL_CONTROLS = (
    "<fieldset><legend>What does the buyer do?</legend>"
    '<button name="act" value="success">Pay</button>'
    '<button name="act" value="fail">Fail the payment</button>'
    '<button name="act" value="cancel">Cancel</button>'
    '<button name="act" value="pending">Leave it pending</button></fieldset>'
)
