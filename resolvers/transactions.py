"""Asiabill's own book, page by page: what finance compares with."""

from dataclasses import dataclass
from datetime import datetime

from clients.asiabill import NoAnswer, Page, Transaction, TransactionQuery
from ledger import Charge, MoneyError, ToldMoney
from resolvers import window
from resolvers.charge_lists import demand_span
from resolvers.context import Context
from resolvers.failure import BadUserInput
from resolvers.window import Rows, demand_first

# Which rows have a shipment is told by the rows alone, so that many are looked through at once.
_LOOKED_THROUGH = 500
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for. `uploaded` keeps the rows that have a shipment, or those that have none."""

    since: datetime
    until: datetime
    order_no: str | None = None
    trade_no: str | None = None
    uploaded: bool | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the book at its `place` in the list."""

    place: int
    money: ToldMoney
    told: Transaction


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """`end` is the place of the last row that was looked at, which need not be one that is shown."""

    rows: list[Row]
    end: int | None
    total: int | None
    has_next: bool


async def page(context: Context, chosen: Filter, first: int, offset: int) -> TransactionPage:
    """Rows from `offset` on, in Asiabill's order. One upstream call.

    Asiabill's times are told and read as China's. Source: contract 6.3, 12.
    """
    demand_first(first)
    demand_span(chosen.since, chosen.until)
    order_no = _number("orderNo", chosen.order_no)
    trade_no = _number("tradeNo", chosen.trade_no)

    async def ask(page_index: int, page_size: int) -> Page[Transaction]:
        query = TransactionQuery(
            start=chosen.since,
            end=chosen.until,
            page_index=page_index,
            page_size=page_size,
            order_no=order_no,
            trade_no=trade_no,
        )
        return await context.account.asiabill.transactions(query)

    if chosen.uploaded is None:
        found = await window.rows(ask, offset, first)
        return _page(found, [_row(found, place) for place in range(len(found.items))], found.total)
    found = await window.rows(ask, offset, _LOOKED_THROUGH)
    kept = [
        _row(found, place)
        for place, row in enumerate(found.items)
        if row.shipment_uploaded is chosen.uploaded
    ]
    if len(kept) > first:
        return TransactionPage(kept[:first], kept[first - 1].place, None, has_next=True)
    return _page(found, kept, None)


async def charge(context: Context, row: Transaction) -> Charge | None:
    """The charge of this gateway's that has the row's order number."""
    return await context.loaders.records.charge_of_order.load(row.order_no)


def _page(found: Rows[Transaction], rows: list[Row], total: int | None) -> TransactionPage:
    end = found.offset + len(found.items) - 1 if found.items else None
    return TransactionPage(rows, end, total, found.has_next)


def _row(found: Rows[Transaction], place: int) -> Row:
    told = found.items[place]
    try:
        money = ToldMoney.of(told.amount, told.currency)
    except MoneyError as error:
        reason = f"trade {told.trade_no} has an amount that is no decimal"
        raise NoAnswer("GET /transactions", "", reason) from error
    return Row(found.offset + place, money, told)


def _number(name: str, value: str | None) -> str:
    value = value or ""
    if len(value) > _LONGEST or not (value.isascii() and value.isprintable()):
        raise BadUserInput(f"{name} must be printable ASCII of at most {_LONGEST} characters.")
    return value
