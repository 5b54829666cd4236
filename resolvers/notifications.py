"""Asiabill's notifications: kept before they are acknowledged, then told to their charge."""

from dataclasses import replace

from ledger import Ledger, NewNotification, Notification, Outcome
from resolvers import chargebacks, refund_notifications, refund_reports, reports
from resolvers.account import Account


async def receive(account: Account, ledger: Ledger, new: NewNotification) -> bool:
    """Keep a verified notification, or count its repeat, and tell its charge. True where new.

    Once this returns the notification is durable. Raises LedgerError where it could not be kept.
    """
    told = chargebacks.of_notification(new) if new.type == chargebacks.NOTICE else None
    if told is not None:
        return (await ledger.chargebacks.receive(new, told)).is_new
    recorded = await ledger.notifications.record(new)
    if recorded.is_new:
        await apply(account, ledger, recorded.notification)
    return recorded.is_new


async def apply(account: Account, ledger: Ledger, notification: Notification) -> None:
    """Tell the charge of a notification what it says; kept for later where there is no such order."""
    if refund_reports.is_refund(notification):
        await refund_notifications.apply(account, ledger, notification)
        return
    message = reports.of_notification(notification)
    if message is None:
        await ledger.notifications.close(account.name, notification.id)
    elif notification.charge_id is not None:
        looked_up = account.pre_authorizes and message.outcome is Outcome.SUCCEEDED
        if looked_up:
            # The same news announces a sale and a hold: where it is the first, the book must tell.
            unsettled = await _is_unsettled(account, ledger, notification.charge_id)
            outcome = Outcome.PENDING if unsettled else Outcome.AUTHORIZED
            message = replace(message, outcome=outcome)
        # Which tells every process that the customer's cards may have changed.
        await ledger.settle(
            account.name, notification.charge_id, message, notification=notification.id
        )
        if looked_up:
            await ledger.look_soon(account.name, notification.charge_id)


async def _is_unsettled(account: Account, ledger: Ledger, charge_id: str) -> bool:
    charge = await ledger.charge(account.name, id=charge_id)
    return charge is not None and charge.status.unsettled


async def apply_pending(account: Account, ledger: Ledger) -> int:
    """Apply what was kept and not applied: its order appeared later, or a process died. How many."""
    count = last = 0
    # Those that stay pending, since nobody can tell which refund they mean, hold no later one up.
    while pending := await ledger.notifications.pending(account.name, after_id=last):
        for notification in pending:
            await apply(account, ledger, notification)
        count, last = count + len(pending), pending[-1].id
    return count
