"""Everything that can be told about a refund. Each goes through `refund_transition`."""

from dataclasses import dataclass
from enum import StrEnum

from ledger.message import REPORTING, Lapsed, NoAnswer, NotSent, Refused, Sent, source_of
from ledger.status import EventSource


class RefundOutcome(StrEnum):
    """What Asiabill says became of a refund."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class RefundReported:
    """Asiabill's word on a refund. `batch_no` is its own number, `refund_id` ours (merTrackNo).

    `amount` is decimal text in major units. What is None was not said; what was said is compared
    with the record. Raises ValueError for a source whose word settles nothing.
    """

    source: EventSource
    outcome: RefundOutcome
    batch_no: str | None = None
    refund_id: str | None = None
    amount: str | None = None
    currency: str | None = None
    code: str | None = None
    message: str | None = None

    def __post_init__(self) -> None:
        if self.source not in REPORTING:
            raise ValueError(f"{self.source} cannot report an outcome")


@dataclass(frozen=True, slots=True)
class NotMade:
    """A person's word, after a look at Asiabill's own desk: there is no such refund."""


RefundMessage = Sent | NotSent | NoAnswer | Refused | Lapsed | RefundReported | NotMade


def refund_source_of(message: RefundMessage) -> EventSource:
    """Where the line of history says that a message came from."""
    match message:
        case RefundReported():
            return message.source
        case NotMade():
            return EventSource.OPERATOR
        case _:
            return source_of(message)
