"""A chargeback: the buyer's bank takes the money back, and the shop may reply until a day."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChargeback:
    """Asiabill's notice. `amount` is decimal text in major units, as it was told: part or all.

    Two notices that agree in trade and batch number are one, delivered twice.
    """

    account: str
    trade_no: str
    batch_no: str
    order_no: str
    amount: str
    currency: str
    reason: str | None = None
    notice_at: datetime | None = None
    reply_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chargeback:
    """A stored notice. `charge_id` is None where the order was not made here."""

    account: str
    id: str
    trade_no: str
    batch_no: str
    order_no: str
    charge_id: str | None
    amount: str
    currency: str
    reason: str | None
    notice_at: datetime | None
    reply_by: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChargebackRecorded:
    """`is_new` is False for a repeat, which changed nothing."""

    chargeback: Chargeback
    is_new: bool
