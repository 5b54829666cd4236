"""A payment intent: what may be taken, fixed by the merchant, and what became of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.charge import Charge
from ledger.money import Money
from ledger.status import FRUITLESS, ChargeStatus, IntentStatus

_ORDER_NO: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIntent:
    """What the merchant fixes. `details` is the caller's own text (lines, shipping), kept as it is."""

    account: str
    order_no: str
    money: Money
    expires_at: datetime
    args_digest: str
    live: bool
    customer_id: str | None = None
    return_url: str | None = None
    details: str | None = None
    max_attempts: int = 5
    key_scope: str = ""
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An intent with its attempts, oldest first, as seen at one moment.

    `paid_by` is the charge whose money was taken, also where that news came after it had ended.
    """

    account: str
    id: str
    customer_id: str | None
    order_no: str
    amount: str
    currency: str
    minor_units: int
    return_url: str | None
    details: str | None
    live: bool
    max_attempts: int
    key_scope: str
    idempotency_key: str | None
    args_digest: str
    expires_at: datetime
    canceled_at: datetime | None
    created_at: datetime
    charges: tuple[Charge, ...]
    status: IntentStatus
    attempts_left: int
    paid_by: Charge | None

    @property
    def live_charge(self) -> Charge | None:
        """The one attempt that has not ended without money."""
        return next((charge for charge in self.charges if charge.status not in FRUITLESS), None)


@dataclass(frozen=True, slots=True)
class IntentMade:
    """`created` is False where the key had made the intent before."""

    intent: Intent
    created: bool


def payer(charges: tuple[Charge, ...]) -> Charge | None:
    """The charge that took the money."""
    return next(
        (
            charge
            for charge in charges
            if charge.status is ChargeStatus.SUCCEEDED or charge.late_success
        ),
        None,
    )


def status_of(
    charges: tuple[Charge, ...],
    expires_at: datetime,
    canceled_at: datetime | None,
    now: datetime,
) -> IntentStatus:
    """The one place that says how an intent stands. Money counts before everything else."""
    if payer(charges) is not None:
        return IntentStatus.PAID
    if any(charge.status not in FRUITLESS for charge in charges):
        return IntentStatus.IN_PROGRESS
    if canceled_at is not None:
        return IntentStatus.CANCELED
    if expires_at <= now:
        return IntentStatus.EXPIRED
    return IntentStatus.OPEN


def attempts_used(charges: tuple[Charge, ...]) -> int:
    """Attempts that never reached Asiabill cost the buyer nothing."""
    return sum(
        1
        for charge in charges
        if charge.status is not ChargeStatus.FAILED or charge.sent_at is not None
    )


def order_no_of(order_no: str, attempt: int) -> str:
    """The number of one attempt. Asiabill takes each number once, of at most 50 characters."""
    if attempt == 1:
        return order_no
    tail = f"-{attempt}"
    if len(order_no) + len(tail) > _ORDER_NO:
        # What is cut off still has to tell two long numbers apart.
        tail = f"-{hashlib.sha256(order_no.encode()).hexdigest()[:8]}{tail}"
    return order_no[: _ORDER_NO - len(tail)] + tail
