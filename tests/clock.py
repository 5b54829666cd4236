"""The clock of one process, which a test sets wrong and right again while it serves."""

import multiprocessing
import time
from multiprocessing.connection import Connection
from threading import Thread
from typing import Final, Self

import time_machine

_SECONDS: Final = 60.0


class Clock:
    """The test's hand on it. Every way in which Python reads the time of day is moved, at once and for
    all threads; what is measured by the monotonic clock is not, as on a machine that is set anew."""

    def __init__(self) -> None:
        self._ours, self.theirs = multiprocessing.Pipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ours.close()
        self.theirs.close()

    def ahead(self, minutes: float) -> None:
        """From now on that process is so many minutes ahead of the rest of the world."""
        self._ours.send(minutes * 60)
        assert self._ours.poll(_SECONDS), "the process did not set its clock"
        self._ours.recv()


def obey(hand: Connection) -> None:
    """In that process: do as the hand says, beside whatever the process does."""
    Thread(target=_obey, args=(hand,), daemon=True).start()


def _obey(hand: Connection) -> None:
    hidden = time_machine.travel(time.time(), tick=True).start()
    while True:
        try:
            seconds: float = hand.recv()
        except EOFError:
            return
        hidden.move_to(time_machine.escape_hatch.time.time() + seconds)
        hand.send(seconds)
