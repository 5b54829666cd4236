"""Everything that can be told about a charge. Each goes through `transition`, and nothing else does."""

from dataclasses import dataclass
from enum import StrEnum

from ledger.status import EventSource, HoldAction


class Outcome(StrEnum):
    """What Asiabill says became of an order."""

    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"
    PENDING = "PENDING"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"
    CLEARED = "CLEARED"

    @property
    def takes_money(self) -> bool:
        """The buyer's money is taken or held."""
        return self in _TAKING


_TAKING = frozenset({Outcome.SUCCEEDED, Outcome.AUTHORIZED, Outcome.CAPTURED, Outcome.CLEARED})
# The sources whose word can settle something.
REPORTING = frozenset({EventSource.RESPONSE, EventSource.WEBHOOK, EventSource.LOOKUP})


@dataclass(frozen=True, slots=True)
class Sent:
    """The request is about to leave: committed before its first byte."""

    request_id: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of the send numbered `send_no` left; raised by the process that made that send."""

    send_no: int
    reason: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Sent, and the answer was lost or unreadable. `code` is Asiabill's, where there was one."""

    reason: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Asiabill refused the request before acting on it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Reported:
    """Asiabill's word on the order.

    `amount` is decimal text in major units; None where the interface does not carry it (the answer
    to a capture). Raises ValueError for a source whose word settles nothing, as the return page's.
    """

    source: EventSource
    outcome: Outcome
    order_no: str
    amount: str | None = None
    currency: str | None = None
    trade_no: str | None = None
    redirect_url: str | None = None
    masked_card: str | None = None
    code: str | None = None
    message: str | None = None

    def __post_init__(self) -> None:
        if self.source not in REPORTING:
            raise ValueError(f"{self.source} cannot report an outcome")


@dataclass(frozen=True, slots=True)
class NotFound:
    """`looks` look-ups in a row (usually one) found no such order."""

    looks: int = 1


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A charge that was never sent is given up."""

    reason: str


@dataclass(frozen=True, slots=True)
class Returned:
    """The buyer came back by the return page, whose signature proves too little to settle anything."""

    note: str = "the buyer came back"


@dataclass(frozen=True, slots=True)
class ActionBegun:
    """The capture or void of a hold is stored, to be sent next."""

    kind: HoldAction


@dataclass(frozen=True, slots=True)
class ActionSent:
    """The capture or void is about to leave: committed before its first byte."""

    kind: HoldAction
    request_id: str


@dataclass(frozen=True, slots=True)
class ActionNotSent:
    """No byte of the action's send numbered `send_no` left."""

    send_no: int
    reason: str


@dataclass(frozen=True, slots=True)
class ActionLost:
    """The answer to that send was lost, unreadable, or says that it is still worked on."""

    send_no: int
    reason: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class ActionRefused:
    """Asiabill did not do what that send asked for: the hold stands as it was."""

    send_no: int
    code: str
    message: str


ActionMessage = ActionBegun | ActionSent | ActionNotSent | ActionLost | ActionRefused
Message = (
    Sent | NotSent | NoAnswer | Refused | Reported | NotFound | Lapsed | Returned | ActionMessage
)


def source_of(message: Message) -> EventSource:
    """Where the line of history says that a message came from."""
    match message:
        case Reported():
            return message.source
        case Sent() | NotSent() | Lapsed() | ActionBegun() | ActionSent() | ActionNotSent():
            return EventSource.REQUEST
        case NoAnswer() | Refused() | ActionLost() | ActionRefused():
            return EventSource.RESPONSE
        case NotFound():
            return EventSource.LOOKUP
        case Returned():
            return EventSource.RETURN_PAGE
