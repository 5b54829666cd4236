"""Amounts are exact text: refused if they do not fit their currency, never rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import (
    AmountInvalid,
    AmountPrecision,
    CurrencyNotSupported,
    Money,
    MoneyError,
    ToldMoney,
    amount_text,
)


@pytest.mark.parametrize(
    ("amount", "currency", "minor_units"),
    [
        ("10.99", "USD", 1099),
        ("10.9", "USD", 1090),
        ("10", "USD", 1000),
        ("0.01", "EUR", 1),
        ("80", "JPY", 80),
        ("600", "KRW", 600),
        ("1.25", "KWD", 1250),
        ("1.25", "TND", 1250),
        ("3000000000", "USD", 300000000000),
        ("9999999999999.99", "USD", 999999999999999),
    ],
)
def test_minor_units_follow_the_currency(amount: str, currency: str, minor_units: int) -> None:
    money = Money(amount, currency)
    assert money.minor_units == minor_units
    assert money.amount == amount


@pytest.mark.parametrize(
    ("amount", "currency", "refusal"),
    [
        ("10.999", "USD", AmountPrecision),
        ("10.990", "USD", AmountPrecision),
        ("80.5", "JPY", AmountPrecision),
        ("80.0", "JPY", AmountPrecision),
        ("1.255", "KWD", AmountPrecision),
        ("0", "USD", AmountInvalid),
        ("0.00", "USD", AmountInvalid),
        ("-1", "USD", AmountInvalid),
        ("+1", "USD", AmountInvalid),
        ("01", "USD", AmountInvalid),
        ("1e3", "USD", AmountInvalid),
        (" 1", "USD", AmountInvalid),
        ("1\n", "USD", AmountInvalid),
        ("1.", "USD", AmountInvalid),
        (".5", "USD", AmountInvalid),
        ("1,000", "USD", AmountInvalid),
        ("1_000", "USD", AmountInvalid),
        ("\u0661", "USD", AmountInvalid),
        ("NaN", "USD", AmountInvalid),
        ("Infinity", "USD", AmountInvalid),
        ("", "USD", AmountInvalid),
        ("12345678901234567", "USD", AmountInvalid),
        ("9" * 5000, "USD", AmountInvalid),
        ("9999999999999999", "KWD", AmountInvalid),
        ("1", "usd", CurrencyNotSupported),
        ("1", "XYZ", CurrencyNotSupported),
        ("1", "XAU", CurrencyNotSupported),
        ("1", "", CurrencyNotSupported),
        ("1", "USD ", CurrencyNotSupported),
    ],
)
def test_an_amount_that_does_not_fit_is_refused_by_its_rule(
    amount: str, currency: str, refusal: type[MoneyError]
) -> None:
    with pytest.raises(refusal):
        Money(amount, currency)


@given(st.text(max_size=20), st.sampled_from(["USD", "JPY", "KWD"]))
def test_any_text_is_money_of_exactly_that_value_or_a_money_error(
    amount: str, currency: str
) -> None:
    try:
        money = Money(amount, currency)
    except MoneyError:
        return
    exponent = {"USD": 2, "JPY": 0, "KWD": 3}[currency]
    assert Decimal(money.minor_units) == Decimal(amount) * 10**exponent


@pytest.mark.parametrize(
    ("minor_units", "currency", "text"),
    [
        (1099, "USD", "10.99"),
        (1090, "USD", "10.90"),
        (0, "USD", "0.00"),
        (80, "JPY", "80"),
        (0, "JPY", "0"),
        (1250, "KWD", "1.25"),
        (1255, "KWD", "1.255"),
        (2**63 - 1, "USD", "92233720368547758.07"),
    ],
)
def test_minor_units_are_written_in_major_ones(minor_units: int, currency: str, text: str) -> None:
    assert amount_text(minor_units, currency) == text


@given(st.integers(1, 10**13), st.sampled_from(["USD", "JPY", "KWD"]))
def test_what_is_left_of_an_amount_can_be_given_back(cents: int, currency: str) -> None:
    """No currency's rest is written in a way that Asiabill, or we, would refuse."""
    minor_units = cents * 10 if currency == "KWD" else cents
    money = Money(amount_text(minor_units, currency), currency)
    assert money.minor_units == minor_units


@pytest.mark.parametrize(
    ("amount", "currency", "shown", "minor_units"),
    [
        ("10.9", "USD", "10.90", 1090),
        ("10", "EUR", "10.00", 1000),
        ("80.0", "JPY", "80", 80),
        ("1.250", "KWD", "1.25", 1250),
        ("1.255", "KWD", "1.255", 1255),
        ("-4.5", "USD", "-4.50", -450),
        ("0", "USD", "0.00", 0),
        ("1E+3", "USD", "1000.00", 100_000),
        ("10.999", "USD", "10.999", 1099),
        ("-10.999", "USD", "-10.999", -1099),
        ("7000", "BYR", "7000", 7000),
        ("3", "ZZZ", "3.00", 300),
        ("3", "", "3.00", 300),
    ],
)
def test_an_amount_of_another_s_book_is_shown_exactly(
    amount: str, currency: str, shown: str, minor_units: int
) -> None:
    assert ToldMoney.of(amount, currency) == ToldMoney(shown, currency, minor_units)


@pytest.mark.parametrize(
    "amount", ["", "plenty", "NaN", "Infinity", "1e999999", "1e-999", "1" * 41]
)
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(AmountInvalid):
        ToldMoney.of(amount, "USD")


@given(st.decimals(-(10**15), 10**15, places=2), st.sampled_from(["USD", "JPY", "KWD", "ZZZ"]))
def test_an_amount_of_another_s_book_keeps_its_value(amount: Decimal, currency: str) -> None:
    assert Decimal(ToldMoney.of(str(amount), currency).amount) == amount
