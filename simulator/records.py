"""What the simulator remembers of each thing. Amounts are text in major units, as they were sent.

Times are seconds since 1970. What a field added later means where it is missing in an old state
file is its default.
"""

from typing import Any, Literal, Self

import msgspec

from simulator.test_cards import APPROVED_INFO

PENDING_INFO = "Pending"


class Customer(msgspec.Struct):
    id: str
    email: str
    first_name: str
    last_name: str
    phone: str
    description: str
    created_at: float


class Card(msgspec.Struct):
    """`customer_id` is "" while the card is bound to nobody; a detached card stays so."""

    id: str
    customer_id: str
    brand: str
    last4: str
    masked: str
    behaviour: str
    billing: dict[str, Any]
    detached: bool = False


class Checkout(msgspec.Struct):
    """What the hosted page of an order asks for, and the billing of a card that is chosen there."""

    method: str
    billing: dict[str, Any]

    @property
    def wants_card(self) -> bool:
        return self.method.casefold() == "credit card"


class Shipment(msgspec.Struct):
    tracking_no: str
    tracking_web: str
    carrier: str
    uploaded_at: float
    status: str = "Pending"


class Order(msgspec.Struct):
    """A charge. `customer_id` is the one it named; `binds` says that success keeps the card.

    `settled_at` is None while pending. `auth_status` is `sale`, or for an authorisation `pending`
    while the money is held and then `capture` or `void`; `hold_ended_at` is the time of that end.
    `checkout` is there where the buyer pays on the hosted page, `series` the tokenType.
    """

    order_no: str
    trade_no: str
    customer_id: str
    payment_method_id: str
    amount: str
    currency: str
    status: str
    info: str
    masked: str
    behaviour: str
    binds: bool
    challenged: bool
    remark: str
    website: str
    return_url: str
    callback_url: str
    goods: list[dict[str, str]]
    created_at: float
    settled_at: float | None
    auth_status: str = "sale"
    refunded: str = "0"
    series: str = ""
    checkout: Checkout | None = None
    hold_ended_at: float | None = None
    shipment: Shipment | None = None
    cleared: bool = False

    def as_of(self, moment: float) -> Self:
        """The order as a look-up saw it then."""
        seen = self
        if self.settled_at is None or self.settled_at > moment:
            seen = msgspec.structs.replace(
                seen, status="pending", info=PENDING_INFO, auth_status="sale"
            )
        elif self.hold_ended_at is not None and self.hold_ended_at > moment:
            seen = msgspec.structs.replace(
                seen, status="success", info=APPROVED_INFO, auth_status="pending"
            )
        if self.shipment is not None and self.shipment.uploaded_at > moment:
            seen = msgspec.structs.replace(seen, shipment=None)
        return seen


class Refund(msgspec.Struct):
    """`fate` is what becomes of it by itself at `due`, and None where it waits to be decided."""

    batch_no: str
    track_no: str
    trade_no: str
    type: str
    amount: str
    reason: str
    remark: str
    created_at: float
    fate: Literal["success", "fail"] | None
    due: float
    status: Literal["pending", "success", "fail"] = "pending"
    settled_at: float | None = None

    def status_as_of(self, moment: float) -> str:
        settled = self.settled_at is not None and self.settled_at <= moment
        return self.status if settled else "pending"


class Chargeback(msgspec.Struct):
    batch_no: str
    trade_no: str
    amount: str
    reason: str
    created_at: float
    reply_by: float


class Shelf(msgspec.Struct):
    """One gateway number's part of the state file."""

    customers: list[Customer] = []
    cards: list[Card] = []
    orders: list[Order] = []
    refunds: list[Refund] = []
    chargebacks: list[Chargeback] = []
