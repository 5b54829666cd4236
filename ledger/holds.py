"""Beginning the capture or the void of a hold."""

from datetime import datetime, timedelta

from ledger import intents, settlement
from ledger.charge import Charge
from ledger.charges import locked
from ledger.database import Transaction
from ledger.error import ActionInProgress, ActionNotAllowed
from ledger.message import ActionBegun
from ledger.status import ActionStatus, ChargeStatus, HoldAction


def begin(
    transaction: Transaction,
    account: str,
    charge_id: str,
    kind: HoldAction,
    now: datetime,
    grace: timedelta,
) -> Charge:
    """Store what is to be done, or find it stored. Raises what `Ledger.begin_action` says."""
    charge = locked(transaction.connection, account, charge_id)
    if charge.status is not ChargeStatus.AUTHORIZED:
        raise ActionNotAllowed(charge)
    if charge.action_in_doubt:
        raise ActionInProgress(charge)
    if charge.action_status is ActionStatus.BEGUN:
        if charge.action is kind:
            return charge
        if not _abandoned(charge, now):
            raise ActionInProgress(charge)
    begun = settlement.settle(transaction, account, charge_id, ActionBegun(kind), now, grace)
    return begun.charge


def _abandoned(charge: Charge, now: datetime) -> bool:
    return charge.action_at is None or now - charge.action_at >= intents.SEND_OVERDUE
