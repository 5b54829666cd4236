"""What was sent to the buyer is kept with its charge; the last word on it counts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from ledger import BadText, Charge, Ledger, Shipment, UnknownCharge


@pytest.fixture
async def shipment(charged: Callable[..., Awaitable[Charge]]) -> Shipment:
    return Shipment(
        account="default",
        charge_id=(await charged()).id,
        tracking_no="LX123",
        tracking_site="https://track.example",
    )


async def test_the_last_one_saved_wins(ledger: Ledger, shipment: Shipment) -> None:
    assert await ledger.shipments.save(shipment) == shipment
    newer = replace(shipment, carrier_code="dhl", status="InTransit")
    assert await ledger.shipments.save(newer) == newer
    asked = [shipment.charge_id, "ch_none"]
    assert await ledger.shipments.of_charges("default", asked) == {shipment.charge_id: newer}
    assert await ledger.shipments.of_charges("another", asked) == {}


async def test_only_a_known_charge_has_one(ledger: Ledger, shipment: Shipment) -> None:
    for elsewhere in (replace(shipment, account="another"), replace(shipment, charge_id="ch_1")):
        with pytest.raises(UnknownCharge):
            await ledger.shipments.save(elsewhere)


async def test_the_shops_text_is_refused_if_bad_and_asiabills_is_tamed(
    ledger: Ledger, shipment: Shipment
) -> None:
    with pytest.raises(BadText):
        await ledger.shipments.save(replace(shipment, tracking_no="a\x00"))
    kept = await ledger.shipments.save(replace(shipment, status="\x00" * 99))
    assert kept.status == "\ufffd" * 64
