"""What was sent to the buyer, told to Asiabill as a proof against disputes."""

from dataclasses import replace

from clients.asiabill import AsiabillError, ShipmentUpload
from ledger import Charge, ChargeAction, ChargeStatus, Shipment
from resolvers import argument, charges, refunds
from resolvers.context import Context
from resolvers.rejection import (
    ErrorCode,
    NotAllowed,
    Rejection,
    UpstreamOutcome,
    UpstreamRejection,
    upstream_rejected,
)

_DONE = "success"


async def upload(
    context: Context,
    charge_id: str,
    *,
    tracking_no: str,
    tracking_site: str,
    carrier_code: str | None,
) -> Shipment:
    """Tell Asiabill where the parcel of a charge is. A later call takes the place of an earlier one.

    One upstream call, safe to repeat. Raises Rejection.
    """
    argument.text(tracking_no, ("input", "trackingNumber"), least=2, most=50)
    argument.text(tracking_site, ("input", "trackingSite"), least=2, most=200)
    if carrier_code is not None:
        argument.text(carrier_code, ("input", "carrierCode"), least=0, most=50)
    charge = await charges.find(context, id=charge_id)
    if charge is None:
        raise Rejection(ErrorCode.NOT_FOUND, "There is no such charge.", ("chargeId",))
    allowed = await refunds.actions(context, charge)
    if ChargeAction.UPLOAD_SHIPMENT not in allowed:
        raise NotAllowed("Only what was paid is shipped.", charge, allowed)
    told = ShipmentUpload(
        tracking_no=tracking_no,
        tracking_site=tracking_site,
        carrier_code=carrier_code or "",
        trade_no=charge.trade_no or "",
        order_no="" if charge.trade_no else charge.order_no,
    )
    try:
        with upstream_rejected():
            answer = await context.account.asiabill.upload_shipment(told)
    finally:
        context.forget_shipment(charge.trade_no)
    if answer.status.lower() not in ("", _DONE):
        raise UpstreamRejection(
            ErrorCode.UPSTREAM_REJECTED,
            "Asiabill did not take the shipment.",
            UpstreamOutcome.REJECTED,
        )
    return await context.ledger.shipments.save(
        Shipment(
            account=charge.account,
            charge_id=charge.id,
            tracking_no=tracking_no,
            tracking_site=tracking_site,
            carrier_code=carrier_code or None,
        )
    )


async def of_charge(context: Context, charge: Charge) -> Shipment | None:
    """The shipment of a charge, also one that was told elsewhere. One upstream call.

    Where Asiabill knows of none or can't be asked, the one that was uploaded here, whose status is
    not known then. Raises AsiabillError where it can't be asked and none was.
    """
    if charge.status is not ChargeStatus.SUCCEEDED or charge.trade_no is None:
        return None
    try:
        found = await context.loaders.shipment.load(charge.trade_no)
    except AsiabillError:
        kept = await _kept(context, charge)
        if kept is None:
            raise
        return kept
    if found is None or not (found.tracking_no or found.status):
        return await _kept(context, charge)
    return Shipment(
        account=charge.account,
        charge_id=charge.id,
        tracking_no=found.tracking_no,
        tracking_site=found.tracking_site,
        carrier_code=found.carrier_code or None,
        status=found.status or None,
    )


async def _kept(context: Context, charge: Charge) -> Shipment | None:
    kept = await context.loaders.records.shipment.load(charge.id)
    return None if kept is None else replace(kept, status=None)
