"""The limit of calls in flight, in front of the connection pool."""

import asyncio


class Gate:
    """`limit` places, of which the last eighth (one at least) is kept for money.

    `enter` raises TimeoutError where no place came free within `patience` seconds; each `enter` is
    paid back by one `leave` with the same `money`. Raises ValueError for a limit below 2.
    """

    def __init__(self, limit: int, patience: float) -> None:
        if limit < 2:
            raise ValueError("the limit must leave a place for reads and one for money: 2 or more")
        self._places = asyncio.Semaphore(limit)
        self._ordinary = asyncio.Semaphore(limit - max(1, limit // 8))
        self._patience = patience

    async def enter(self, *, money: bool) -> None:
        # Where nobody waits, taking a place does not suspend and needs no timer.
        if not self._places.locked() and (money or not self._ordinary.locked()):
            if not money:
                await self._ordinary.acquire()
            await self._places.acquire()
            return
        async with asyncio.timeout(self._patience):
            if money:
                await self._places.acquire()
                return
            # In this order a read in the queue of all places is one of few, and charges that come
            # after it never stand behind the whole crowd.
            await self._ordinary.acquire()
            try:
                await self._places.acquire()
            except BaseException:
                self._ordinary.release()
                raise

    def leave(self, *, money: bool) -> None:
        self._places.release()
        if not money:
            self._ordinary.release()
