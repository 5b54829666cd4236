"""The door of the room: one method for each thing that can be asked of the ledger."""

import random
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final, Self

from ledger import (
    changes,
    charges,
    doubts,
    holds,
    intents,
    notifications,
    settlement,
    standing,
)
from ledger.cards import Cards
from ledger.changes import Watch
from ledger.charge import Begun, Charge, ChargeEvent, NewCharge, Settled
from ledger.charge_lists import ChargeLists
from ledger.chargebacks import Chargebacks
from ledger.database import Transaction
from ledger.doubts import Doubt
from ledger.fingerprints import Fingerprints
from ledger.intent import Intent, IntentMade, NewIntent
from ledger.limits import Limits
from ledger.message import Message
from ledger.notification_ledger import NotificationLedger
from ledger.refund import RefundSettled
from ledger.refund_ledger import RefundLedger
from ledger.requests import Requests
from ledger.shipments import Shipments
from ledger.standing import Standing
from ledger.status import HoldAction
from ledger.store import Around, Store
from ledger.tally import Guard
from ledger.transition import GRACE, Transition


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def random_id(prefix: str) -> str:
    """`prefix`, an underscore and 128 random bits: unique without asking anybody."""
    return f"{prefix}_{secrets.token_hex(16)}"


class Ledger:
    """What we know about money, durably. One per process; an async context manager.

    Every call is one transaction, raises LedgerUnavailable where the database cannot be used, and
    BadText (a ValueError) for text that cannot be stored. A write that has begun is finished even
    if its caller is cancelled. `jitter` gives numbers from 0 to 1 that keep look-ups apart;
    `observe` is told of every message that a charge was told, once it is committed, and must not
    raise; `observe_refund` likewise of refunds. `around` is entered for each transaction.
    """

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[str], str] = random_id,
        jitter: Callable[[], float] = random.random,
        grace: timedelta = GRACE,
        observe: Callable[[Settled], None] | None = None,
        observe_refund: Callable[[RefundSettled], None] | None = None,
        around: Around | None = None,
    ) -> None:
        self._store = Store(url, observe, observe_refund, around)
        self.refunds: Final = RefundLedger(self._store, now, new_id, jitter)
        self.notifications: Final = NotificationLedger(self._store, now)
        self.chargebacks: Final = Chargebacks(self._store, now, new_id)
        self.shipments: Final = Shipments(self._store, now)
        self.cards: Final = Cards(self._store, now)
        self.fingerprints: Final = Fingerprints(self._store, now)
        self.lists: Final = ChargeLists(self._store)
        self.limits: Final = Limits(self._store, now, jitter)
        self.requests: Final = Requests(self._store, now, new_id)
        self._now = now
        self._new_id = new_id
        self._grace = grace
        self._jitter = jitter

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Raises WrongRevision for a database that was not migrated."""
        await self._store.open()

    async def close(self) -> None:
        """Let the writes under way finish, then close every connection."""
        await self._store.close()

    async def ping(self) -> None:
        """Raises LedgerUnavailable, or WrongRevision, where the ledger could not be used now."""
        await self._store.check()

    # Charges

    async def begin_charge(self, new: NewCharge) -> Begun:
        """Store a charge, or find the twin that its key has begun.

        Raises IdempotencyMismatch, OrderNoTaken; with an intent also UnknownIntent, IntentPaid,
        IntentExpired, IntentCanceled, ChargeInProgress, TooManyAttempts.
        """
        charge_id, now = self._new_id("ch"), self._now()

        def work(transaction: Transaction) -> Begun:
            if new.intent_id is not None:
                return intents.begin(transaction, new, charge_id, now, self._grace)
            if new.money is None or new.order_no is None:
                raise ValueError("a charge without an intent needs money and order_no")
            return charges.begin(
                transaction,
                new,
                charge_id,
                now,
                order_no=new.order_no,
                money=new.money,
                return_url=new.return_url,
                attempt=1,
            )

        return await self._store.write(work)

    async def settle(
        self,
        account: str,
        charge_id: str,
        message: Message,
        *,
        notification: int | None = None,
        guard: Guard | None = None,
    ) -> Settled:
        """Tell the ledger about a charge. Raises UnknownCharge; for a Sent or an ActionSent
        NotSendable, and LimitReached where a Sent does not pass its `guard`.

        `notification` is the number of the one that brought the message: both are done, or neither,
        and nothing where it was told before.
        """

        def work(transaction: Transaction) -> Settled:
            now = self._now()
            if notification is not None and not notifications.apply(
                transaction, account, notification, now, charge_id
            ):
                charge = charges.locked(transaction.connection, account, charge_id)
                return Settled(charge, Transition(charge.status, False, "told before"))
            return settlement.settle(
                transaction, account, charge_id, message, now, self._grace, guard
            )

        return await self._store.write(work)

    async def begin_action(self, account: str, charge_id: str, kind: HoldAction) -> Charge:
        """Store that a hold is to be captured or voided; `settle(ActionSent)` comes next.

        Raises UnknownCharge, ActionNotAllowed, ActionInProgress. Safe to repeat before it is sent.
        """
        return await self._store.write(
            lambda transaction: holds.begin(
                transaction, account, charge_id, kind, self._now(), self._grace
            )
        )

    async def charge(
        self,
        account: str,
        *,
        id: str | None = None,
        order_no: str | None = None,
        trade_no: str | None = None,
        key: tuple[str, str] | None = None,
    ) -> Charge | None:
        """By exactly one of these; `key` is (key_scope, idempotency_key)."""
        return await self._store.read(
            lambda connection: charges.find(
                connection, account, id=id, order_no=order_no, trade_no=trade_no, key=key
            )
        )

    async def has_charge(self, account: str, key: tuple[str, str]) -> bool:
        """Whether this (key_scope, idempotency_key) has begun a charge."""
        found = self._store.glance(charges.KEY_IS_TAKEN, (account, *key))
        if found is not None:
            return bool(found)
        return await self.charge(account, key=key) is not None

    async def charges(self, account: str, ids: Collection[str]) -> dict[str, Charge]:
        """Those that exist, by id."""
        return await self._store.read(lambda connection: charges.by_ids(connection, account, ids))

    async def history(self, account: str, charge_id: str) -> list[ChargeEvent]:
        """Oldest first; empty for an unknown charge."""
        return await self._store.read(
            lambda connection: charges.history(connection, account, charge_id)
        )

    # Intents

    async def create_intent(self, new: NewIntent) -> IntentMade:
        """Store an intent, or find the one that its key has made.

        Raises IdempotencyMismatch, OrderNoTaken.
        """
        intent_id = self._new_id("pi")
        return await self._store.write(
            lambda transaction: intents.create(transaction, new, intent_id, self._now())
        )

    async def intent(self, account: str, intent_id: str) -> Intent | None:
        """As it stands now, with its attempts."""
        return await self._store.read(
            lambda connection: intents.find(connection, account, self._now(), id=intent_id)
        )

    async def cancel_intent(self, account: str, intent_id: str) -> Intent:
        """Raises UnknownIntent, IntentPaid, ChargeInProgress. Safe to repeat."""
        return await self._store.write(
            lambda transaction: intents.cancel(
                transaction, account, intent_id, self._now(), self._grace
            )
        )

    # Doubts

    async def due_doubts(
        self,
        owner: str,
        limit: int,
        now: datetime | None = None,
        *,
        lease_seconds: float = 60.0,
    ) -> list[Doubt]:
        """Lease the charges that are to be looked up now. Give each back by `looked` or `put_back`;
        what is not given back is due again after the lease."""
        lease = timedelta(seconds=lease_seconds)
        return await self._store.write(
            lambda transaction: doubts.due(transaction, owner, limit, lease, now or self._now())
        )

    async def looked(self, doubt: Doubt, message: Message | None = None) -> None:
        """The look-up was answered, with `message`, which is settled: the next one comes by schedule."""

        def work(transaction: Transaction) -> None:
            now, charge = self._now(), doubt.charge
            if message is not None:
                settlement.settle(transaction, charge.account, charge.id, message, now, self._grace)
            doubts.looked(transaction, doubt, now, self._jitter())

        await self._store.write(work)

    async def put_back(self, doubt: Doubt) -> None:
        """The look-up was not answered: it is repeated soon."""
        await self._store.write(
            lambda transaction: doubts.put_back(transaction, doubt, self._now(), self._jitter())
        )

    async def look_soon(self, account: str, charge_id: str) -> bool:
        """Make a look-up due now. False where the charge needs none."""
        return await self._store.write(
            lambda transaction: doubts.look_soon(transaction, account, charge_id, self._now())
        )

    async def look_at_all(self) -> int:
        """At start-up: make everything unsettled due. How many that are."""
        return await self._store.write(
            lambda transaction: doubts.look_at_all(transaction, self._now())
        )

    async def next_look_at(self) -> datetime | None:
        """When the next look-up is due; None while nothing is unsettled."""
        return await self._store.read(doubts.next_due)

    async def unsettled(self) -> list[Standing]:
        """What was sent and is not settled, of every account."""
        return await self._store.read(standing.unsettled)

    # Changes

    @asynccontextmanager
    async def watch(
        self,
        account: str | None = None,
        *,
        charge_ids: Collection[str] = (),
        notifications: bool = False,
    ) -> AsyncIterator[Watch]:
        """Wake-ups when these change, in whatever process. Read the row after entering, then wait.

        Names neither: everything of the account; no account: everything.
        """
        wanted = changes.interests(account, charge_ids, notifications)
        with self._store.broadcaster.watch(wanted) as watch:
            yield watch
