"""Card lists kept for some seconds, and never over a change that this gateway knows of."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from clients.asiabill import PaymentMethod

_MOST: Final = 1000
# Longer than a call that changes something may last, its wait for a place included (57 s), and than a
# read with its repeats (20 s).
_HOLD_SECONDS: Final = 90.0
_MOST_HELD: Final = 20_000

_Key = tuple[str, str]


class CardLists:
    """The lists of one account, by customer and role. Off where `seconds` is 0.

    A change is told before it is sent and once it has ended, and from the first word on no list that it
    may touch is kept, for longer than it may last. So it does not matter when a list was asked for:
    one that was asked before the change and answered after it is not kept either, nor any where the
    process died in between. `hearing` says whether the changes of other processes come through;
    until it is told for the first time nothing is kept.
    """

    def __init__(
        self,
        seconds: float = 0.0,
        observe: Callable[[bool], None] = lambda hit: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds: Final = seconds
        self._observe: Final = observe
        self._clock: Final = clock
        self._hears = False
        # Counts the times that changes may have been missed.
        self._epoch = 0
        self._kept: dict[_Key, tuple[float, list[PaymentMethod]]] = {}
        # Customers and cards that are being changed, or just were, until when; the last one last.
        self._held: dict[str, float] = {}
        self._nothing_until = 0.0

    def kept(self, customer_id: str, role: str) -> list[PaymentMethod] | None:
        """The customer's list as it was some seconds ago, or None."""
        if not self._seconds:
            return None
        found = self._kept.get((customer_id, role))
        hit = found is not None and found[0] > self._clock()
        self._observe(hit)
        return found[1] if hit and found is not None else None

    async def asked(
        self, customer_id: str, role: str, ask: Callable[[str], Awaitable[list[PaymentMethod]]]
    ) -> list[PaymentMethod]:
        """What `ask` answers, which is kept where it may be. Its failures are not."""
        begun, epoch = self._clock(), self._epoch
        found = await ask(customer_id)
        if self._hears and self._seconds and epoch == self._epoch:
            self._keep(customer_id, role, begun, found)
        return found

    def drop_customer(self, customer_id: str) -> None:
        """The customer's cards are about to change, or just did."""
        self._drop(customer_id, lambda key, _methods: key[0] == customer_id)

    def drop_card(self, payment_method_id: str) -> None:
        """The same of a card whose customer nobody knows."""
        self._drop(
            payment_method_id,
            lambda _key, methods: any(method.id == payment_method_id for method in methods),
        )

    def hearing(self, hears: bool) -> None:
        """Whether changes come through from here on; some may have been missed until now."""
        self._hears = hears
        self._epoch += 1
        self._kept.clear()

    def _drop(self, name: str, matches: Callable[[_Key, list[PaymentMethod]], bool]) -> None:
        if not self._seconds:
            return
        now = self._clock()
        for key in [key for key, (_, methods) in self._kept.items() if matches(key, methods)]:
            del self._kept[key]
        self._held.pop(name, None)
        self._held[name] = now + _HOLD_SECONDS
        while self._held and (first := next(iter(self._held))) and self._held[first] <= now:
            del self._held[first]
        if len(self._held) > _MOST_HELD:
            self._held.clear()
            self._kept.clear()
            self._nothing_until = now + _HOLD_SECONDS

    def _keep(
        self, customer_id: str, role: str, begun: float, methods: list[PaymentMethod]
    ) -> None:
        now = self._clock()
        names = (customer_id, *(method.id for method in methods))
        if now < self._nothing_until or any(self._held.get(name, 0.0) > now for name in names):
            return
        # The oldest are first: a list is put in anew, and never moved.
        self._kept.pop((customer_id, role), None)
        if len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
        # From the question on, not from the answer.
        self._kept[customer_id, role] = (begun + self._seconds, methods)
