"""Text that both databases take: a caller's is refused if bad, Asiabill's is tamed."""

import re
from typing import Final

from stdnum import luhn

# Ids of ours, such as a refund's that Asiabill gives back: one in 300 holds digits that add up as a
# card's do, and a refund whose id was masked would never hear of its end.
_OURS: Final = r"(?<![0-9A-Za-z_])(?:[a-z]{2}_)?[0-9a-f]{32}(?![0-9A-Za-z_])"
_NUMBER: Final = r"(?<!\d)\d(?:[ -]?\d){11,18}(?!\d)"
_CARD: Final = re.compile(f"(?P<ours>{_OURS})|{_NUMBER}")


class BadText(ValueError):
    """Too long, or holds a NUL or a lone surrogate. The text itself is never repeated."""


def checked(value: str, longest: int) -> str:
    """`value` as a plain str. Raises BadText; PostgreSQL takes no NUL, SQLite no lone surrogate."""
    if len(value) > longest:
        raise BadText(f"text is longer than {longest} characters")
    if "\x00" in value:
        raise BadText("text holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadText("text holds a lone surrogate") from None
    return str(value)


def tamed(value: str, longest: int) -> str:
    """`value` made fit to store: cut, bad characters replaced, card numbers masked. Ids of ours are
    left whole."""
    clean = value.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass")
    return _CARD.sub(_masked, clean.decode("utf-16", "replace"))[:longest]


def _masked(found: re.Match[str]) -> str:
    if found["ours"]:
        return found.group()
    digits = re.sub(r"[ -]", "", found.group())
    return "[card number]" if luhn.is_valid(digits) else found.group()
