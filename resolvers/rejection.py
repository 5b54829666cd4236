"""What a caller can correct: ends a mutation with an entry in `userErrors`, never with an exception outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from clients.asiabill import AsiabillError, CircuitOpen, NotSent, Refused
from ledger import Charge, ChargeAction, Refund


class ErrorCode(Enum):
    """Why a mutation was not done. Codes are added, never renamed."""

    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    AMOUNT_REQUIRED = "AMOUNT_REQUIRED"
    AMOUNT_PRECISION = "AMOUNT_PRECISION"
    AMOUNT_NOT_ALLOWED_FOR_CALLER = "AMOUNT_NOT_ALLOWED_FOR_CALLER"
    CURRENCY_NOT_SUPPORTED = "CURRENCY_NOT_SUPPORTED"
    CARD_NOT_OWNED = "CARD_NOT_OWNED"
    CARD_DUPLICATE = "CARD_DUPLICATE"
    INTENT_PAID = "INTENT_PAID"
    INTENT_EXPIRED = "INTENT_EXPIRED"
    INTENT_CANCELED = "INTENT_CANCELED"
    CHARGE_IN_PROGRESS = "CHARGE_IN_PROGRESS"
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    RETURN_URL_NOT_ALLOWED = "RETURN_URL_NOT_ALLOWED"
    IDEMPOTENCY_KEY_REQUIRED = "IDEMPOTENCY_KEY_REQUIRED"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    ACTION_NOT_ALLOWED = "ACTION_NOT_ALLOWED"
    REFUND_EXCEEDS_BALANCE = "REFUND_EXCEEDS_BALANCE"
    REFUND_WINDOW_CLOSED = "REFUND_WINDOW_CLOSED"
    RAW_CARDS_DISABLED = "RAW_CARDS_DISABLED"
    SAVED_CARDS_NOT_ENABLED = "SAVED_CARDS_NOT_ENABLED"
    RATE_LIMITED = "RATE_LIMITED"
    UPSTREAM_REJECTED = "UPSTREAM_REJECTED"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"


class UpstreamOutcome(Enum):
    """Whether Asiabill can have acted."""

    NOT_SENT = "NOT_SENT"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


class Rejection(Exception):
    """A call that was not done. `path` names the argument, for example ("order", "amount")."""

    def __init__(self, code: ErrorCode, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path


class KeyReused(Rejection):
    """The idempotency key was used with other arguments; `existing` is what it made then."""

    def __init__(self, existing: Charge | None, refund: Refund | None = None) -> None:
        super().__init__(
            ErrorCode.IDEMPOTENCY_MISMATCH,
            "This idempotency key was used before with other arguments.",
            ("idempotencyKey",),
        )
        self.existing = existing
        self.refund = refund


class NotAllowed(Rejection):
    """`charge` is in no state for what was asked; `allowed` is what may be done to it now."""

    def __init__(self, message: str, charge: Charge, allowed: frozenset[ChargeAction]) -> None:
        super().__init__(ErrorCode.ACTION_NOT_ALLOWED, message, ("chargeId",))
        self.charge = charge
        self.allowed = allowed


class RateLimited(Rejection):
    """Too much of what those do who try out stolen cards. There is room again in so many seconds."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(ErrorCode.RATE_LIMITED, "Too many attempts. Try again later.")
        self.retry_after_seconds = retry_after_seconds


class ChargeRejection(Rejection):
    """A charge that is there already stands in the way; `charge` is that one."""

    def __init__(self, code: ErrorCode, message: str, charge: Charge | None) -> None:
        super().__init__(code, message, ("paymentIntentId",))
        self.charge = charge


class UpstreamRejection(Rejection):
    """Asiabill refused the call or could not be asked.

    `charge` and `refund` are what the call was about, where there is one.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        outcome: UpstreamOutcome,
        upstream_code: str | None = None,
        charge: Charge | None = None,
        retry_after_seconds: int = 1,
        refund: Refund | None = None,
    ) -> None:
        super().__init__(code, message)
        self.outcome = outcome
        self.upstream_code = upstream_code
        rejected = outcome is UpstreamOutcome.REJECTED
        self.retry_after_seconds = None if rejected else retry_after_seconds
        self.charge = charge
        self.refund = refund


def of_upstream(
    error: AsiabillError, charge: Charge | None = None, refund: Refund | None = None
) -> UpstreamRejection:
    """Say what an Asiabill error means to the caller of a mutation."""
    if isinstance(error, Refused):
        if error.saved_cards_disabled:
            code = ErrorCode.SAVED_CARDS_NOT_ENABLED
            message = "Asiabill has not enabled saved cards for this shop."
        else:
            code, message = ErrorCode.UPSTREAM_REJECTED, "Asiabill refused the request."
        return UpstreamRejection(
            code, message, UpstreamOutcome.REJECTED, error.code, charge, refund=refund
        )
    if isinstance(error, NotSent):
        return UpstreamRejection(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "Asiabill could not be reached; nothing was sent.",
            UpstreamOutcome.NOT_SENT,
            charge=charge,
            retry_after_seconds=_retry_after(error),
            refund=refund,
        )
    return UpstreamRejection(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        "Asiabill's answer was lost; it is not known whether it acted.",
        UpstreamOutcome.UNKNOWN,
        charge=charge,
        refund=refund,
    )


@contextmanager
def asked_first() -> Iterator[None]:
    """For what a mutation must know of Asiabill before it does anything: a failure there means
    that nothing was done."""
    try:
        yield
    except Refused as error:
        raise of_upstream(error) from error
    except AsiabillError as error:
        raise UpstreamRejection(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "Asiabill did not answer a question that comes first; nothing was done.",
            UpstreamOutcome.NOT_SENT,
            retry_after_seconds=_retry_after(error),
        ) from error


def _retry_after(error: AsiabillError) -> int:
    return error.retry_after if isinstance(error, CircuitOpen) else 1


@contextmanager
def upstream_rejected() -> Iterator[None]:
    """Turn an Asiabill error inside a mutation into a Rejection."""
    try:
        yield
    except AsiabillError as error:
        raise of_upstream(error) from error
