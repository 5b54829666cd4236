"""Checks of what callers send, each with an error that names the argument."""

import re
from typing import NoReturn

from ledger import AmountPrecision, CurrencyNotSupported, Money, MoneyError
from resolvers.card_number import holds_card_number
from resolvers.rejection import ErrorCode, Rejection

Path = tuple[str, ...]

# Asiabill's ids are "cus_" or "pm_" and 19 digits; letters and digits are let through, since the
# alphabet is not promised. What matters is that an id can't be more than one path segment.
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
# NUL and lone surrogates break databases, other control characters break logs and receipts.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u2028\u2029]")


def invalid(message: str, path: Path) -> NoReturn:
    """Reject an argument."""
    raise Rejection(ErrorCode.INVALID_INPUT, message, path)


def is_id(value: str) -> bool:
    """Whether a text can be an id of Asiabill's at all. A card number is none."""
    return _ID.fullmatch(value) is not None and not holds_card_number(value)


def customer_id(value: str, path: Path = ("customerId",)) -> str:
    """A customer's id, or a Rejection."""
    return value if is_id(value) else invalid("This is not a customer id.", path)


def payment_method_id(value: str, path: Path = ("paymentMethodId",)) -> str:
    """A payment method's id, or a Rejection."""
    return value if is_id(value) else invalid("This is not a payment method id.", path)


def text(value: str, path: Path, *, least: int = 1, most: int) -> str:
    """A text of `least` to `most` characters, or a Rejection.

    It may hold no control character, and no card number: whatever is kept, sent on or shown to
    others is no place for one.
    """
    name = path[-1]
    if _UNPRINTABLE.search(value):
        invalid(f"{name} holds a character that is not allowed.", path)
    if holds_card_number(value):
        invalid(f"{name} holds a card number, which belongs into the card fields alone.", path)
    if not least <= len(value.strip() if least else value) or len(value) > most:
        invalid(f"{name} must have {least} to {most} characters.", path)
    return value


def email(value: str, path: Path) -> str:
    """An e-mail address as far as a form can tell, or a Rejection."""
    text(value, path, most=100)
    return value if _EMAIL.fullmatch(value) else invalid(f"{path[-1]} is not an address.", path)


def money(amount: str, currency: str, path: Path) -> Money:
    """An amount, or a Rejection that names what is wrong with it. `path` is that of the two."""
    try:
        return Money(amount, currency)
    except CurrencyNotSupported as error:
        raise Rejection(
            ErrorCode.CURRENCY_NOT_SUPPORTED, f"{error}.", (*path, "currency")
        ) from error
    except MoneyError as error:
        precise = isinstance(error, AmountPrecision)
        code = ErrorCode.AMOUNT_PRECISION if precise else ErrorCode.INVALID_INPUT
        raise Rejection(code, f"{error}.", (*path, "amount")) from error


def idempotency_key(value: str) -> str:
    """A caller's key: 1-128 printable ASCII characters, or a Rejection."""
    path = ("idempotencyKey",)
    text(value, path, most=128)
    if not (value.isascii() and value.isprintable()):
        invalid("idempotencyKey must be printable ASCII.", path)
    return value


def order_no(value: str, path: Path) -> str:
    """An order number: 1-50 printable ASCII characters, or a Rejection. Source: contract 5.4."""
    text(value, path, most=50)
    if not (value.isascii() and value.isprintable()):
        invalid("orderNo must be printable ASCII.", path)
    return value
