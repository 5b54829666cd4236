"""Asking Asiabill what became of refunds: by the number that it gave them, since it knows no other."""

from dataclasses import dataclass

from clients.asiabill import AsiabillError
from ledger import Ledger, Refund, RefundReported
from resolvers import refund_reports
from resolvers.account import Account


@dataclass(frozen=True, slots=True)
class Look:
    """`answered` is False where Asiabill could not be asked; `report` is None where it then knew no
    such refund."""

    answered: bool
    report: RefundReported | None = None


async def look_up(account: Account, refund: Refund) -> Look:
    """What Asiabill says of a refund that has a number."""
    if refund.batch_no is None:
        raise ValueError("a refund without Asiabill's number can't be asked for")
    try:
        record = await account.asiabill.refund_record(refund.batch_no)
    except AsiabillError:
        return Look(answered=False)
    return Look(True, refund_reports.of_record(record, refund.batch_no) if record else None)


async def settle(account: Account, ledger: Ledger, refund: Refund) -> Refund:
    """Look a refund up and settle what came back; as it was where Asiabill did not answer."""
    look = await look_up(account, refund)
    if look.report is None:
        return refund
    return (await ledger.refunds.settle(account.name, refund.id, look.report)).refund
