"""When an unsettled charge is looked up."""

from datetime import timedelta
from typing import Final

from ledger.status import ChargeStatus

# Look n comes STEPS[n] after the one before; the last step repeats for ever. Source: design 5.
STEPS: Final = (
    timedelta(seconds=2),
    timedelta(seconds=5),
    timedelta(seconds=15),
    timedelta(seconds=60),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=1),
)

# A buyer needs minutes on the bank's page, and an order that Asiabill works on seconds.
_FIRST: Final = {
    ChargeStatus.UNKNOWN: 0,
    ChargeStatus.PROCESSING: 1,
    ChargeStatus.REQUIRES_ACTION: 3,
}


def first_look(status: ChargeStatus) -> int | None:
    """Index of the first step; None where the status needs no look."""
    return _FIRST.get(status)


def pause(looks: int) -> timedelta:
    """How long to wait before the look that follows `looks` others."""
    return STEPS[min(looks, len(STEPS) - 1)]
