"""The control interface of what happens to charges later: refunds, disputes, parcels, settlement."""

from typing import TYPE_CHECKING, Literal

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from simulator.book import Account
from simulator.chargebacks import REASON, raise_chargeback
from simulator.loopback import Handler, WrongInput, control_route, read_input
from simulator.money import is_amount
from simulator.records import Order, Refund
from simulator.refunds import RefundMode, settle_refund
from simulator.webhooks import chargeback_data, transaction_event

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox


class RefundManner(msgspec.Struct, forbid_unknown_fields=True):
    """What becomes of the refunds that are made from now on; `hold` leaves them pending."""

    mode: RefundMode = "success"


class RefundEnd(msgspec.Struct, forbid_unknown_fields=True):
    result: Literal["success", "fail"]


class Dispute(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Of the order named by either of its numbers, and of its whole amount unless one is given."""

    order_no: str = ""
    trade_no: str = ""
    amount: str = ""
    reason: str = REASON


class Parcel(msgspec.Struct, forbid_unknown_fields=True):
    """Where the parcel is. Source: contract 6.6."""

    status: Literal[
        "Pending",
        "NotFound",
        "InfoReceived",
        "InTransit",
        "ArrivedDelivery",
        "Delivering",
        "Delivered",
        "Exception",
        "DeliveryFailure",
        "Return",
    ]


class Aftermath:
    """`routes` is this part of the interface."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        handlers: list[tuple[str, str, Handler]] = [
            ("GET", "/refunds", self._list_refunds),
            ("POST", "/refunds", self._set_refunds),
            ("POST", "/refunds/{batchNo}", self._end_refund),
            ("GET", "/chargebacks", self._list_chargebacks),
            ("POST", "/chargebacks", self._raise_chargeback),
            ("POST", "/logistics/{tradeNo}", self._move_parcel),
            ("POST", "/clear/{tradeNo}", self._clear),
        ]
        return [control_route(*handler) for handler in handlers]

    async def _list_refunds(self, request: Request) -> object:
        """Every refund that was made, oldest first, of all gateway numbers."""
        return [
            _told_refund(account, refund)
            for account in self._sandbox.book.accounts()
            for refund in account.refunds()
        ]

    async def _set_refunds(self, request: Request) -> object:
        manner = await read_input(request, RefundManner)
        self._sandbox.refund_mode = manner.mode
        return manner

    async def _end_refund(self, request: Request) -> object:
        """Also ends one that would end by itself. Twice changes nothing."""
        end = await read_input(request, RefundEnd)
        found = self._sandbox.book.find_refund(request.path_params["batchNo"])
        if found is None:
            raise WrongInput("no such batchNo", 404)
        account, refund = found
        settle_refund(self._sandbox, account, refund, end.result)
        await self._sandbox.durable()
        return _told_refund(account, refund)

    async def _list_chargebacks(self, request: Request) -> object:
        """Every dispute that was raised, oldest first, of all gateway numbers."""
        return [
            {**chargeback_data(chargeback, order), "gatewayNo": account.gateway_no}
            for account in self._sandbox.book.accounts()
            for chargeback in account.chargebacks()
            if (order := account.order(chargeback.trade_no)) is not None
        ]

    async def _raise_chargeback(self, request: Request) -> object:
        dispute = await read_input(request, Dispute)
        account, order = self._paid(dispute.order_no, dispute.trade_no)
        amount = dispute.amount or order.amount
        if not is_amount(amount, order.currency):
            raise WrongInput(f"no amount of {order.currency}: {amount!r}")
        chargeback = raise_chargeback(self._sandbox, account, order, amount, dispute.reason)
        await self._sandbox.durable()
        return chargeback_data(chargeback, order)

    async def _move_parcel(self, request: Request) -> object:
        parcel = await read_input(request, Parcel)
        found = self._sandbox.book.find_order(request.path_params["tradeNo"])
        if found is None or found[1].shipment is None:
            raise WrongInput("no shipment of that tradeNo", 404)
        account, order = found
        moved = msgspec.structs.replace(found[1].shipment, status=parcel.status)
        account.ship(order, moved)
        await self._sandbox.durable()
        return {"tradeNo": order.trade_no, "logisticsStatus": moved.status}

    async def _clear(self, request: Request) -> object:
        """The money is paid out to the merchant, who is told so once."""
        account, order = self._paid("", request.path_params["tradeNo"])
        if not order.cleared:
            account.clear(order)
            event = transaction_event(order, kind="clear")
            self._sandbox.outbox.announce(account, order, event)
        await self._sandbox.durable()
        return {"tradeNo": order.trade_no, "orderNo": order.order_no, "cleared": True}

    def _paid(self, order_no: str, trade_no: str) -> tuple[Account, Order]:
        """Raises WrongInput for an order that is unknown, or of which no money was taken."""
        found = self._sandbox.book.find_named(order_no, trade_no)
        if found is None:
            raise WrongInput("no such order", 404)
        if found[1].status != "success" or found[1].auth_status == "pending":
            raise WrongInput("no money was taken for that order", 409)
        return found


def _told_refund(account: Account, refund: Refund) -> dict[str, str]:
    order = account.order(refund.trade_no)
    return {
        "batchNo": refund.batch_no,
        "merTrackNo": refund.track_no,
        "tradeNo": refund.trade_no,
        "orderNo": order.order_no if order else "",
        "amount": refund.amount,
        "currency": order.currency if order else "",
        "status": refund.status,
        "gatewayNo": account.gateway_no,
    }
