"""What is paid for: the part of an order that only Asiabill reads."""

import ipaddress

import msgspec

from clients.asiabill import Billing, OrderLine
from ledger import Money
from resolvers import argument


class Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes to Asiabill beside the amount; kept with an intent until it is charged."""

    lines: tuple[OrderLine, ...] = ()
    shipping: Billing | None = None
    remark: str = ""
    buyer_ip: str = ""
    website: str = ""

    def dumped(self) -> str:
        """As the ledger keeps it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def loaded(cls, text: str | None) -> "Details":
        """What `dumped` gave; nothing for None."""
        return msgspec.json.decode(text, type=cls) if text else cls()


class Order(msgspec.Struct, frozen=True):
    """An order as the shop's server names it. `amount` is exact text in major units."""

    amount: str
    currency: str
    order_no: str | None
    details: Details


def money(order: Order, path: argument.Path = ("order",)) -> Money:
    """The amount, or a Rejection that names what is wrong with it. `path` is the order's own."""
    return argument.money(order.amount, order.currency, (*path, "amount"))


def checked(order: Order, path: argument.Path = ("order",)) -> Order:
    """The order, or a Rejection for a text that Asiabill could not take.

    `path` is the order's own. Source: contract 5.4.
    """
    details = order.details
    if order.order_no is not None:
        argument.order_no(order.order_no, (*path, "orderNo"))
    argument.text(details.remark, (*path, "remark"), least=0, most=500)
    argument.text(details.website, (*path, "website"), least=0, most=200)
    if details.buyer_ip:
        try:
            ipaddress.ip_address(details.buyer_ip)
        except ValueError:
            argument.invalid("buyerIp is not an IP address.", (*path, "buyerIp"))
    if len(details.lines) > 100:
        argument.invalid("lines may have at most 100 rows.", (*path, "lines"))
    for place, line in enumerate(details.lines):
        row = (*path, "lines", str(place))
        argument.text(line.title, (*row, "title"), most=100)
        if not line.quantity.isdecimal() or int(line.quantity) < 1:
            argument.invalid("quantity must be at least 1.", (*row, "quantity"))
        if line.unit_price.startswith("-"):
            argument.invalid("unitPrice must not be negative.", (*row, "unitPrice"))
    return order
