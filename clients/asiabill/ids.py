"""Ids of 128 bits, as 32 hexadecimal digits. Nobody can guess one from another."""

import os

_SIZE = 16
# Asking the system takes longer than making all the rest of an id.
_AT_ONCE = 256

_left: list[str] = []
# A process must not give out what its parent does.
os.register_at_fork(after_in_child=_left.clear)


def new_id() -> str:
    """A fresh one. Threads may call it at once."""
    while True:
        try:
            return _left.pop()
        except IndexError:
            digits = os.urandom(_SIZE * _AT_ONCE).hex()
            step = 2 * _SIZE
            _left.extend(digits[start : start + step] for start in range(0, len(digits), step))
