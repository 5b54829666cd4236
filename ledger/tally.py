"""How often something may happen, and to whom it is counted."""

from dataclasses import dataclass

from ledger.error import LedgerError


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `most` within any `seconds`."""

    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Tally:
    """One count: `name` is what is counted, `subject` whom it is counted to, and never a secret."""

    name: str
    subject: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Total:
    """What was counted within the tally's time. `frees_in` seconds there is room for one more."""

    count: int
    frees_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What a send must pass, and what its end is counted to.

    Each of `take` is counted with the send and must have room for it; each of `below` must have
    room and is not counted. An end with or without money is counted to `ended`, and one that the
    bank declined also to `declined`.
    """

    take: tuple[Tally, ...] = ()
    below: tuple[Tally, ...] = ()
    ended: tuple[Tally, ...] = ()
    declined: tuple[Tally, ...] = ()


class LimitReached(LedgerError):
    """`tally` has no room; nothing was written or counted. There is again in `retry_after` seconds."""

    def __init__(self, tally: Tally, retry_after: int) -> None:
        super().__init__(f"no room in {tally.name}")
        self.tally = tally
        self.retry_after = retry_after
