"""The door to what is counted: `ledger.limits`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import exists, select

from ledger import tallies
from ledger.database import Transaction
from ledger.status import ChargeStatus
from ledger.store import Store
from ledger.table import charges
from ledger.tally import Guard, Tally, Total

# How often a count also sweeps.
_SWEEPING: Final = 0.01


class Limits:
    """Counts shared by all processes. Each call is one transaction, as those of `Ledger`."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], jitter: Callable[[], float]
    ) -> None:
        self._store: Final = store
        self._now: Final = now
        self._jitter: Final = jitter

    async def totals(self, account: str, wanted: Sequence[Tally]) -> list[Total]:
        """One for each of `wanted`, in its order."""
        now = self._now()
        return await self._store.read(
            lambda connection: tallies.totals(connection, account, wanted, now)
        )

    async def demand(self, account: str, guard: Guard) -> None:
        """Raises LimitReached where a tally has no room for one more. Counts nothing."""
        now = self._now()
        await self._store.read(lambda connection: tallies.demand(connection, account, guard, now))

    async def take(self, account: str, guard: Guard) -> None:
        """Count to `guard.take`. Raises LimitReached where there is no room; nothing is counted then."""

        def work(transaction: Transaction) -> None:
            now = self._now()
            if self._jitter() < _SWEEPING:
                tallies.sweep(transaction, now)
            tallies.take(transaction, account, guard, now)

        await self._store.write(work)

    async def has_paid(self, account: str, customer_id: str) -> bool:
        """Whether any charge of the customer has succeeded here."""
        paid = exists().where(
            charges.c.account == account,
            charges.c.customer_id == customer_id,
            charges.c.status == ChargeStatus.SUCCEEDED,
        )
        return bool(await self._store.read(lambda connection: connection.scalar(select(paid))))
