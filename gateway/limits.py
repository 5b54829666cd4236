"""The limits against card testing, as an operator writes them, and what they are where nothing is said."""

import re
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator
from pydantic_settings import NoDecode

from ledger import Rate

if TYPE_CHECKING:
    from gateway.settings import Settings

# No count is kept of it.
_OFF: Final = Rate(0, 0)
_SPANS: Final = {"s": 1, "m": 60, "h": 3600}

DEFAULTS: Final = {
    "card_sessions": Rate(30, 3600),
    "new_cards": Rate(5, 3600),
    "charges": Rate(10, 3600),
    "declines": Rate(3, 900),
    "address_attempts": Rate(60, 3600),
    "address_declines": Rate(10, 900),
    "card_attempts": Rate(10, 3600),
    "card_declines": Rate(5, 3600),
    "account_declines": Rate(20, 600),
    "strangers": Rate(20, 600),
}
# A developer pays a hundred times an hour, as one customer and with one card.
_SIMULATED: Final = 20


def _rate(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    if value.strip().lower() == "off":
        return _OFF
    written = re.fullmatch(r"(\d{1,9})/(\d{1,5})([smh])", value.strip(), re.ASCII)
    if written is None or not int(written[2]):
        raise ValueError("a limit is written like 5/1h, 3/15m or off")
    return Rate(int(written[1]), int(written[2]) * _SPANS[written[3]])


# `5/1h`, `3/15m` or `off`; None where nothing is said.
Limit = Annotated[Rate | None, NoDecode, BeforeValidator(_rate)]


def rates(settings: "Settings") -> dict[str, Rate | None]:
    """By name; None for one that is off."""
    return {name: _effective(settings, name) for name in DEFAULTS}


def _effective(settings: "Settings", name: str) -> Rate | None:
    said: Rate | None = getattr(settings, f"limit_{name}")
    if said is not None:
        return None if said == _OFF else said
    rate = DEFAULTS[name]
    return Rate(rate.most * _SIMULATED, rate.seconds) if settings.simulated else rate
