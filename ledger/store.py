"""How the ledger reads and writes: whole transactions, told to the watchers once they are committed."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, TypeVar

from sqlalchemy import Connection

from ledger import changes, migration
from ledger.charge import Settled
from ledger.database import Database, Transaction
from ledger.refund import RefundSettled

_CLOSING_SECONDS: Final = 20.0

Result = TypeVar("Result")
# Entered for each transaction, with "read" or "write" and the function that it runs.
Around = Callable[[str, Callable[..., object]], AbstractContextManager[None]]


class Store:
    """The database, the writes under way on it, and the task that follows other processes' writes."""

    def __init__(
        self,
        url: str,
        observe: Callable[[Settled], None] | None,
        observe_refund: Callable[[RefundSettled], None] | None,
        around: Around | None = None,
    ) -> None:
        self._around: Final = around
        self._observe: Final = observe
        self._observe_refund: Final = observe_refund
        self.broadcaster: Final = changes.Broadcaster()
        self._database: Final = Database(url)
        self._closing: Final = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None
        self._writes: Final[set[asyncio.Task[object]]] = set()

    async def open(self) -> None:
        """Raises WrongRevision, LedgerUnavailable."""
        try:
            await self.check()
        except BaseException:
            await self._database.dispose()
            raise
        self._closing.clear()
        self._follower = asyncio.create_task(self._database.follow(self.broadcaster, self._closing))

    async def close(self) -> None:
        """Let the writes under way finish, then close every connection."""
        self._closing.set()
        under_way = [*self._writes, *([self._follower] if self._follower else [])]
        if under_way:
            await asyncio.wait(under_way, timeout=_CLOSING_SECONDS)
        await self._database.dispose()

    async def check(self) -> None:
        """Raises WrongRevision, LedgerUnavailable."""
        await self.read(migration.check)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` reads. It blocks nobody."""
        if self._around is None:
            return await self._database.read(work)
        with self._around("read", work):
            return await self._database.read(work)

    def glance(self, query: str, parameters: Sequence[str]) -> list[tuple[str, ...]] | None:
        """See `Database.glance`."""
        return self._database.glance(query, parameters)

    async def write(self, work: Callable[[Transaction], Result]) -> Result:
        """One transaction, committed when `work` returns. It ends even if the caller is cancelled:
        half a cancelled write could have been committed, and nobody been woken."""
        task = asyncio.create_task(self._commit(work))
        self._writes.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    async def announce(self, change: changes.Change) -> None:
        """Tell every process of what no row tells of."""
        await self._database.announce([change])
        self.broadcaster.publish([change])

    async def _commit(self, work: Callable[[Transaction], Result]) -> Result:
        if self._around is None:
            result, transaction = await self._database.write(work)
        else:
            with self._around("write", work):
                result, transaction = await self._database.write(work)
        self.broadcaster.publish(transaction.changes)
        if self._observe is not None:
            for settled in transaction.settled:
                self._observe(settled)
        if self._observe_refund is not None:
            for refund in transaction.refunds_settled:
                self._observe_refund(refund)
        return result

    def _written(self, task: asyncio.Task[object]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            # Retrieved here for a caller that has gone, or asyncio would log it as lost.
            task.exception()
