"""The door to chargebacks: `ledger.chargebacks`."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, tuple_

from ledger import charges, notifications
from ledger.changes import Change
from ledger.chargeback import Chargeback, ChargebackRecorded, NewChargeback
from ledger.database import Transaction, insert_new
from ledger.error import LedgerError
from ledger.notification import NewNotification, Recorded
from ledger.store import Store
from ledger.table import CODE, MESSAGE, chargebacks
from ledger.text import tamed


class Chargebacks:
    """What Asiabill told of disputes. Each call is one transaction, as those of `Ledger`."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], new_id: Callable[[str], str]
    ) -> None:
        self._store: Final = store
        self._now: Final = now
        self._new_id: Final = new_id

    async def record(self, news: Sequence[NewChargeback]) -> list[ChargebackRecorded]:
        """Store notices, or find that they are known; in their order."""
        ids = [self._new_id("cb") for _ in news]

        def work(transaction: Transaction) -> list[ChargebackRecorded]:
            now = self._now()
            return [
                _record(transaction, new, chargeback_id, now)
                for new, chargeback_id in zip(news, ids, strict=True)
            ]

        return await self._store.write(work)

    async def receive(self, notification: NewNotification, told: NewChargeback) -> Recorded:
        """Store a notification and the notice that it is, or count it: both are done, or neither."""
        chargeback_id = self._new_id("cb")

        def work(transaction: Transaction) -> Recorded:
            now = self._now()
            received = notifications.record(transaction, notification, now)
            if received.is_new:
                recorded = _record(transaction, told, chargeback_id, now)
                notifications.apply(
                    transaction,
                    notification.account,
                    received.notification.id,
                    now,
                    recorded.chargeback.charge_id,
                )
            return received

        return await self._store.write(work)

    async def named(
        self, account: str, numbers: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], Chargeback]:
        """Those that exist, by trade and batch number as they were told."""
        wanted = {_key(*pair): pair for pair in numbers}
        query = select(chargebacks).where(
            chargebacks.c.account == account,
            tuple_(chargebacks.c.trade_no, chargebacks.c.batch_no).in_(list(wanted)),
        )
        rows = await self._store.read(lambda connection: connection.execute(query).mappings().all())
        found = [Chargeback(**row) for row in rows]
        return {wanted[one.trade_no, one.batch_no]: one for one in found}

    async def of_charges(
        self, account: str, charge_ids: Collection[str]
    ) -> dict[str, list[Chargeback]]:
        """By charge id, the oldest first; a charge that nobody disputes has an empty list."""
        return await self._store.read(
            lambda connection: _of_charges(connection, account, charge_ids)
        )


def _key(trade_no: str, batch_no: str) -> tuple[str, str]:
    """The numbers as they are kept."""
    return tamed(trade_no, CODE), tamed(batch_no, CODE)


def _record(
    transaction: Transaction, new: NewChargeback, chargeback_id: str, now: datetime
) -> ChargebackRecorded:
    connection = transaction.connection
    trade_no, batch_no = _key(new.trade_no, new.batch_no)
    charge_id = charges.id_of_order(connection, new.account, new.order_no)
    order_no = new.order_no if charge_id is not None else tamed(new.order_no, CODE)
    if charge_id is None and trade_no:
        found = charges.find(connection, new.account, trade_no=trade_no)
        charge_id = None if found is None else found.id
    values = {
        "account": new.account,
        "id": chargeback_id,
        "trade_no": trade_no,
        "batch_no": batch_no,
        "order_no": order_no,
        "charge_id": charge_id,
        "amount": tamed(new.amount, CODE),
        "currency": tamed(new.currency, CODE),
        "reason": None if new.reason is None else tamed(new.reason, MESSAGE),
        "notice_at": new.notice_at,
        "reply_by": new.reply_by,
        "created_at": now,
    }
    row = insert_new(connection, chargebacks, values)
    if row is None:
        known = _find(connection, new.account, trade_no, batch_no)
        if known is None:
            raise LedgerError("a chargeback is neither new nor known")
        return ChargebackRecorded(known, is_new=False)
    stored = Chargeback(**row)
    if stored.charge_id is not None:
        transaction.changes.append(Change("charge", new.account, stored.charge_id))
    return ChargebackRecorded(stored, is_new=True)


def _of_charges(
    connection: Connection, account: str, charge_ids: Collection[str]
) -> dict[str, list[Chargeback]]:
    rows = connection.execute(
        select(chargebacks)
        .where(chargebacks.c.account == account, chargebacks.c.charge_id.in_(charge_ids))
        .order_by(chargebacks.c.created_at, chargebacks.c.id)
    )
    found: dict[str, list[Chargeback]] = {charge_id: [] for charge_id in charge_ids}
    for row in rows.mappings():
        found[row["charge_id"]].append(Chargeback(**row))
    return found


def _find(connection: Connection, account: str, trade_no: str, batch_no: str) -> Chargeback | None:
    rows = connection.execute(
        select(chargebacks).where(
            chargebacks.c.account == account,
            chargebacks.c.trade_no == trade_no,
            chargebacks.c.batch_no == batch_no,
        )
    )
    row = rows.mappings().first()
    return None if row is None else Chargeback(**row)
