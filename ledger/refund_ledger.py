"""The door to refunds: `ledger.refunds`."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from ledger import notifications, refund_doubts, refund_rows, refund_settlement, refunds, settlement
from ledger.database import Transaction
from ledger.refund import NewRefund, Refund, RefundBegun, RefundEvent, RefundSettled
from ledger.refund_doubts import RefundDoubt
from ledger.refund_message import RefundMessage
from ledger.refund_transition import RefundTransition
from ledger.store import Store


class RefundLedger:
    """What we know about money given back. Each call is one transaction, as those of `Ledger`."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        new_id: Callable[[str], str],
        jitter: Callable[[], float],
    ) -> None:
        self._store: Final = store
        self._now: Final = now
        self._new_id: Final = new_id
        self._jitter: Final = jitter

    async def begin(self, new: NewRefund) -> RefundBegun:
        """Store a refund, or find the twin that its key has begun.

        Raises UnknownCharge, IdempotencyMismatch, NotRefundable, CurrencyDiffers,
        RefundExceedsBalance.
        """
        refund_id = self._new_id("rf")
        return await self._store.write(
            lambda transaction: refunds.begin(transaction, new, refund_id, self._now())
        )

    async def settle(
        self,
        account: str,
        refund_id: str,
        message: RefundMessage,
        *,
        notification: int | None = None,
    ) -> RefundSettled:
        """Tell the ledger about a refund. Raises UnknownRefund, and RefundNotSendable for a Sent.

        `notification` is the number of the one that brought the message: both are done, or neither,
        and nothing where it was told before.
        """

        def work(transaction: Transaction) -> RefundSettled:
            now = self._now()
            if notification is not None:
                refund = refund_rows.locked(transaction.connection, account, refund_id)
                if not notifications.apply(
                    transaction, account, notification, now, refund.charge_id
                ):
                    step = RefundTransition(refund.status, False, "told before")
                    return RefundSettled(refund, step)
            return refund_settlement.settle(transaction, account, refund_id, message, now)

        return await self._store.write(work)

    async def find(
        self,
        account: str,
        *,
        id: str | None = None,
        batch_no: str | None = None,
        key: tuple[str, str] | None = None,
    ) -> Refund | None:
        """By exactly one of these; `key` is (key_scope, idempotency_key)."""
        return await self._store.read(
            lambda connection: refund_rows.find(
                connection, account, id=id, batch_no=batch_no, key=key
            )
        )

    async def of_charges(
        self, account: str, charge_ids: Collection[str]
    ) -> dict[str, list[Refund]]:
        """By charge id, the oldest first; a charge without refunds has an empty list."""
        return await self._store.read(
            lambda connection: refund_rows.of_charges(connection, account, charge_ids)
        )

    async def history(self, account: str, refund_id: str) -> list[RefundEvent]:
        """Oldest first; empty for an unknown refund."""
        return await self._store.read(
            lambda connection: refund_rows.history(connection, account, refund_id)
        )

    async def unresolved(self, account: str, *, limit: int = 100) -> list[Refund]:
        """Sent, and without Asiabill's number: only a notification, or a person, can settle them.
        The longest sent first; those whose answer may still come are left out."""
        overdue = self._now() - settlement.ANSWER_OVERDUE
        return await self._store.read(
            lambda connection: refund_rows.unresolved(connection, account, overdue, limit)
        )

    def awaits_answer(self, refund: Refund) -> bool:
        """Its answer may still come: it was sent a moment ago, and nothing was heard since."""
        overdue = self._now() - settlement.ANSWER_OVERDUE
        return refund.in_flight and refund.sent_at is not None and refund.sent_at > overdue

    async def due_doubts(
        self, owner: str, limit: int, *, lease_seconds: float = 60.0
    ) -> list[RefundDoubt]:
        """Lease the refunds that are to be looked up now, by their `batch_no`. Give each back by
        `looked` or `put_back`; what is not given back is due again after the lease."""
        lease = timedelta(seconds=lease_seconds)
        return await self._store.write(
            lambda transaction: refund_doubts.due(transaction, owner, limit, lease, self._now())
        )

    async def looked(self, doubt: RefundDoubt, message: RefundMessage | None = None) -> None:
        """The look-up was answered, with `message`, which is settled: the next one comes by schedule."""

        def work(transaction: Transaction) -> None:
            now, refund = self._now(), doubt.refund
            if message is not None:
                refund_settlement.settle(transaction, refund.account, refund.id, message, now)
            refund_doubts.looked(transaction, doubt, now, self._jitter())

        await self._store.write(work)

    async def put_back(self, doubt: RefundDoubt) -> None:
        """The look-up was not answered: it is repeated soon."""
        await self._store.write(
            lambda transaction: refund_doubts.put_back(
                transaction, doubt, self._now(), self._jitter()
            )
        )

    async def look_soon(self, account: str, refund_id: str) -> bool:
        """Make a look-up due now. False where the refund needs none, or has no number to ask for."""
        return await self._store.write(
            lambda transaction: refund_doubts.look_soon(
                transaction, account, refund_id, self._now()
            )
        )

    async def look_at_all(self) -> int:
        """At start-up: make everything that can be looked up due. How many that are."""
        return await self._store.write(
            lambda transaction: refund_doubts.look_at_all(transaction, self._now())
        )

    async def next_look_at(self) -> datetime | None:
        """When the next look-up is due; None while there is none."""
        return await self._store.read(refund_doubts.next_due)
