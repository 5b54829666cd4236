"""What the caller of a mutation can correct, as it is shown. Declines and lost answers are statuses."""

from typing import Self

import strawberry

from ledger import ChargeAction
from resolvers.principal import Role
from resolvers.rejection import (
    ErrorCode,
    KeyReused,
    NotAllowed,
    RateLimited,
    Rejection,
    UpstreamOutcome,
    UpstreamRejection,
)
from schema.charge import Charge
from schema.enumeration import described
from schema.field import read

described(
    ErrorCode,
    "Why a mutation was not done.",
    {
        "INVALID_INPUT": "An argument makes no sense; path names it.",
        "NOT_FOUND": "There is nothing of that id that the caller may use.",
        "AMOUNT_REQUIRED": "Nothing says how much.",
        "AMOUNT_PRECISION": "More decimals than the currency has; amounts are never rounded.",
        "AMOUNT_NOT_ALLOWED_FOR_CALLER": "A client session can't name an amount.",
        "CURRENCY_NOT_SUPPORTED": "Not a currency that can be charged.",
        "CARD_NOT_OWNED": "The card is not one of this customer's.",
        "CARD_DUPLICATE": "The card is one of this customer's already.",
        "INTENT_PAID": "The payment intent is paid; charge shows by what.",
        "INTENT_EXPIRED": "The payment intent's time is over.",
        "INTENT_CANCELED": "The shop took the payment intent back.",
        "CHARGE_IN_PROGRESS": "A charge of the intent is under way; wait for its end.",
        "TOO_MANY_ATTEMPTS": "The payment intent has no attempts left.",
        "RATE_LIMITED": "Too many attempts in a short time; see retryAfterSeconds.",
        "RETURN_URL_NOT_ALLOWED": "The origin of returnUrl is not on this service's list.",
        "IDEMPOTENCY_KEY_REQUIRED": "This call needs an idempotencyKey.",
        "IDEMPOTENCY_MISMATCH": "The key was used before with other arguments.",
        "ACTION_NOT_ALLOWED": "The charge is in no state for it; allowedActions says what is.",
        "REFUND_EXCEEDS_BALANCE": "More than is left to refund; doubtful refunds count as spent.",
        "REFUND_WINDOW_CLOSED": "The charge is too old to be refunded.",
        "RAW_CARDS_DISABLED": "Whole card numbers are not taken here; use the hosted fields.",
        "SAVED_CARDS_NOT_ENABLED": "Asiabill has not enabled saved cards for this shop.",
        "UPSTREAM_REJECTED": "Asiabill refused the request.",
        "UPSTREAM_UNAVAILABLE": "Asiabill could not be reached, or its answer was lost.",
    },
)
described(
    UpstreamOutcome,
    "Whether Asiabill can have acted.",
    {
        "NOT_SENT": "No: nothing reached it. Repeat the call with the same key.",
        "REJECTED": "No: it refused the request.",
        "UNKNOWN": "It may have. Look before you repeat: what is repeated may be made twice.",
    },
)


@strawberry.interface(
    description=(
        "Something that the caller can correct. A decline and a lost answer are NOT errors; they "
        "are charge statuses."
    )
)
class UserError:
    """What every user error tells."""

    code: ErrorCode = strawberry.field(description="The kind of error, for programs.")
    message: str = strawberry.field(description="What is wrong, in English. Safe to show.")
    path: list[str] | None = strawberry.field(
        description='The path of the argument, for example ["order", "amount"].'
    )


@strawberry.type(description="An argument that must be changed.")
class InputError(UserError):
    """A wrong argument."""


@strawberry.type(description="The charge is in no state for what was asked.")
class NotAllowedError(UserError):
    """An action at the wrong time."""

    allowed_actions: list[ChargeAction] = strawberry.field(
        description="What may be done to the charge now."
    )


@strawberry.type(description="The idempotency key was used before with other arguments.")
class IdempotencyError(UserError):
    """A key that means another call."""

    existing_charge: Charge | None = strawberry.field(
        description="The charge that the key made, where it made one."
    )


@strawberry.type(description="Asiabill refused the call or could not be asked.")
class UpstreamError(UserError):
    """Asiabill's part in a mutation that was not done."""

    outcome: UpstreamOutcome = strawberry.field(description="Whether Asiabill can have acted.")
    retry_after_seconds: int | None = strawberry.field(
        description="When to try again with the same key; null where trying again can't help."
    )
    told: strawberry.Private[str | None]

    @read(Role.MERCHANT, Role.OPS, description="Asiabill's own code.")
    def upstream_code(self) -> str | None:
        return self.told


@strawberry.type(
    description=(
        "Too many attempts in a short time; nothing was done. Which limit it was is not told, since "
        "it would help whoever tries out stolen cards."
    )
)
class RateLimitError(UserError):
    """A limit of the operator's."""

    retry_after_seconds: int = strawberry.field(
        description="When to try again, with the same idempotency key."
    )


def of_rejection(rejection: Rejection) -> UserError:
    """Show a rejection as the type that says most about it."""
    code, message, path = rejection.code, rejection.message, list(rejection.path) or None
    match rejection:
        case KeyReused():
            existing = Charge.of(rejection.existing) if rejection.existing else None
            return IdempotencyError(code=code, message=message, path=path, existing_charge=existing)
        case NotAllowed():
            allowed = [action for action in ChargeAction if action in rejection.allowed]
            return NotAllowedError(code=code, message=message, path=path, allowed_actions=allowed)
        case RateLimited():
            seconds = rejection.retry_after_seconds
            return RateLimitError(
                code=code, message=message, path=path, retry_after_seconds=seconds
            )
        case UpstreamRejection():
            return UpstreamError(
                code=code,
                message=message,
                path=path,
                outcome=rejection.outcome,
                retry_after_seconds=rejection.retry_after_seconds,
                told=rejection.upstream_code,
            )
        case _:
            return InputError(code=code, message=message, path=path)


@strawberry.type
class Payload:
    """What every mutation answers. The base of the payload types, and no type of its own."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="What must be corrected; empty where the mutation was done.",
    )

    @classmethod
    def rejected(cls, rejection: Rejection) -> Self:
        """The payload of a call that was not done: `userErrors` and nothing else."""
        return cls(user_errors=[of_rejection(rejection)])
