"""Opaque cursors: a place in one list, and in no other."""

import base64
import binascii

from resolvers import idempotency
from resolvers.failure import BadUserInput


def listing(name: str, *chosen: object) -> str:
    """The name of the list that is left of `name` where `chosen` says what is in it.

    A cursor of it is refused where anything else was chosen.
    """
    return f"{name}:{idempotency.digest(chosen)[:16]}"


def encode(listing: str, place: int | str) -> str:
    """The cursor of the row at `place` of `listing`. A place that is text has no colon."""
    return base64.urlsafe_b64encode(f"{listing}:{place}".encode()).decode().rstrip("=")


def place(listing: str, cursor: str | None) -> str | None:
    """What `encode` was given, None without a cursor. Raises BadUserInput for one of another list."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, _, found = base64.urlsafe_b64decode(padded.encode("ascii")).decode().rpartition(":")
    except (binascii.Error, ValueError):
        name, found = "", ""
    if name != listing:
        raise refused()
    return found


def decode(listing: str, cursor: str | None) -> int:
    """The offset after `cursor`, 0 without one. Raises BadUserInput for a cursor of another list."""
    found = place(listing, cursor)
    if found is None:
        return 0
    if found.isdecimal() and found.isascii() and len(found) < 10:
        return int(found) + 1
    raise refused()


def refused() -> BadUserInput:
    """What is told of a cursor that is none of the list's."""
    return BadUserInput(
        "after is not a cursor of this list: take endCursor of the page before, and keep the filter."
    )
