"""The bank's page of 3-D Secure, where the buyer approves, fails or cancels."""

from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from simulator.book import Account
from simulator.form import read_form
from simulator.html import page, settled_page
from simulator.payment import decide
from simulator.records import Order
from simulator.return_address import return_address

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox

RESULTS = ("success", "fail", "cancel")


class BankPage:
    """`show` the page and `submit` its form."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    async def show(self, request: Request) -> Response:
        found = self._find(request)
        return _unknown() if found is None else _shown(*found)

    async def submit(self, request: Request) -> Response:
        """On to the returnUrl by 303; deciding again changes nothing."""
        found = self._find(request)
        if found is None:
            return _unknown()
        account, order = found
        result = (await read_form(request)).get("result", "")
        if result not in RESULTS:
            return page("Please choose one of the three", "<p>Go back and choose again.</p>", 400)
        decide(self._sandbox, account, order, result)
        await self._sandbox.durable()
        return RedirectResponse(return_address(account, order), 303)

    def _find(self, request: Request) -> tuple[Account, Order] | None:
        found = self._sandbox.book.find_order(request.path_params["tradeNo"])
        return found if found is not None and found[1].challenged else None


def _unknown() -> Response:
    return page("Payment not found", "<p>No payment is waiting here.</p>", 404)


def _shown(account: Account, order: Order) -> Response:
    details = (
        f"<dl><dt>Order</dt><dd>{escape(order.order_no)}</dd>"
        f"<dt>Amount</dt><dd>{escape(order.amount)} {escape(order.currency)}</dd>"
        f"<dt>Card</dt><dd>{escape(order.masked)}</dd></dl>"
    )
    if order.status != "pending":
        return settled_page(details, order.status, order.info, return_address(account, order))
    return page(
        "Confirm your payment",
        f'{details}<form method="post"><fieldset><legend>What does the buyer do?</legend>'
        '<button name="result" value="success">Approve the payment</button>'
        '<button name="result" value="fail">Fail the authentication</button>'
        '<button name="result" value="cancel">Cancel</button></fieldset></form>',
    )
