"""The states a charge and a refund can be in, and where news of them can come from."""

from enum import StrEnum
from typing import Literal


class ChargeStatus(StrEnum):
    """What we know of one attempt to take money."""

    CREATED = "CREATED"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    PROCESSING = "PROCESSING"
    UNKNOWN = "UNKNOWN"
    AUTHORIZED = "AUTHORIZED"
    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"
    FAILED = "FAILED"

    @property
    def final(self) -> bool:
        """No message changes it any more."""
        return self in FINAL

    @property
    def unsettled(self) -> bool:
        """It was sent, and only Asiabill knows how it ended."""
        return self in UNSETTLED


FINAL = frozenset(
    {ChargeStatus.SUCCEEDED, ChargeStatus.DECLINED, ChargeStatus.VOIDED, ChargeStatus.FAILED}
)
UNSETTLED = frozenset({ChargeStatus.REQUIRES_ACTION, ChargeStatus.PROCESSING, ChargeStatus.UNKNOWN})
# Ended without money: these alone leave an intent free for another attempt.
FRUITLESS = frozenset({ChargeStatus.DECLINED, ChargeStatus.VOIDED, ChargeStatus.FAILED})


class RefundStatus(StrEnum):
    """What we know of one attempt to give money back."""

    # Stored, not sent.
    CREATED = "CREATED"
    # Asiabill has taken it and works on it.
    PENDING = "PENDING"
    # Sent, and no answer is known, from the moment that it was sent.
    UNKNOWN = "UNKNOWN"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def final(self) -> bool:
        """No message changes it any more."""
        return self in REFUND_FINAL

    @property
    def unsettled(self) -> bool:
        """It was sent, and only Asiabill knows how it ends."""
        return self in REFUND_UNSETTLED


REFUND_FINAL = frozenset({RefundStatus.SUCCEEDED, RefundStatus.FAILED})
REFUND_UNSETTLED = frozenset({RefundStatus.PENDING, RefundStatus.UNKNOWN})


class ChargeAction(StrEnum):
    """What a merchant may do to a charge."""

    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"
    RECONCILE = "RECONCILE"
    UPLOAD_SHIPMENT = "UPLOAD_SHIPMENT"


HoldAction = Literal[ChargeAction.CAPTURE, ChargeAction.VOID]


class ActionStatus(StrEnum):
    """How far the capture or the void of a hold has come."""

    # Stored, not sent.
    BEGUN = "BEGUN"
    SENT = "SENT"
    # Sent, and the answer was lost.
    UNKNOWN = "UNKNOWN"
    DONE = "DONE"


# Asiabill may have acted, or may still: nothing else is sent until a look-up has told.
ACTION_IN_DOUBT = frozenset({ActionStatus.SENT, ActionStatus.UNKNOWN})


class EventSource(StrEnum):
    """Who brought the message that a line of history records."""

    REQUEST = "REQUEST"
    RESPONSE = "RESPONSE"
    WEBHOOK = "WEBHOOK"
    RETURN_PAGE = "RETURN_PAGE"
    LOOKUP = "LOOKUP"
    OPERATOR = "OPERATOR"


class ChargeUsage(StrEnum):
    """Whether the buyer is present, and whether a series begins or goes on."""

    ON_SESSION = "ON_SESSION"
    INITIAL_RECURRING = "INITIAL_RECURRING"
    RECURRING = "RECURRING"


class IntentStatus(StrEnum):
    """Derived from an intent's charges and times, never stored."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    CANCELED = "CANCELED"


class Alarm(StrEnum):
    """What a person must hear about, because no rule can put it right."""

    # Money was taken or held for a charge that had ended without any.
    LATE_SUCCESS = "late_success"
    # Amount, currency or order number differ from the record.
    MISMATCH = "mismatch"
    # A second trade number for the one order: Asiabill may have acted twice.
    OTHER_TRADE = "other_trade"
    # Asiabill reports an order that, by our record, never left.
    UNSENT = "unsent"
    # Asiabill takes back what it had said before.
    CONTRADICTION = "contradiction"
