"""Asiabill's notifications of refunds, told to the refund that they are about."""

from ledger import Ledger, Notification
from resolvers import refund_reports
from resolvers.account import Account


async def apply(account: Account, ledger: Ledger, notification: Notification) -> None:
    """Tell the refund of a notification what it says.

    Kept for later where the charge is not known, or where it names no refund and one whose answer
    is not here yet, or was lost, may be meant. Closed where the refund was not made here.
    """
    charge_id = notification.charge_id
    if charge_id is None:
        return
    refunds = (await ledger.refunds.of_charges(account.name, [charge_id]))[charge_id]
    refund, certain = refund_reports.named(notification, refunds), True
    if refund is None:
        candidates = refund_reports.nameless(notification, refunds)
        if not candidates:
            await ledger.notifications.close(account.name, notification.id)
            return
        if len(candidates) > 1 or ledger.refunds.awaits_answer(candidates[0]):
            return
        (refund,), certain = candidates, False
    message = refund_reports.of_notification(notification, certain=certain)
    await ledger.refunds.settle(account.name, refund.id, message, notification=notification.id)
