"""Telling a card number from other digits."""

import re

from stdnum import luhn

# As people write one: all together, or in the groups that are printed on the card. Other groups of
# digits, such as a UUID's, are no card number whatever their sum.
_WRITTEN = re.compile(
    r"(?<![0-9A-Za-z_])"
    r"(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})"
    r"(?![0-9A-Za-z_])",
    re.ASCII,
)

# First digits and lengths of the brands that Asiabill takes. Without them one in ten of a shop's
# own long order numbers would pass for a card.
_ISSUED = re.compile(
    r"4(\d{12}|\d{15}|\d{18})"  # Visa
    r"|(5[1-5]\d{2}|2[2-7]\d{2})\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|35\d{14,17}"  # JCB
    r"|6(011|4[4-9]\d|5\d{2})\d{12,15}"  # Discover
    r"|62\d{14,17}"  # UnionPay
    r"|3(0[0-5]|[689]\d)\d{11,16}",  # Diners Club
    re.ASCII,
)


def holds_card_number(text: str) -> bool:
    """Whether a text holds what is, by its form, first digits and check digit, a card number."""
    return any(_is_card(found[0]) for found in _WRITTEN.finditer(text))


def _is_card(written: str) -> bool:
    digits = re.sub(r"[ -]", "", written)
    return _ISSUED.fullmatch(digits) is not None and luhn.is_valid(digits)
