"""What the ledger refuses, and why. Business records ride along so that a caller can answer with them.

LedgerError
+-- LedgerUnavailable     the database cannot be used now; nothing was written
+-- WrongRevision         the database's schema is not this program's
+-- NotSendable           somebody else has sent this charge, or it has ended
+-- RefundNotSendable     the same of a refund
+-- UnknownCharge
+-- UnknownRefund
+-- UnknownIntent
+-- IdempotencyMismatch   the key was used for another call
+-- OrderNoTaken
+-- IntentPaid, IntentExpired, IntentCanceled, ChargeInProgress, TooManyAttempts
+-- NotRefundable, CurrencyDiffers, RefundExceedsBalance
+-- ActionNotAllowed, ActionInProgress
+-- LimitReached          too many of something; in `tally.py`
+-- ClaimLost             the claim on a request was taken over after its lease
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.charge import Charge
    from ledger.intent import Intent
    from ledger.refund import Refund


class LedgerError(Exception):
    """Root of everything that this room raises by intent, beside ValueError for bad arguments."""


class LedgerUnavailable(LedgerError):
    """The database is locked, full, read-only or gone. Nothing was written as far as is known."""


class WrongRevision(LedgerError):
    """The database was not migrated to the revision that this program needs."""


class NotSendable(LedgerError):
    """`charge`, or its action, is not, or no longer, waiting to be sent: the caller must not send."""

    def __init__(self, charge: "Charge") -> None:
        super().__init__(f"charge {charge.id} is {charge.status}")
        self.charge = charge


class RefundNotSendable(LedgerError):
    """`refund` is not, or no longer, waiting to be sent: the caller must not send."""

    def __init__(self, refund: "Refund") -> None:
        super().__init__(f"refund {refund.id} is {refund.status}")
        self.refund = refund


class UnknownCharge(LedgerError):
    """There is no such charge in this account."""


class UnknownRefund(LedgerError):
    """There is no such refund in this account."""


class UnknownIntent(LedgerError):
    """There is no such intent in this account, or it belongs to another customer."""


class IdempotencyMismatch(LedgerError):
    """The key belongs to `existing`, which was begun with other arguments."""

    def __init__(self, existing: "Charge | Intent | Refund") -> None:
        super().__init__(f"the idempotency key belongs to {existing.id}")
        self.existing = existing


class OrderNoTaken(LedgerError):
    """The order number belongs to `existing`."""

    def __init__(self, existing: "Charge | Intent") -> None:
        super().__init__(f"the order number belongs to {existing.id}")
        self.existing = existing


class IntentRefused(LedgerError):
    """The intent cannot be charged now. `charge` is the one that stands in the way, if one does."""

    def __init__(self, intent_id: str, charge: "Charge | None" = None) -> None:
        super().__init__(f"intent {intent_id}: {type(self).__name__}")
        self.intent_id = intent_id
        self.charge = charge


class IntentPaid(IntentRefused):
    """`charge` took the money (also where it came too late to be told so)."""


class IntentExpired(IntentRefused):
    """Its time is over."""


class IntentCanceled(IntentRefused):
    """The merchant took it back."""


class TooManyAttempts(IntentRefused):
    """All its attempts are used."""


class ChargeInProgress(LedgerError):
    """`existing` is under way on the same intent."""

    def __init__(self, existing: "Charge") -> None:
        super().__init__(f"charge {existing.id} is {existing.status}")
        self.existing = existing


class NotRefundable(LedgerError):
    """`charge` has taken no money that could be given back."""

    def __init__(self, charge: "Charge") -> None:
        super().__init__(f"charge {charge.id} is {charge.status}")
        self.charge = charge


class CurrencyDiffers(LedgerError):
    """Money goes back in the currency of `charge` alone."""

    def __init__(self, charge: "Charge") -> None:
        super().__init__(f"charge {charge.id} is in {charge.currency}")
        self.charge = charge


class RefundExceedsBalance(LedgerError):
    """More than is left of `charge`. `left` is decimal text in major units, "0.00" for nothing."""

    def __init__(self, charge: "Charge", left: str) -> None:
        super().__init__(f"charge {charge.id} has {left} {charge.currency} left")
        self.charge = charge
        self.left = left


class ActionNotAllowed(LedgerError):
    """`charge` holds no money that could be captured or released."""

    def __init__(self, charge: "Charge") -> None:
        super().__init__(f"charge {charge.id} is {charge.status}")
        self.charge = charge


class ActionInProgress(LedgerError):
    """A capture or void of `charge` is under way, or its answer was lost."""

    def __init__(self, charge: "Charge") -> None:
        super().__init__(f"charge {charge.id}: {charge.action} is {charge.action_status}")
        self.charge = charge


class ClaimLost(LedgerError):
    """Another caller took the request over; this one's result is not kept."""
