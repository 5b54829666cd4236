"""Asking Asiabill what became of charges: the only way out of a doubt."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from clients.asiabill import AsiabillError, Transaction, TransactionQuery
from ledger import Charge, Ledger, Message, NotFound, Outcome, Reported
from resolvers import reports
from resolvers.account import Account

# Asiabill's clock and zone are not documented: a day on both sides. Source: contract 12.
_MARGIN = timedelta(days=1)
# One page serves several charges of one time; the size is that of the documents' own example.
_PAGE = 1000
_FEW = 3
_SPAN = timedelta(hours=6)

# Of several rows of one order the one that took money counts most.
_WEIGHT = {
    Outcome.SUCCEEDED: 4,
    Outcome.CAPTURED: 4,
    Outcome.CLEARED: 4,
    Outcome.AUTHORIZED: 3,
    Outcome.VOIDED: 2,
    Outcome.PENDING: 2,
    Outcome.DECLINED: 1,
}


async def look_up(account: Account, charges: Sequence[Charge]) -> dict[str, Message | None]:
    """What Asiabill says of each charge, by charge id; None where it could not be asked.

    Charges of one time are looked for in one page of the book. An order that the page does not
    show is asked for by its number, unless the page was the whole book of that time. A trade that
    Asiabill gave a number to and its book does not show is asked for by that number.
    """
    found: dict[str, Message | None] = {}
    for group in _groups(charges):
        found |= await _look_up_group(account, group)
    for charge in charges:
        if isinstance(found[charge.id], NotFound) and charge.trade_no is not None:
            found[charge.id] = await _look_up_trade(account, charge, charge.trade_no)
    return found


async def settle(account: Account, ledger: Ledger, charge: Charge) -> tuple[Charge, bool]:
    """Look one charge up and settle what came back; False where Asiabill could not be asked."""
    message = (await look_up(account, [charge]))[charge.id]
    if message is None:
        return charge, False
    return (await ledger.settle(account.name, charge.id, message)).charge, True


async def _look_up_group(account: Account, charges: Sequence[Charge]) -> dict[str, Message | None]:
    found: dict[str, Message | None] = {}
    missing = list(charges)
    if len(charges) >= _FEW:
        times = [_time(charge) for charge in charges]
        query = TransactionQuery(min(times) - _MARGIN, max(times) + _MARGIN, page_size=_PAGE)
        try:
            page = await account.asiabill.transactions(query)
        except AsiabillError:
            return {charge.id: None for charge in charges}
        whole = not page.more
        for charge in charges:
            rows = [row for row in page.items if row.order_no == charge.order_no]
            if rows or whole:
                found[charge.id] = _said(charge, rows)
        missing = [charge for charge in charges if charge.id not in found]
    answers = await asyncio.gather(*(_look_up_one(account, charge) for charge in missing))
    return found | {charge.id: said for charge, said in zip(missing, answers, strict=True)}


async def _look_up_one(account: Account, charge: Charge) -> Message | None:
    moment = _time(charge)
    query = TransactionQuery(moment - _MARGIN, moment + _MARGIN, order_no=charge.order_no)
    try:
        page = await account.asiabill.transactions(query)
    except AsiabillError:
        return None
    return _said(charge, [row for row in page.items if row.order_no == charge.order_no])


async def _look_up_trade(account: Account, charge: Charge, trade_no: str) -> Message | None:
    """What Asiabill says of its own number. Its fields are assumed to be those of the book (contract
    6.4): an answer that lacks what must be compared says nothing, and is no alarm."""
    try:
        row = await account.asiabill.order_info(trade_no)
    except AsiabillError:
        return None
    if row is None:
        return NotFound()
    return _said(charge, [row]) if row.order_no and row.amount and row.currency else None


def _said(charge: Charge, rows: Sequence[Transaction]) -> Message | None:
    if not rows:
        return NotFound()
    told = [report for row in rows if (report := reports.of_transaction(row)) is not None]
    return max(told, key=weight, default=None)


def weight(report: Reported) -> int:
    """Of several rows of one order the weightiest says what became of it."""
    return _WEIGHT.get(report.outcome, 0)


def _groups(charges: Sequence[Charge]) -> list[list[Charge]]:
    """Charges whose times lie close together, so that one page is likely to hold them."""
    groups: list[list[Charge]] = []
    for charge in sorted(charges, key=_time):
        if groups and _time(charge) - _time(groups[-1][0]) <= _SPAN:
            groups[-1].append(charge)
        else:
            groups.append([charge])
    return groups


def _time(charge: Charge) -> datetime:
    return charge.sent_at or charge.created_at
