"""The schema's own scalars. None of them repeats a value in an error: it may be a card number."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import NewType
from urllib.parse import urlsplit

import strawberry
from graphql import GraphQLError
from stdnum import luhn
from strawberry.types.scalar import ScalarDefinition

from clients.asiabill import RawCard

Decimal = NewType("Decimal", str)
BigInt = NewType("BigInt", int)
CurrencyCode = NewType("CurrencyCode", str)
CountryCode = NewType("CountryCode", str)
URL = NewType("URL", str)

_PLAIN_DECIMAL = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_YEAR = re.compile(r"\d{2}|\d{4}", re.ASCII)
_MAX_URL = 1000


def _text(value: object, scalar: str, pattern: re.Pattern[str], expected: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise GraphQLError(f"{scalar} must be {expected}.")
    return value


def _decimal(value: object) -> Decimal:
    return Decimal(_text(value, "Decimal", _PLAIN_DECIMAL, 'exact text such as "10.99"'))


def _big_int(value: object) -> BigInt:
    return BigInt(int(_text(value, "BigInt", re.compile(r"-?\d{1,40}"), "a whole number as text")))


def _currency(value: object) -> CurrencyCode:
    return CurrencyCode(_text(value, "CurrencyCode", _CURRENCY, 'an ISO 4217 code such as "USD"'))


def _country(value: object) -> CountryCode:
    return CountryCode(
        _text(value, "CountryCode", _COUNTRY, 'an ISO 3166-1 alpha-2 code such as "DE"')
    )


def _url(value: object) -> URL:
    """An absolute URL of printable ASCII, without a user name in it."""
    if (
        isinstance(value, str)
        and len(value) <= _MAX_URL
        and value.isascii()
        and value.isprintable()
    ):
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme and (parts.netloc or parts.path) and "@" not in parts.netloc:
            return URL(value)
    raise GraphQLError("URL must be an absolute URL.")


def _raw_card(value: object) -> RawCard:
    """{number, expMonth, expYear, securityCode}, each text or a number; nothing else."""
    fields = {"number", "expMonth", "expYear", "securityCode"}
    if not isinstance(value, dict) or set(value) != fields:
        raise GraphQLError(f"RawCard must have exactly the fields {', '.join(sorted(fields))}.")
    texts = {name: str(value[name]).replace(" ", "") for name in fields}
    number, month, year = texts["number"], texts["expMonth"], texts["expYear"]
    if not re.fullmatch(r"\d{12,19}", number, re.ASCII) or not luhn.is_valid(number):
        raise GraphQLError("RawCard.number is not a card number.")
    if not re.fullmatch(r"0?[1-9]|1[0-2]", month, re.ASCII):
        raise GraphQLError("RawCard.expMonth must be 1 to 12.")
    if not _YEAR.fullmatch(year):
        raise GraphQLError("RawCard.expYear must be a year such as 2030.")
    if not re.fullmatch(r"\d{3,4}", texts["securityCode"], re.ASCII):
        raise GraphQLError("RawCard.securityCode must have 3 or 4 digits.")
    return RawCard(
        number=number,
        exp_month=month.zfill(2),
        exp_year=year if len(year) == 4 else f"20{year}",
        security_code=texts["securityCode"],
    )


def _never(value: object) -> str:
    raise GraphQLError("RawCard is never given out.")


def _no_literal(node: object, variables: object = None) -> RawCard:
    # A literal would be part of the query text, which caches, logs and tools keep.
    raise GraphQLError("RawCard is taken from variables only.")


def _date_time(value: object) -> datetime:
    try:
        if isinstance(value, str):
            instant = datetime.fromisoformat(value)
            if instant.tzinfo is not None:
                return instant
    except ValueError:
        pass
    raise GraphQLError("DateTime must be an RFC 3339 instant with its zone.")


def _rfc3339(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _scalar(
    name: str,
    description: str,
    parse_value: Callable[[object], object],
    serialize: Callable[..., object] = str,
    **more: object,
) -> ScalarDefinition:
    definition: ScalarDefinition = strawberry.scalar(
        name=name,
        description=description,
        parse_value=parse_value,
        serialize=serialize,
        **more,  # type: ignore[call-overload]
    )
    return definition


SCALARS: dict[object, ScalarDefinition] = {
    Decimal: _scalar(
        "Decimal", 'An exact decimal as text, for example "10.99"; never a float.', _decimal
    ),
    BigInt: _scalar("BigInt", "A whole number of any size, as text.", _big_int),
    CurrencyCode: _scalar(
        "CurrencyCode", 'An ISO 4217 currency code, for example "USD".', _currency
    ),
    CountryCode: _scalar(
        "CountryCode", 'An ISO 3166-1 alpha-2 country code, for example "DE".', _country
    ),
    URL: _scalar(
        "URL",
        "An absolute URL; an app scheme is allowed where a return address is asked for.",
        _url,
    ),
    datetime: _scalar(
        "DateTime", "An instant in RFC 3339 form, with its zone.", _date_time, _rfc3339
    ),
    RawCard: _scalar(
        "RawCard",
        "A card's number, expiry and security code as ONE opaque value, given in variables only: "
        "{number, expMonth, expYear, securityCode}. MERCHANT only, and only where raw cards are "
        "enabled. No error, log line or trace ever repeats any part of it.",
        _raw_card,
        _never,
        parse_literal=_no_literal,
    ),
}
