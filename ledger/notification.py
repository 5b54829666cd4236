"""A verified message that Asiabill sent of its own accord."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# What else an order's or a refund's message says of money. Source: contract 7.
_MONEY: Final = ("orderAmount", "orderCurrency", "amount", "currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotification:
    """The parsed message. `trade_no`, `batch_no`, `status` are "" where its type has none.

    Two messages that agree in type, trade number, batch number and status are one, delivered twice,
    unless they name another order or other money.
    `fields` keeps what else is needed of it: never the whole body.
    """

    account: str
    type: str
    order_no: str
    body_sha256: str
    trade_no: str = ""
    batch_no: str = ""
    status: str = ""
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A stored message. `id` rises in the order in which messages become visible.

    `applied_at` is None until it has been told to its charge.
    """

    account: str
    id: int
    type: str
    trade_no: str
    batch_no: str
    status: str
    order_no: str
    fields: dict[str, str]
    body_sha256: str
    charge_id: str | None
    deliveries: int
    received_at: datetime
    last_received_at: datetime
    applied_at: datetime | None

    def says(self, order_no: str, fields: Mapping[str, str]) -> bool:
        """It names this order, and the money that these fields name."""
        same = all(self.fields.get(name) == fields.get(name) for name in _MONEY)
        return same and self.order_no == order_no


@dataclass(frozen=True, slots=True)
class Recorded:
    """`is_new` is False for a repeat, which was only counted."""

    notification: Notification
    is_new: bool
