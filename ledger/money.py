"""An exact amount of one currency, checked once and never rounded."""

import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Final, Self

from iso4217 import Currency

_PLAIN: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_LONGEST: Final = 16
_MOST_DECIMALS: Final = 2
_LARGEST: Final = 2**63 - 1
_LONGEST_TOLD: Final = 40
# In Asiabill's list of currencies, with a star for "no decimals", and not in ISO 4217 any more.
_WITHDRAWN: Final = {"BYR": 0}


class MoneyError(ValueError):
    """The amount or its currency cannot be charged. Its text is safe to show."""


class AmountInvalid(MoneyError):
    """Not a plain, positive decimal of at most 16 characters."""


class AmountPrecision(MoneyError):
    """More decimals than the currency, or Asiabill, has."""


class CurrencyNotSupported(MoneyError):
    """Not a currency of ISO 4217 that has a known minor unit."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in major units, as the exact text that was given.

    At most two decimals, none where the currency has no minor unit. Raises AmountInvalid,
    AmountPrecision, CurrencyNotSupported. Source: contract 5.4.
    """

    amount: str
    currency: str

    def __post_init__(self) -> None:
        exponent = _exponent(self.currency)
        if len(self.amount) > _LONGEST:
            raise AmountInvalid(f"the amount is longer than {_LONGEST} characters")
        if not _PLAIN.fullmatch(self.amount):
            raise AmountInvalid("the amount must be a plain decimal, such as 10.99")
        if not Decimal(self.amount):
            raise AmountInvalid("the amount must be greater than zero")
        allowed = min(exponent, _MOST_DECIMALS)
        if len(self.amount.partition(".")[2]) > allowed or ("." in self.amount and not allowed):
            raise AmountPrecision(f"{self.currency} takes at most {allowed} decimals")
        if self.minor_units > _LARGEST:
            raise AmountInvalid("the amount is too large")

    @property
    def minor_units(self) -> int:
        """In the currency's smallest unit: 10.99 USD is 1099, 80 JPY is 80, 1.25 KWD is 1250."""
        return int(Decimal(self.amount).scaleb(_exponent(self.currency)))


@dataclass(frozen=True, slots=True)
class ToldMoney:
    """An amount of somebody else's book: shown, never charged, so that nothing about it is refused.

    `amount` is exact, with the decimals of its currency where it has no more of them. `minor_units`
    leaves out what is smaller than the smallest unit, and takes a hundredth for that of a currency
    that ISO 4217 does not have.
    """

    amount: str
    currency: str
    minor_units: int

    @classmethod
    def of(cls, amount: str, currency: str) -> Self:
        """Raises AmountInvalid for what is no decimal of a length that somebody could owe."""
        try:
            value = Decimal(amount)
        except InvalidOperation:
            value = Decimal("nan")
        if len(amount) > _LONGEST_TOLD or not value.is_finite() or abs(value.adjusted()) > _LONGEST:
            raise AmountInvalid("the amount is no decimal")
        exponent = _WITHDRAWN.get(currency)
        if exponent is None:
            try:
                exponent = _exponent(currency)
            except CurrencyNotSupported:
                exponent = _MOST_DECIMALS
        units = value.scaleb(exponent)
        whole = units.to_integral_value(ROUND_DOWN)
        text = _text(whole, exponent) if whole == units else f"{value:f}"
        return cls(text, currency, int(whole))


def amount_text(minor_units: int, currency: str) -> str:
    """In major units: 1099 USD is "10.99", 80 JPY is "80". Exact, so with a third decimal where
    there is one; never in exponent form. Raises CurrencyNotSupported."""
    return _text(Decimal(minor_units), _exponent(currency))


def same_amount(told: str | None, kept: str) -> bool:
    """Equal by value, whatever the one that was told looks like; garbage equals nothing."""
    try:
        value = Decimal(told or "")
    except InvalidOperation:
        return False
    return value.is_finite() and value == Decimal(kept)


def _text(minor_units: Decimal, exponent: int) -> str:
    whole, point, decimals = f"{minor_units.scaleb(-exponent):.{exponent}f}".partition(".")
    return f"{whole}{point}{decimals[:_MOST_DECIMALS]}{decimals[_MOST_DECIMALS:].rstrip('0')}"


def _exponent(currency: str) -> int:
    try:
        exponent = Currency(currency).exponent
    except ValueError:
        exponent = None
    if exponent is None:
        raise CurrencyNotSupported("the currency is not an ISO 4217 code with a minor unit")
    return int(exponent)
