"""A charge as the ledger keeps it, and what a caller hands over to begin one."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ledger.money import Money
from ledger.status import (
    ACTION_IN_DOUBT,
    ActionStatus,
    Alarm,
    ChargeStatus,
    ChargeUsage,
    EventSource,
    HoldAction,
)

if TYPE_CHECKING:
    from ledger.transition import Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCharge:
    """What is asked for. With `intent_id` order number, money and return URL are the intent's.

    `args_digest` stands for everything that makes two calls with one key the same call.
    """

    account: str
    customer_id: str | None
    payment_method_id: str | None
    args_digest: str
    live: bool
    order_no: str | None = None
    money: Money | None = None
    usage: ChargeUsage = ChargeUsage.ON_SESSION
    return_url: str | None = None
    intent_id: str | None = None
    key_scope: str = ""
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One attempt to take money. `amount` is the exact text that goes to Asiabill.

    `heard`: Asiabill has spoken of this order since it was last sent. `empty_looks`: look-ups after
    the grace that found no such order. `late_success`: money moved after this charge had ended
    without. `action`: the capture or void of a hold that is under way, or that ended the hold;
    `action_at` is when it was begun or, later, sent. `version` rises with every message.
    """

    account: str
    id: str
    order_no: str
    status: ChargeStatus
    trade_no: str | None
    customer_id: str | None
    payment_method_id: str | None
    amount: str
    currency: str
    minor_units: int
    usage: ChargeUsage
    live: bool
    intent_id: str | None
    attempt: int
    key_scope: str
    idempotency_key: str | None
    args_digest: str
    send_no: int
    sent_at: datetime | None
    heard: bool
    request_ids: list[str]
    redirect_url: str | None
    return_url: str | None
    masked_card: str | None
    upstream_code: str | None
    upstream_message: str | None
    webhook_count: int
    empty_looks: int
    late_success: bool
    looks: int
    next_look_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    action: HoldAction | None = None
    action_status: ActionStatus | None = None
    action_send_no: int = 0
    action_at: datetime | None = None

    @property
    def final(self) -> bool:
        """No further change of status is expected."""
        return self.status.final

    @property
    def action_in_doubt(self) -> bool:
        """A capture or void was sent, and only a look-up or a webhook tells whether it was done."""
        return self.action_status in ACTION_IN_DOUBT


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeEvent:
    """A line of a charge's history. `count` messages of the same kind in a row share one line;
    `at` is the first of them and `last_at` the last. `applied`: the status moved."""

    account: str
    charge_id: str
    seq: int
    at: datetime
    last_at: datetime
    count: int
    status: ChargeStatus
    source: EventSource
    kind: str
    applied: bool
    note: str
    alarm: Alarm | None


@dataclass(frozen=True, slots=True)
class Begun:
    """`created` is False for a twin: the charge is the first one's, in its present state."""

    charge: Charge
    created: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """The charge after a message, and what the message did to it."""

    charge: Charge
    transition: "Transition"
