"""The circuit breaker: while Asiabill is down nobody waits for it, and nothing is sent to it.

One circuit for each base URL. It opens where at least six tries of the last half minute ended
without anything of Asiabill's, and they are two thirds or more of all. While it is open every call
ends at once, and about once a second one harmless read of ours finds out whether Asiabill is back;
the first answer, whatever it says, closes it. See docs/decisions/0012.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from clients.asiabill.errors import AsiabillError, NoAnswer, NotSent

WINDOW_SECONDS = 30.0
LEAST_FAILURES = 6
SHARE = 2 / 3
PROBE_SECONDS = 1.0
# A try that was waited for so long weighs as much as several: where few ask, each of them waits.
LONG_SECONDS = 5.0
LONG_WEIGHT = 3
# By then several probes have been made.
RETRY_AFTER_SECONDS = 5

OnChange = Callable[[str, bool], None]


@dataclass(slots=True)
class _Second:
    """What ended within one second; `number` counts them."""

    number: int
    answered: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Circuit:
    # One entry a second, so that no traffic makes it longer than the window.
    seconds: deque[_Second] = field(default_factory=deque)
    open: bool = False
    next_probe: float = 0.0


class Breaker:
    """`clock` is monotonic, in seconds; `on_change` is told the base URL and whether it is open."""

    def __init__(self, clock: Callable[[], float], on_change: OnChange) -> None:
        self._clock = clock
        self._on_change = on_change
        # As many as an operator has configured, and no caller can add one.
        self._circuits: dict[str, _Circuit] = {}

    def is_open(self, base: str) -> bool:
        """Whether calls must end before they are sent."""
        return self._circuit(base).open

    def probe_due(self, base: str) -> bool:
        """Whether the asker shall try now. True at most once a second, and only while open."""
        circuit, now = self._circuit(base), self._clock()
        if not circuit.open or now < circuit.next_probe:
            return False
        # The next one does not wait for the end of this one: a probe that hangs must not delay it.
        circuit.next_probe = now + PROBE_SECONDS
        return True

    def answered(self, base: str) -> None:
        """Something of Asiabill's came back, if only a refusal."""
        circuit = self._circuit(base)
        if circuit.open:
            circuit.open = False
            circuit.seconds.clear()
            self._on_change(base, False)
        else:
            self._second(circuit).answered += 1

    def failed(self, base: str, seconds: float = 0.0) -> None:
        """No connection, no answer, or one that is not Asiabill's, after so many seconds."""
        circuit = self._circuit(base)
        if circuit.open:
            return
        self._second(circuit).failed += LONG_WEIGHT if seconds >= LONG_SECONDS else 1
        failed = sum(second.failed for second in circuit.seconds)
        answered = sum(second.answered for second in circuit.seconds)
        if failed >= LEAST_FAILURES and failed >= SHARE * (failed + answered):
            circuit.open = True
            circuit.next_probe = self._clock() + PROBE_SECONDS
            self._on_change(base, True)

    def _circuit(self, base: str) -> _Circuit:
        circuit = self._circuits.get(base)
        if circuit is None:
            circuit = self._circuits[base] = _Circuit()
        return circuit

    def _second(self, circuit: _Circuit) -> _Second:
        number = int(self._clock())
        while circuit.seconds and circuit.seconds[0].number <= number - WINDOW_SECONDS:
            circuit.seconds.popleft()
        if not circuit.seconds or circuit.seconds[-1].number != number:
            circuit.seconds.append(_Second(number))
        return circuit.seconds[-1]


def is_down(error: AsiabillError) -> bool:
    """Whether an error speaks for Asiabill being down. A code of its own shows that it is there."""
    return isinstance(error, NotSent) or (isinstance(error, NoAnswer) and not error.code)
