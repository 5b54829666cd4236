"""What may be done to a charge now: the one place that says so."""

from collections.abc import Collection

from ledger.charge import Charge
from ledger.refund import Refund, refundable
from ledger.status import ActionStatus, ChargeAction, ChargeStatus


def allowed_actions(charge: Charge, refunds: Collection[Refund]) -> frozenset[ChargeAction]:
    """`refunds` are all of the charge's."""
    allowed: set[ChargeAction] = set()
    if charge.status is ChargeStatus.AUTHORIZED and not charge.action_in_doubt:
        begun = charge.action_status is ActionStatus.BEGUN and charge.action
        allowed |= {begun} if begun else {ChargeAction.CAPTURE, ChargeAction.VOID}
    if charge.status is ChargeStatus.SUCCEEDED:
        allowed.add(ChargeAction.UPLOAD_SHIPMENT)
        if refundable(charge, refunds):
            allowed.add(ChargeAction.REFUND)
    # Of what never left there is nothing to ask.
    if charge.sent_at is not None or charge.heard:
        allowed.add(ChargeAction.RECONCILE)
    return frozenset(allowed)
