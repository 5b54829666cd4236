"""Which amounts and currencies a charge may have. Source: contract 5.4 and 9."""

import re

from iso4217 import Currency

from simulator.fields import Fields, Refusal

# Named in Asiabill's list though withdrawn from ISO 4217; BYR had no decimals.
_WITHDRAWN = {"BYR": 0, "BGN": 2, "CSD": 2, "HRK": 2, "LTL": 2, "LVL": 2}
_DECIMALS = {
    **{currency.code: currency.exponent for currency in Currency if currency.exponent is not None},
    **_WITHDRAWN,
}

_AMOUNT = re.compile(r"[0-9]{1,13}(?:\.([0-9]{1,2}))?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def read_money(fields: Fields) -> tuple[str, str]:
    """orderAmount as written, in major units, and orderCurrency. Raises Refusal P0001 or P0002."""
    currency = fields.required("orderCurrency", 3, pattern=_CURRENCY)
    if currency not in _DECIMALS:
        raise Refusal.malformed("orderCurrency")
    return read_amount(fields, "orderAmount", currency), currency


def read_amount(fields: Fields, name: str, currency: str) -> str:
    """As written, in major units. Raises Refusal P0001 or P0002."""
    amount = fields.required(name, 16)
    if not is_amount(amount, currency):
        raise Refusal.malformed(name)
    return amount


def is_amount(text: str, currency: str) -> bool:
    """Whether it is more than nothing, and as precise as the currency allows."""
    match = _AMOUNT.fullmatch(text)
    too_precise = match is not None and match[1] is not None and _DECIMALS[currency] == 0
    return match is not None and not too_precise and float(text) != 0


def another_amount(amount: str) -> str:
    """The amount with its first digit changed: for answers that are made to show a wrong one."""
    return ("2" if amount[0] == "1" else "1") + amount[1:]
