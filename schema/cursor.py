"""Opaque cursors: the place of a row in one list, and in no other."""

import base64
import binascii

from resolvers.failure import BadUserInput


def encode(listing: str, offset: int) -> str:
    """The cursor of the row at `offset` of `listing`."""
    return base64.urlsafe_b64encode(f"{listing}:{offset}".encode()).decode().rstrip("=")


def decode(listing: str, cursor: str | None) -> int:
    """The offset after `cursor`, 0 without one. Raises BadUserInput for a cursor of another list."""
    if cursor is None:
        return 0
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, _, offset = base64.urlsafe_b64decode(padded.encode("ascii")).decode().rpartition(":")
        if name == listing and offset.isdecimal() and len(offset) < 10:
            return int(offset) + 1
    except (binascii.Error, ValueError):
        pass
    raise BadUserInput("after is not a cursor of this list.")
