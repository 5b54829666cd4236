"""What we keep about cards, ids alone: `ledger.cards`. The cards themselves are Asiabill's."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, cast

import msgspec
from sqlalchemy import Connection, Table, delete, select, update

from ledger.changes import CardFollower, Change
from ledger.database import Transaction, insert_new
from ledger.store import Store
from ledger.table import card_fingerprints, default_cards, session_cards

# Asked for with every list of cards, most often for one customer alone.
_DEFAULT: Final = (
    "SELECT customer_id, payment_method_id FROM default_cards WHERE account = ? AND customer_id = ?"
)
_DEFAULTS: Final = (
    "SELECT customer_id, payment_method_id FROM default_cards "
    "WHERE account = ? AND customer_id IN (SELECT value FROM json_each(?))"
)


class Cards:
    """Whose a card is, and whose default. Each call is one transaction."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store: Final = store
        self._now: Final = now

    def follow(self, follower: CardFollower) -> None:
        """Tell it whenever a customer's cards may have changed, in whatever process; before `open`."""
        self._store.broadcaster.follow(follower)

    async def tell_changed(
        self, account: str, *, customer_id: str = "", payment_method_id: str = ""
    ) -> None:
        """A customer's cards, or one card, are about to change at Asiabill, or just did.

        Where it returns, this process's follower was told, and those of others will be within
        moments, where they share PostgreSQL. `settle` tells it of the charge's customer by itself.
        """
        told = Change("customer", account, customer_id)
        await self._store.announce(
            told if customer_id else Change("card", account, payment_method_id)
        )

    def defaults_at_once(
        self, account: str, customer_ids: Collection[str]
    ) -> dict[str, str] | None:
        """As `defaults`, where that is to be had without waiting; else None."""
        if len(customer_ids) == 1:
            found = self._store.glance(_DEFAULT, (account, *customer_ids))
        else:
            ids = msgspec.json.encode(list(customer_ids)).decode()
            found = self._store.glance(_DEFAULTS, (account, ids))
        # Two texts a row.
        return None if found is None else dict(cast("list[tuple[str, str]]", found))

    async def defaults(self, account: str, customer_ids: Collection[str]) -> dict[str, str]:
        """Payment method id by customer id; customers without a default are left out."""
        found = self.defaults_at_once(account, customer_ids)
        if found is not None:
            return found
        query = select(default_cards.c.customer_id, default_cards.c.payment_method_id).where(
            default_cards.c.account == account, default_cards.c.customer_id.in_(customer_ids)
        )
        return await self._store.read(
            lambda connection: {
                row.customer_id: row.payment_method_id for row in connection.execute(query)
            }
        )

    async def set_default(self, account: str, customer_id: str, payment_method_id: str) -> None:
        """The last one set wins."""

        def work(transaction: Transaction) -> None:
            now = self._now()
            values = {
                "account": account,
                "customer_id": customer_id,
                "payment_method_id": payment_method_id,
                "updated_at": now,
            }
            if insert_new(transaction.connection, default_cards, values) is None:
                transaction.connection.execute(
                    update(default_cards)
                    .where(
                        default_cards.c.account == account,
                        default_cards.c.customer_id == customer_id,
                    )
                    .values(payment_method_id=payment_method_id, updated_at=now)
                )

        await self._store.write(work)

    async def default_owner(self, account: str, payment_method_id: str) -> str | None:
        """The customer whose default the card is."""
        return await self._customer(default_cards, account, payment_method_id)

    async def owner(self, account: str, payment_method_id: str) -> str | None:
        """The customer whose session created the card, or to whom the shop gave it."""
        return await self._customer(session_cards, account, payment_method_id)

    async def remember(self, account: str, payment_method_id: str, customer_id: str) -> None:
        """An unattached card that a customer's session created. Asiabill's ids are unique, so the
        first customer to bring a card keeps it."""
        await self._store.write(
            lambda transaction: _keep(
                transaction.connection, account, payment_method_id, customer_id, self._now()
            )
        )

    async def assign(self, account: str, payment_method_id: str, customer_id: str) -> None:
        """The shop's own word on whose card it is, whoever came with it before."""

        def work(transaction: Transaction) -> None:
            _drop(transaction.connection, session_cards, account, payment_method_id)
            _keep(transaction.connection, account, payment_method_id, customer_id, self._now())

        await self._store.write(work)

    async def disown(self, account: str, payment_method_id: str) -> None:
        """The card is nobody's any more. Of no effect where nobody has it."""
        await self._store.write(
            lambda transaction: _drop(
                transaction.connection, session_cards, account, payment_method_id
            )
        )

    async def forget(
        self, account: str, payment_method_id: str, successor: str | None = None
    ) -> None:
        """All that is kept of a card. Where it still is the default, `successor` becomes it; a default
        that was set meanwhile stays."""

        def work(transaction: Transaction) -> None:
            connection = transaction.connection
            _drop(connection, session_cards, account, payment_method_id)
            _drop(connection, card_fingerprints, account, payment_method_id)
            if successor is None:
                _drop(connection, default_cards, account, payment_method_id)
                return
            connection.execute(
                update(default_cards)
                .where(
                    default_cards.c.account == account,
                    default_cards.c.payment_method_id == payment_method_id,
                )
                .values(payment_method_id=successor, updated_at=self._now())
            )

        await self._store.write(work)

    async def _customer(self, table: Table, account: str, payment_method_id: str) -> str | None:
        query = select(table.c.customer_id).where(
            table.c.account == account, table.c.payment_method_id == payment_method_id
        )
        return await self._store.read(lambda connection: connection.scalar(query))


def _keep(
    connection: Connection, account: str, payment_method_id: str, customer_id: str, now: datetime
) -> None:
    values = {
        "account": account,
        "payment_method_id": payment_method_id,
        "customer_id": customer_id,
        "created_at": now,
    }
    insert_new(connection, session_cards, values)


def _drop(connection: Connection, table: Table, account: str, payment_method_id: str) -> None:
    connection.execute(
        delete(table).where(
            table.c.account == account, table.c.payment_method_id == payment_method_id
        )
    )
