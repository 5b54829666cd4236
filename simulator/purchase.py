"""What every request that makes an order has in common. Source: contract 5.4 to 5.6.

Assumed, since no source says it: a repeated orderNo makes no order and sends no webhook.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from simulator.book import Account
from simulator.customers import known_customer
from simulator.endpoint import Call
from simulator.fields import Fields, Refusal
from simulator.money import read_money
from simulator.payment_methods import require_saved_cards
from simulator.records import PENDING_INFO, Checkout, Order

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox

DUPLICATE_INFO = "I0061:Duplicate Order"

_IS_MOBILE = re.compile("[0-3]")
_HTTP_URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
_ANY_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is bought and where its outcome is told. Amounts as written, in major units."""

    order_no: str
    amount: str
    currency: str
    return_url: str
    callback_url: str
    website: str
    remark: str
    goods: list[dict[str, str]]

    @classmethod
    def read(cls, body: Fields, *, with_buyer: bool = True) -> Self:
        """`with_buyer`: somebody waits to be sent back, so returnUrl is required. Raises Refusal."""
        order_no = body.required("orderNo", 50)
        amount, currency = read_money(body)
        return_url = body.text("returnUrl", 1000, pattern=_ANY_URL)
        if with_buyer and not return_url:
            raise Refusal.incorrect("returnUrl")
        body.text("customerIp", 50)
        body.text("platform", 10)
        body.text("isMobile", 1, pattern=_IS_MOBILE)
        return cls(
            order_no=order_no,
            amount=amount,
            currency=currency,
            return_url=return_url,
            callback_url=body.text("callbackUrl", 1000, pattern=_HTTP_URL),
            website=body.text("webSite", 200),
            remark=body.text("remark", 500),
            goods=_goods(body.objects("goodsDetails")),
        )

    def is_duplicate(self, account: Account) -> bool:
        """Whether the orderNo is taken by an order that was paid or may still be."""
        return any(order.status != "fail" for order in account.orders_numbered(self.order_no))

    def order(
        self,
        call: Call,
        *,
        customer_id: str,
        payment_method_id: str = "",
        masked: str = "",
        behaviour: str = "",
        challenged: bool = False,
        series: str = "",
        checkout: Checkout | None = None,
    ) -> Order:
        """A new order that is pending and not in the book yet."""
        return Order(
            order_no=self.order_no,
            trade_no=_fresh_trade_no(call.sandbox),
            customer_id=customer_id,
            payment_method_id=payment_method_id,
            amount=self.amount,
            currency=self.currency,
            status="pending",
            info=PENDING_INFO,
            masked=masked,
            behaviour=behaviour,
            binds=bool(customer_id),
            challenged=challenged,
            remark=self.remark,
            website=self.website,
            return_url=self.return_url,
            callback_url=self.callback_url,
            goods=self.goods,
            created_at=call.now,
            settled_at=None,
            series=series,
            checkout=checkout,
        )

    def answer(self, order: Order | None, redirect_url: str = "") -> dict[str, Any]:
        """The fields that all such answers have; without an order the orderNo was a duplicate."""
        return {
            "redirectUrl": redirect_url,
            "orderStatus": order.status if order else "fail",
            "orderInfo": order.info if order else DUPLICATE_INFO,
            "remark": self.remark,
            "tradeNo": order.trade_no if order else "",
            "orderNo": self.order_no,
            "orderAmount": self.amount,
            "orderCurrency": self.currency,
        }


def named_customer(call: Call) -> str:
    """The id of the customer that the body names, or "". Raises Refusal P0002."""
    customer_id = call.body.text("customerId", 100)
    if not customer_id:
        return ""
    require_saved_cards(call.saved_cards)
    return known_customer(call.account, customer_id).id


def page_address(call: Call, path: str) -> str:
    """The address of one of the simulator's pages, for the buyer's browser."""
    origin = call.sandbox.options.public_url or f"http://{call.host}"
    return origin.rstrip("/") + path


def _goods(items: Iterable[Fields]) -> list[dict[str, str]]:
    return [
        {
            "goodsName": item.text("goodsTitle"),
            "goodsNum": item.text("goodsCount", 20),
            "goodsPrice": item.text("goodsPrice", 20),
        }
        for item in items
    ]


def _fresh_trade_no(sandbox: "Sandbox") -> str:
    trade_no = sandbox.numbers.trade_no()
    while sandbox.book.find_order(trade_no) is not None:
        trade_no = sandbox.numbers.trade_no()
    return trade_no
