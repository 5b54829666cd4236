"""What the ledger knows of many things, read once for an operation."""

from collections.abc import Sequence

from ledger import Charge, Chargeback, ChargePage, Ledger, Shipment
from resolvers.cost import Cost
from resolvers.loader import Loader


class Records:
    """The ledger's batched reads. They have no part in the operation's cost, which is Asiabill's."""

    def __init__(self, account: str, ledger: Ledger) -> None:
        async def by_order_no(order_nos: Sequence[str]) -> list[Charge | None]:
            found = await ledger.lists.numbered(account, order_nos)
            return [found.get(order_no) for order_no in order_nos]

        async def newest(keys: Sequence[tuple[str, int]]) -> list[ChargePage]:
            pages: dict[tuple[str, int], ChargePage] = {}
            for first in {first for _, first in keys}:
                wanted = [customer_id for customer_id, size in keys if size == first]
                found = await ledger.lists.newest(account, wanted, first)
                pages |= {(customer_id, first): page for customer_id, page in found.items()}
            return [pages[key] for key in keys]

        async def chargebacks(charge_ids: Sequence[str]) -> list[list[Chargeback]]:
            found = await ledger.chargebacks.of_charges(account, charge_ids)
            return [found[charge_id] for charge_id in charge_ids]

        async def shipments(charge_ids: Sequence[str]) -> list[Shipment | None]:
            found = await ledger.shipments.of_charges(account, charge_ids)
            return [found.get(charge_id) for charge_id in charge_ids]

        async def fingerprints(payment_method_ids: Sequence[str]) -> list[str | None]:
            found = await ledger.fingerprints.of_cards(account, payment_method_ids)
            return [found.get(payment_method_id) for payment_method_id in payment_method_ids]

        self.charge_of_order: Loader[str, Charge | None] = Loader(by_order_no, Cost(limit=0))
        self.newest_charges: Loader[tuple[str, int], ChargePage] = Loader(newest, Cost(limit=0))
        self.chargebacks: Loader[str, list[Chargeback]] = Loader(chargebacks, Cost(limit=0))
        self.shipment: Loader[str, Shipment | None] = Loader(shipments, Cost(limit=0))
        self.fingerprint: Loader[str, str | None] = Loader(fingerprints, Cost(limit=0))
