"""What a person saw at Asiabill's own desk of a refund whose answer was lost, and with it its number."""

from datetime import datetime, timedelta
from typing import Final

from ledger import BadText, Ledger, NotMade, Refund, RefundStatus, refund_matches
from resolvers import refund_reports
from resolvers.account import Account

# Asiabill tells of a refund for up to 17 hours (contract 7): until then it may still be heard of.
_PATIENCE: Final = timedelta(hours=24)


class NotBelieved(Exception):
    """What the person said does not fit what is known; nothing was changed."""


async def numbered(account: Account, ledger: Ledger, refund_id: str, batch_no: str) -> Refund:
    """Give a refund the number that Asiabill's desk shows, and settle what Asiabill says of it.

    Raises NotBelieved, AsiabillError.
    """
    refund = await _nameless(account, ledger, refund_id)
    other = await ledger.refunds.find(account.name, batch_no=batch_no)
    if other is not None:
        raise NotBelieved(f"this is the number of refund {other.id}")
    record = await account.asiabill.refund_record(batch_no)
    if record is None:
        raise NotBelieved("Asiabill knows no refund of this number")
    report = refund_reports.of_record(record, batch_no)
    charge = await ledger.charge(account.name, id=refund.charge_id)
    trade_no = charge.trade_no if charge else None
    of_another = record.trade_no not in ("", trade_no) or report.batch_no != batch_no
    if of_another or not refund_matches(refund, report):
        raise NotBelieved("Asiabill's refund of this number is another one")
    return (await ledger.refunds.settle(account.name, refund.id, report)).refund


async def not_made(account: Account, ledger: Ledger, refund_id: str, now: datetime) -> Refund:
    """Give a refund up that Asiabill's desk does not show: its money can be refunded again.

    Raises NotBelieved, also in its first 24 hours.
    """
    refund = await _nameless(account, ledger, refund_id)
    if refund.sent_at is None or now - refund.sent_at < _PATIENCE:
        raise NotBelieved("Asiabill may still tell of it: wait until 24 hours after it was sent")
    return (await ledger.refunds.settle(account.name, refund.id, NotMade())).refund


async def _nameless(account: Account, ledger: Ledger, refund_id: str) -> Refund:
    try:
        refund = await ledger.refunds.find(account.name, id=refund_id)
    except BadText:
        refund = None
    if refund is None:
        raise NotBelieved("there is no such refund")
    if refund.status is not RefundStatus.UNKNOWN or refund.batch_no is not None:
        raise NotBelieved(f"it is {refund.status}: Asiabill's word on it is known, or will be")
    return refund
