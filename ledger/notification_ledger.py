"""The door to what Asiabill sent: `ledger.notifications`."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from ledger import notifications
from ledger.notification import NewNotification, Notification, Recorded
from ledger.store import Store


class NotificationLedger:
    """Kept before it is acknowledged, told to a charge by `settle`, and read by shops as events. Each
    call is one transaction, as those of `Ledger`."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store: Final = store
        self._now: Final = now

    async def record(self, new: NewNotification) -> Recorded:
        """Store what Asiabill sent, or count it. Once this returns, Asiabill may be told `success`."""
        return await self._store.write(
            lambda transaction: notifications.record(transaction, new, self._now())
        )

    async def close(self, account: str, number: int) -> None:
        """For one that has nothing to tell a charge: it is not pending any more."""
        await self._store.write(
            lambda transaction: notifications.apply(transaction, account, number, self._now(), None)
        )

    async def pending(
        self, account: str, order_no: str | None = None, *, after_id: int = 0, limit: int = 100
    ) -> list[Notification]:
        """Stored but not applied, though their order exists: it appeared later, or a process died.
        Those numbered above `after_id`, in order."""
        return await self._store.read(
            lambda connection: notifications.pending(connection, account, order_no, after_id, limit)
        )

    async def after(
        self, account: str, types: Collection[str] | None, after_id: int, limit: int = 100
    ) -> list[Notification]:
        """Numbered above `after_id`, in order; nothing is ever added below the last."""
        return await self._store.read(
            lambda connection: notifications.after(connection, account, types, after_id, limit)
        )

    async def last_id(self, account: str) -> int:
        """Where a reader begins that wants only what is still to come."""
        return await self._store.read(lambda connection: notifications.last_id(connection, account))

    async def pruned_id(self, account: str) -> int:
        """Up to this number some are not kept any more; whoever begins above it misses none."""
        return await self._store.read(
            lambda connection: notifications.pruned_id(connection, account)
        )
