"""What the operator decided."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from ledger import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The operator's numbers; None switches a limit off.

    `key` is what addresses and cards are hashed with before they are counted. `observe` is told the
    name of each limit that refused somebody.
    """

    card_sessions: Rate | None
    new_cards: Rate | None
    charges: Rate | None
    declines: Rate | None
    address_attempts: Rate | None
    address_declines: Rate | None
    card_attempts: Rate | None
    card_declines: Rate | None
    account_declines: Rate | None
    account_decline_percent: int
    strangers: Rate | None
    merchant: bool
    key: bytes = field(repr=False)
    observe: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator decided.

    `live` is False for the simulator and Asiabill's test platform; `public_url` is the address
    that buyers and Asiabill reach this service by; `script_url` is Asiabill's browser SDK;
    `return_origins` is where a buyer may be sent back to; `refund_window` is how long after a
    charge it may be refunded, None for ever.
    """

    live: bool
    raw_cards: bool
    public_url: str
    script_url: str
    return_origins: frozenset[str]
    limits: Limits
    refund_window: timedelta | None = None
