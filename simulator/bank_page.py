"""The bank's page of 3-D Secure, where the buyer approves, fails or cancels."""

from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from simulator.book import Account
from simulator.form import read_form
from simulator.html import page, settled_page
from simulator.language import Texts, texts
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
        found, say = self._find(request), texts(request)
        return _unknown(say) if found is None else _shown(*found, say)

    async def submit(self, request: Request) -> Response:
        """On to the returnUrl by 303; deciding again changes nothing."""
        found, say = self._find(request), texts(request)
        if found is None:
            return _unknown(say)
        account, order = found
        result = (await read_form(request)).get("result", "")
        if result not in RESULTS:
            return page(say.choose_title, f"<p>{say.choose}</p>", 400, say)
        decide(self._sandbox, account, order, result)
        await self._sandbox.durable()
        return RedirectResponse(return_address(account, order), 303)

    def _find(self, request: Request) -> tuple[Account, Order] | None:
        found = self._sandbox.book.find_order(request.path_params["tradeNo"])
        return found if found is not None and found[1].challenged else None


def _unknown(say: Texts) -> Response:
    return page(say.unknown_title, f"<p>{say.unknown}</p>", 404, say)


def _shown(account: Account, order: Order, say: Texts) -> Response:
    details = (
        f"<dl><dt>{say.order}</dt><dd>{escape(order.order_no)}</dd>"
        f"<dt>{say.amount}</dt><dd>{escape(order.amount)} {escape(order.currency)}</dd>"
        f"<dt>{say.card}</dt><dd>{escape(order.masked)}</dd></dl>"
    )
    if order.status != "pending":
        back = return_address(account, order)
        return settled_page(details, order.status, order.info, back, say)
    return page(
        say.confirm_title,
        f'<p>{say.confirm_lead}</p>{details}<form method="post"><fieldset>'
        f"<legend>{say.question}</legend>"
        f'<button name="result" value="success">{say.approve}</button>'
        f'<button name="result" value="fail">{say.fail}</button>'
        f'<button name="result" value="cancel">{say.cancel}</button></fieldset></form>',
        say=say,
    )
