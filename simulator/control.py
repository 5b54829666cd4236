"""The control interface: the truth, the calls, faults, webhooks and the buyer's part."""

from typing import TYPE_CHECKING, Annotated, Literal

import httpx
import msgspec
from starlette.requests import Request
from starlette.routing import Route

from simulator.faults import Fault
from simulator.forgery import Forgery, send_forgery
from simulator.loopback import Handler, WrongInput, control_route, read_input
from simulator.outbox import Manner
from simulator.payment import decide
from simulator.return_address import return_address

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox


class BuyerAct(msgspec.Struct, forbid_unknown_fields=True):
    result: Literal["success", "fail", "cancel"]


class NewKey(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """From now on this key signs and verifies, and the one before it does not."""

    gateway_no: str
    sign_key: Annotated[str, msgspec.Meta(min_length=1)]


class Control:
    """`routes` is the interface, but for what happens to charges later."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        handlers: list[tuple[str, str, Handler]] = [
            ("GET", "/transactions", self._transactions),
            ("GET", "/calls", self._calls),
            ("GET", "/calls/most-at-once", self._most_at_once),
            ("GET", "/faults", self._list_faults),
            ("POST", "/faults", self._arm_fault),
            ("DELETE", "/faults", self._clear_faults),
            ("GET", "/webhooks", self._show_webhooks),
            ("POST", "/webhooks", self._set_webhooks),
            ("POST", "/webhooks/flush", self._flush_webhooks),
            ("POST", "/webhooks/forge", self._forge_webhook),
            ("POST", "/3ds/{tradeNo}", self._act_as_buyer),
            ("POST", "/sign-key", self._change_sign_key),
            ("POST", "/reset", self._reset),
        ]
        return [control_route(*handler) for handler in handlers]

    async def _transactions(self, request: Request) -> object:
        """Every charge that was made, oldest first, of all gateway numbers."""
        return [
            {
                "orderNo": order.order_no,
                "tradeNo": order.trade_no,
                "customerId": order.customer_id,
                "customerPaymentMethodId": order.payment_method_id,
                "amount": order.amount,
                "currency": order.currency,
                "status": order.status,
                "authStatus": order.auth_status,
                "refunded": order.refunded,
                "gatewayNo": account.gateway_no,
                "orderInfo": order.info,
                "createdAt": order.created_at,
                "cleared": order.cleared,
            }
            for account in self._sandbox.book.accounts()
            for order in account.orders()
        ]

    async def _calls(self, request: Request) -> object:
        return self._sandbox.calls.received

    async def _most_at_once(self, request: Request) -> object:
        return self._sandbox.calls.most_at_once

    async def _list_faults(self, request: Request) -> object:
        return self._sandbox.faults.armed

    async def _arm_fault(self, request: Request) -> object:
        fault = await read_input(request, Fault)
        try:
            self._sandbox.faults.arm(fault)
        except ValueError as error:
            raise WrongInput(str(error)) from error
        return fault

    async def _clear_faults(self, request: Request) -> object:
        self._sandbox.faults.clear()
        return self._sandbox.faults.armed

    async def _show_webhooks(self, request: Request) -> object:
        outbox = self._sandbox.outbox
        waiting = [
            {"orderNo": delivery.order_no, "type": delivery.type, "attempts": delivery.attempts}
            for delivery in outbox.unfinished()
        ]
        return {
            **msgspec.to_builtins(outbox.manner),
            **msgspec.to_builtins(outbox.tally),
            "held": outbox.held(),
            "waiting": waiting,
        }

    async def _set_webhooks(self, request: Request) -> object:
        """What is left out goes back to its default."""
        self._sandbox.outbox.manner = await read_input(request, Manner)
        return self._sandbox.outbox.manner

    async def _flush_webhooks(self, request: Request) -> object:
        return {"flushed": self._sandbox.outbox.flush()}

    async def _forge_webhook(self, request: Request) -> object:
        forgery = await read_input(request, Forgery)
        sandbox = self._sandbox
        found = sandbox.book.find_named(forgery.order_no, forgery.trade_no)
        if found is None:
            raise WrongInput("no such order", 404)
        account, order = found
        if not (forgery.url or order.callback_url):
            raise WrongInput("the order has no callbackUrl: give a url")
        request_id, now = sandbox.numbers.webhook_request_id(), sandbox.options.clock()
        try:
            status, text = await send_forgery(account, order, forgery, request_id, now)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WrongInput(f"the receiver did not answer: {error!r}", 502) from error
        return {"status": status, "text": text}

    async def _act_as_buyer(self, request: Request) -> object:
        """Also ends a charge that is pending without a page. Twice changes nothing."""
        act = await read_input(request, BuyerAct)
        found = self._sandbox.book.find_order(request.path_params["tradeNo"])
        if found is None:
            raise WrongInput("no such tradeNo", 404)
        account, order = found
        decide(self._sandbox, account, order, act.result)
        await self._sandbox.durable()
        return {
            "tradeNo": order.trade_no,
            "orderNo": order.order_no,
            "orderStatus": order.status,
            "orderInfo": order.info,
            "returnUrl": return_address(account, order) if order.return_url else "",
        }

    async def _change_sign_key(self, request: Request) -> object:
        """Until the simulator ends: a start has the key that it is given."""
        new = await read_input(request, NewKey)
        account = self._sandbox.book.account(new.gateway_no)
        if account is None:
            raise WrongInput("no such gatewayNo", 404)
        account.sign_key = new.sign_key
        return {"gatewayNo": account.gateway_no}

    async def _reset(self, request: Request) -> object:
        self._sandbox.reset()
        await self._sandbox.durable()
        return {"reset": True}
