"""What tells one stored card from another, without its number: `ledger.fingerprints`."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from sqlalchemy import select

from ledger.database import Transaction, insert_new
from ledger.store import Store
from ledger.table import card_fingerprints


class Fingerprints:
    """The prints of cards whose number was seen once. Each call is one transaction."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store: Final = store
        self._now: Final = now

    async def keep(
        self, account: str, payment_method_id: str, customer_id: str, fingerprint: str
    ) -> None:
        """A card's print never changes: the first one stays."""

        def work(transaction: Transaction) -> None:
            values = {
                "account": account,
                "payment_method_id": payment_method_id,
                "customer_id": customer_id,
                "fingerprint": fingerprint,
                "created_at": self._now(),
            }
            insert_new(transaction.connection, card_fingerprints, values)

        await self._store.write(work)

    async def of_cards(self, account: str, payment_method_ids: Collection[str]) -> dict[str, str]:
        """By card; cards whose print is not known are left out."""
        table = card_fingerprints.c
        query = select(table.payment_method_id, table.fingerprint).where(
            table.account == account, table.payment_method_id.in_(payment_method_ids)
        )
        return await self._store.read(
            lambda connection: {
                row.payment_method_id: row.fingerprint for row in connection.execute(query)
            }
        )

    async def cards(self, account: str, customer_id: str, fingerprint: str) -> set[str]:
        """The cards of that print that were stored for the customer."""
        table = card_fingerprints.c
        query = select(table.payment_method_id).where(
            table.account == account,
            table.customer_id == customer_id,
            table.fingerprint == fingerprint,
        )
        return await self._store.read(lambda connection: set(connection.scalars(query)))
