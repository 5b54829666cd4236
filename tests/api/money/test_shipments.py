"""Parcels: told to Asiabill for what was paid, and read from there."""

from typing import Any

import pytest

from tests.api.conftest import OPS, Api
from tests.api.money.checkout import opened
from tests.api.money.paid import Paid, paid
from tests.far_side import PARCEL, UPLOAD, caused

SENT = {
    "carrierCode": "ems",
    "trackingNumber": "RR123456785CN",
    "trackingSite": "https://track.example",
}


async def upload(api: Api, charge_id: str, **changed: Any) -> dict[str, Any]:
    """The payload of uploadShipment."""
    answer = await api.run("UploadShipment", chargeId=charge_id, input=SENT | changed)
    payload: dict[str, Any] = answer.data["uploadShipment"]
    return payload


async def shown(charge: Paid, **caller: Any) -> dict[str, Any] | None:
    """The charge's shipment."""
    answer = await charge.api.run("Shipment", by={"id": charge.charge_id}, **caller)
    shipment: dict[str, Any] | None = answer.data["charge"]["shipment"]
    return shipment


@pytest.fixture
async def charge(api: Api, unique: str) -> Paid:
    """A charge that took its money."""
    return await paid(api, unique)


async def test_a_shipment_is_told_and_followed(charge: Paid) -> None:
    api = charge.api
    assert await shown(charge) is None
    before = await api.simulator.calls()
    payload = await upload(api, charge.charge_id)
    assert payload == {"shipment": SENT | {"status": None}, "userErrors": []}
    assert caused(before, await api.simulator.calls()) == {UPLOAD: 1}
    assert await shown(charge) == SENT | {"status": "Pending"}
    await api.simulator.parcel_is(charge.order_no, "Delivered")
    before = await api.simulator.calls()
    answer = await api.run("Shipment", key=OPS, by={"id": charge.charge_id})
    assert answer.data["charge"]["shipment"]["status"] == "Delivered"
    assert "UPLOAD_SHIPMENT" in answer.data["charge"]["allowedActions"]
    assert caused(before, await api.simulator.calls()) == {PARCEL: 1}
    assert answer.cost["upstreamCalls"] == 1
    token = await api.session(charge.customer_id, "PAY")
    assert await shown(charge, key=token) == SENT | {"status": "Delivered"}


async def test_a_later_parcel_takes_the_place_of_the_earlier(charge: Paid) -> None:
    await upload(charge.api, charge.charge_id)
    await upload(charge.api, charge.charge_id)
    second = await upload(charge.api, charge.charge_id, trackingNumber="SECOND-1", carrierCode=None)
    assert second["userErrors"] == []
    found = await shown(charge)
    assert found is not None
    assert (found["trackingNumber"], found["carrierCode"]) == ("SECOND-1", None)
    rows = await charge.api.run(
        "Transactions",
        filter={
            "from": "2026-01-01T00:00:00Z",
            "to": "2039-01-01T00:00:00Z",
            "shipmentUploaded": True,
        },
    )
    assert [row["orderNo"] for row in rows.data["transactions"]["nodes"]] == [charge.order_no]


async def test_only_what_was_paid_is_shipped(api: Api, unique: str) -> None:
    checkout = await opened(api, unique, card="4000000000009995")
    declined = await checkout.paid()
    payload = await upload(api, declined["id"])
    (error,) = payload["userErrors"]
    assert (error["__typename"], error["code"]) == ("NotAllowedError", "ACTION_NOT_ALLOWED")
    assert (error["path"], error["allowedActions"]) == (["chargeId"], ["RECONCILE"])
    answer = await api.run("Shipment", by={"id": declined["id"]})
    assert answer.data["charge"]["shipment"] is None
    assert answer.cost["upstreamCalls"] == 0
    assert (await api.simulator.calls()).get(UPLOAD, 0) == 0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"trackingNumber": "1"}, "trackingNumber"),
        ({"trackingNumber": "x" * 51}, "trackingNumber"),
        ({"trackingNumber": "4242424242424242"}, "trackingNumber"),
        ({"trackingSite": "x"}, "trackingSite"),
        ({"trackingSite": "x" * 201}, "trackingSite"),
        ({"carrierCode": "x" * 51}, "carrierCode"),
    ],
)
async def test_a_text_that_asiabill_could_not_take_names_its_argument(
    charge: Paid, change: dict[str, str], name: str
) -> None:
    (error,) = (await upload(charge.api, charge.charge_id, **change))["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", name])
    assert (await charge.api.simulator.calls()).get(UPLOAD, 0) == 0


async def test_an_unknown_charge_is_not_found(api: Api) -> None:
    (error,) = (await upload(api, "ch_nothing"))["userErrors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["chargeId"])


@pytest.mark.parametrize(("effect", "done"), [("drop_after", True), ("status_500", False)])
async def test_a_lost_answer_says_so_and_a_repeat_is_safe(
    charge: Paid, effect: str, done: bool
) -> None:
    await charge.api.simulator.fault(UPLOAD, effect)
    payload = await upload(charge.api, charge.charge_id)
    (error,) = payload["userErrors"]
    assert payload["shipment"] is None
    assert (error["code"], error["outcome"]) == ("UPSTREAM_UNAVAILABLE", "UNKNOWN")
    assert (await charge.api.simulator.calls())[UPLOAD] == 1
    # Asiabill is asked, so what it has is seen whatever became of the answer.
    assert (await shown(charge) is not None) is done
    assert (await upload(charge.api, charge.charge_id))["userErrors"] == []
    assert await shown(charge) == SENT | {"status": "Pending"}


async def test_what_was_told_here_is_shown_while_asiabill_cannot_be_asked(charge: Paid) -> None:
    api = charge.api
    await api.simulator.fault(PARCEL, "status_500", times=3)
    unknown = await api.run("Shipment", by={"id": charge.charge_id})
    assert unknown.codes == ["UPSTREAM_UNAVAILABLE"]
    assert unknown.body["data"]["charge"]["shipment"] is None
    await upload(api, charge.charge_id)
    await api.simulator.fault(PARCEL, "status_500", times=3)
    assert await shown(charge) == SENT | {"status": None}


async def test_an_order_of_another_currency_is_shipped_alike(api: Api, unique: str) -> None:
    for amount, currency in (("80", "JPY"), ("1.25", "KWD")):
        charge = await paid(api, f"{unique}-{currency}", amount, currency)
        assert (await upload(api, charge.charge_id))["userErrors"] == []


async def test_only_the_shop_s_server_tells_of_parcels(charge: Paid) -> None:
    token = await charge.api.session(charge.customer_id, "PAY")
    for key in (OPS, token):
        answer = await charge.api.run(
            "UploadShipment", key=key, chargeId=charge.charge_id, input=SENT
        )
        assert answer.codes == ["FORBIDDEN"]
