"""What was sent to the buyer, as it was told to Asiabill: `ledger.shipments`."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from ledger import charges
from ledger.changes import Change
from ledger.database import Transaction, insert_new
from ledger.statement import Row
from ledger.store import Store
from ledger.table import CODE, shipments
from ledger.text import tamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """The one of a charge. `carrier_code` and `status` are Asiabill's words, where they are known."""

    account: str
    charge_id: str
    tracking_no: str
    tracking_site: str
    carrier_code: str | None = None
    status: str | None = None


class Shipments:
    """One shipment for each charge. Each call is one transaction, as those of `Ledger`."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store: Final = store
        self._now: Final = now

    async def save(self, shipment: Shipment) -> Shipment:
        """The last one saved wins. Raises UnknownCharge."""
        return await self._store.write(
            lambda transaction: _save(transaction, shipment, self._now())
        )

    async def of_charges(self, account: str, charge_ids: Collection[str]) -> dict[str, Shipment]:
        """By charge id; charges without one are left out."""
        query = select(shipments).where(
            shipments.c.account == account, shipments.c.charge_id.in_(charge_ids)
        )
        return await self._store.read(
            lambda connection: {
                row["charge_id"]: _shipment_of(row) for row in connection.execute(query).mappings()
            }
        )


def _save(transaction: Transaction, shipment: Shipment, now: datetime) -> Shipment:
    account, charge_id = shipment.account, shipment.charge_id
    charges.locked(transaction.connection, account, charge_id)
    told = {
        "tracking_no": shipment.tracking_no,
        "tracking_site": shipment.tracking_site,
        "carrier_code": shipment.carrier_code,
        "status": None if shipment.status is None else tamed(shipment.status, CODE),
        "updated_at": now,
    }
    key = {"account": account, "charge_id": charge_id}
    values = key | told | {"created_at": now}
    row = insert_new(transaction.connection, shipments, values)
    if row is None:
        changed = transaction.connection.execute(
            update(shipments)
            .where(shipments.c.account == account, shipments.c.charge_id == charge_id)
            .values(**told)
            .returning(shipments)
        )
        row = changed.mappings().one()
    transaction.changes.append(Change("charge", account, charge_id))
    return _shipment_of(row)


def _shipment_of(row: Row) -> Shipment:
    return Shipment(**{name: row[name] for name in Shipment.__dataclass_fields__})
