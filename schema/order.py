"""An order as the shop's server names it."""

import strawberry

from clients.asiabill import OrderLine
from resolvers.order import Details, Order
from schema.billing import BillingInput
from schema.money import MoneyInput
from schema.scalar import URL, Decimal


@strawberry.input(description="One row of an order.")
class OrderLineInput:
    """What is bought."""

    title: str = strawberry.field(description="What it is, at most 100 characters.")
    quantity: int = strawberry.field(description="How many, at least 1.")
    unit_price: Decimal = strawberry.field(description="The price of one, in the order's currency.")


@strawberry.input(description="What is paid for. MERCHANT only: a browser never names an amount.")
class OrderInput:
    """An order as the shop's server names it."""

    amount: MoneyInput = strawberry.field(description="What is taken.")
    order_no: str | None = strawberry.field(
        default=None,
        description="1-50 characters, used once; made from the idempotency key where absent.",
    )
    lines: list[OrderLineInput] | None = strawberry.field(
        default=None, description="What is bought, at most 100 rows; Asiabill recommends it."
    )
    shipping: BillingInput | None = strawberry.field(
        default=None, description="Who it is shipped to."
    )
    remark: str | None = strawberry.field(
        default=None, description="The shop's note, at most 500 characters."
    )
    buyer_ip: str | None = strawberry.field(
        default=None, description="The buyer's own address; the caller's where absent."
    )
    website: URL | None = strawberry.field(default=None, description="The shop's address.")

    def to_order(self, path: tuple[str, ...] = ("order",)) -> Order:
        """The order, with its people's texts checked. Raises Rejection."""
        return Order(
            amount=self.amount.amount,
            currency=self.amount.currency,
            order_no=self.order_no,
            details=Details(
                lines=tuple(
                    OrderLine(
                        title=line.title, quantity=str(line.quantity), unit_price=line.unit_price
                    )
                    for line in self.lines or ()
                ),
                shipping=self.shipping.to_asiabill((*path, "shipping")) if self.shipping else None,
                remark=self.remark or "",
                buyer_ip=self.buyer_ip or "",
                website=self.website or "",
            ),
        )
