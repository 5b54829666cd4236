"""The limit of calls in flight, in front of the connection pool."""

import asyncio
from collections import deque

# When a waiter's patience ends, in the loop's time, and what tells it that it has a place.
_Queue = deque[tuple[float, asyncio.Future[None]]]


class Gate:
    """`limit` places, of which the last eighth (one at least) is kept for money.

    `enter` raises TimeoutError where no place came free within `patience` seconds; each `enter` is
    paid back by one `leave` with the same `money`. Who came first goes first; where both wait, money and
    reads take turns, so that neither stands behind a crowd of the other. Raises ValueError for a limit
    below 2.
    """

    def __init__(self, limit: int, patience: float) -> None:
        if limit < 2:
            raise ValueError("the limit must leave a place for reads and one for money: 2 or more")
        self._free = limit
        # How many more of those may be reads.
        self._free_for_reads = limit - max(1, limit // 8)
        self._patience = patience
        self._money: _Queue = deque()
        self._reads: _Queue = deque()
        self._turn_of_money = True
        self._sweeping: asyncio.TimerHandle | None = None

    async def enter(self, *, money: bool) -> None:
        queue = self._money if money else self._reads
        if not queue and self._free and (money or self._free_for_reads):
            self._take(money=money)
            return
        loop = asyncio.get_running_loop()
        place = loop.create_future()
        ends = loop.time() + self._patience
        queue.append((ends, place))
        if self._sweeping is None:
            # One timer for all: hundreds may wait.
            self._sweeping = loop.call_at(ends, self._sweep, loop)
        # Those before may have gone away without being missed.
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave(money=money)
            raise

    def leave(self, *, money: bool) -> None:
        self._free += 1
        if not money:
            self._free_for_reads += 1
        self._admit()

    def _take(self, *, money: bool) -> None:
        self._free -= 1
        if not money:
            self._free_for_reads -= 1

    def _admit(self) -> None:
        """Give the free places to those who wait."""
        while self._free and (self._money or self._reads):
            money = _waits(self._money)
            read = self._free_for_reads > 0 and _waits(self._reads)
            if not money and not read:
                return
            money = money and (self._turn_of_money or not read)
            self._turn_of_money = not money
            self._take(money=money)
            _, place = (self._money if money else self._reads).popleft()
            place.set_result(None)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send away whose patience is over."""
        now, left = loop.time(), []
        for queue in (self._money, self._reads):
            while _waits(queue) and queue[0][0] <= now:
                queue.popleft()[1].set_exception(TimeoutError())
            if queue:
                left.append(queue[0][0])
        self._sweeping = loop.call_at(min(left), self._sweep, loop) if left else None


def _waits(queue: _Queue) -> bool:
    """Whether anybody does; those who went away are forgotten."""
    while queue and queue[0][1].done():
        queue.popleft()
    return bool(queue)
