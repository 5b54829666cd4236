"""Disputes: what Asiabill lists, and what it told by notification. Either way each is kept once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clients import asiabill
from clients.asiabill import ChargebackQuery, NoAnswer, Page
from ledger import (
    Charge,
    Chargeback,
    Ledger,
    MoneyError,
    NewChargeback,
    NewNotification,
    Notification,
    ToldMoney,
)
from resolvers import window
from resolvers.charge_lists import demand_span
from resolvers.context import Context
from resolvers.window import demand_first

NOTICE: Final = "chargeback.success"


@dataclass(frozen=True, slots=True)
class ChargebackPage:
    """A page in Asiabill's order; `offset` is the place of its first row."""

    chargebacks: list[Chargeback]
    offset: int
    total: int | None
    has_next: bool


async def page(
    context: Context, since: datetime, until: datetime, first: int, offset: int
) -> ChargebackPage:
    """Disputes raised in a span of time. One upstream call.

    What is listed is kept, so that a dispute whose notification was lost is known from here on.
    """
    demand_first(first)
    demand_span(since, until)
    account = context.account

    async def ask(page_index: int, page_size: int) -> Page[asiabill.Chargeback]:
        query = ChargebackQuery(since, until, page_index, page_size)
        return await account.asiabill.chargebacks(query)

    rows = await window.rows(ask, offset, first)
    try:
        news = [_new(account.name, row) for row in rows.items]
    except MoneyError as error:
        raise NoAnswer("GET /chargebacks", "", "an amount that is no decimal") from error
    kept = await _kept(context.ledger, news)
    return ChargebackPage(kept, rows.offset, rows.total, rows.has_next)


async def of_charge(context: Context, charge_id: str) -> list[Chargeback]:
    """The disputes of a charge that are known, the oldest first; many charges are one read."""
    return await context.loaders.records.chargebacks.load(charge_id)


async def charge(context: Context, chargeback: Chargeback) -> Charge | None:
    """The charge that is disputed; None where it was not made here."""
    if chargeback.charge_id is None:
        return None
    return await context.loaders.charge.load(chargeback.charge_id)


async def of_notifications(
    ledger: Ledger, account: str, notifications: Sequence[Notification]
) -> dict[int, Chargeback]:
    """What those of them that tell of a dispute told of, by their number."""
    numbers = {one.id: (one.trade_no, one.batch_no) for one in notifications if one.type == NOTICE}
    found = await ledger.chargebacks.named(account, numbers.values()) if numbers else {}
    return {number: found[pair] for number, pair in numbers.items() if pair in found}


def of_notification(told: NewNotification) -> NewChargeback | None:
    """The dispute that a notification tells of; None where its amount is none. Source: contract 7."""
    fields = told.fields
    row = asiabill.Chargeback(
        batch_no=told.batch_no,
        trade_no=told.trade_no,
        order_no=told.order_no,
        amount=fields.get("amount", ""),
        currency=fields.get("currency", ""),
        order_amount=fields.get("orderAmount", ""),
        order_currency=fields.get("orderCurrency", ""),
        reason=fields.get("reason", ""),
        notice_date=fields.get("noticeDate", ""),
        reply_deadline=fields.get("replyDeadline", ""),
    )
    try:
        return _new(told.account, row)
    except MoneyError:
        return None


def _new(account: str, row: asiabill.Chargeback) -> NewChargeback:
    """Where Asiabill does not say how much is disputed, the whole order is. Raises MoneyError."""
    amount, currency = row.amount or row.order_amount, row.currency or row.order_currency
    ToldMoney.of(amount, currency)
    return NewChargeback(
        account=account,
        trade_no=row.trade_no,
        batch_no=row.batch_no,
        order_no=row.order_no,
        amount=amount,
        currency=currency,
        reason=row.reason or None,
        notice_at=row.noticed_at,
        reply_by=row.reply_by,
    )


async def _kept(ledger: Ledger, news: Sequence[NewChargeback]) -> list[Chargeback]:
    """As the ledger has them; it is written to only where one is new to it."""
    if not news:
        return []
    numbers = [(new.trade_no, new.batch_no) for new in news]
    known = await ledger.chargebacks.named(news[0].account, numbers)
    unknown = [new for new in news if (new.trade_no, new.batch_no) not in known]
    if unknown:
        await ledger.chargebacks.record(unknown)
        known = await ledger.chargebacks.named(news[0].account, numbers)
    return [known[pair] for pair in numbers if pair in known]
