"""A refund as the ledger keeps it, and how much of a charge is left to give back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ledger.charge import Charge
from ledger.money import Money
from ledger.status import Alarm, ChargeStatus, EventSource, RefundStatus

if TYPE_CHECKING:
    from ledger.refund_transition import RefundTransition


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefund:
    """What is asked for; without `money`, all that is left of the charge.

    `args_digest` stands for everything that makes two calls with one key the same call.
    """

    account: str
    charge_id: str
    money: Money | None
    reason: str
    args_digest: str
    idempotency_key: str
    key_scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One attempt to give money back. `amount` is the exact text that goes to Asiabill, and `id`
    the number that Asiabill keeps beside its own, `batch_no`.

    `full`: the whole charge, of which nothing was given back before. `in_flight`: sent, and
    neither an answer, nor its loss, nor a notification has been told. `late_success`: money moved
    after this refund had failed. `version` rises with every message.
    """

    account: str
    id: str
    charge_id: str
    amount: str
    currency: str
    minor_units: int
    full: bool
    reason: str
    status: RefundStatus
    batch_no: str | None
    key_scope: str
    idempotency_key: str
    args_digest: str
    send_no: int
    sent_at: datetime | None
    in_flight: bool
    request_ids: list[str]
    upstream_code: str | None
    upstream_message: str | None
    late_success: bool
    looks: int
    next_look_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def final(self) -> bool:
        """No further change of status is expected."""
        return self.status.final

    @property
    def counts(self) -> bool:
        """Its money is given back, or may yet be."""
        return self.status is not RefundStatus.FAILED or self.late_success


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundEvent:
    """A line of a refund's history, as `ChargeEvent` is of a charge's."""

    account: str
    refund_id: str
    seq: int
    at: datetime
    last_at: datetime
    count: int
    status: RefundStatus
    source: EventSource
    kind: str
    applied: bool
    note: str
    alarm: Alarm | None


@dataclass(frozen=True, slots=True)
class RefundBegun:
    """`created` is False for a twin: the refund is the first one's, in its present state."""

    refund: Refund
    created: bool


@dataclass(frozen=True, slots=True)
class RefundSettled:
    """The refund after a message, and what the message did to it."""

    refund: Refund
    transition: "RefundTransition"


def refunded(refunds: Collection[Refund]) -> int:
    """What has been given back, in minor units."""
    return sum(
        refund.minor_units
        for refund in refunds
        if refund.status is RefundStatus.SUCCEEDED or refund.late_success
    )


def refundable(charge: Charge, refunds: Collection[Refund]) -> int:
    """What may still be given back, in minor units, with `refunds` being all of the charge's.

    What is under way or in doubt is spent until it has surely failed.
    """
    if charge.status is not ChargeStatus.SUCCEEDED:
        return 0
    spent = sum(refund.minor_units for refund in refunds if refund.counts)
    return max(0, charge.minor_units - spent)
