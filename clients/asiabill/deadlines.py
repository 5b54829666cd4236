"""How long each step of a call may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """In seconds. `read` is the longest silence, `answer` the time for a whole answer."""

    place: float = 10.0
    connect: float = 2.0
    write: float = 5.0
    read: float = 10.0
    answer: float = 15.0
    money_read: float = 40.0
    money_answer: float = 45.0
    # A stopping process has 30 s in all.
    drain: float = 20.0

    def silence(self, *, money: bool) -> float:
        return self.money_read if money else self.read

    def whole(self, *, money: bool) -> float:
        return self.money_answer if money else self.answer
