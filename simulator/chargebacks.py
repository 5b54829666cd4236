"""Disputes: GET /chargebacks, and raising one. Source: contract 6.5 and 7.

Assumed, since the table was cut: an entry has the fields of the webhook; the times are those of the
notice, and required as in /transactions; there is a week to reply.
"""

from typing import TYPE_CHECKING, Any

from simulator.book import Account
from simulator.endpoint import Call
from simulator.page import read_page
from simulator.period import read_period
from simulator.records import Chargeback, Order
from simulator.webhooks import chargeback_data, chargeback_event

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox

REASON = "D4755-Non-Receipt of Goods or Services"
_SECONDS_TO_REPLY = 7 * 86_400


def list_chargebacks(call: Call) -> dict[str, Any]:
    """Newest first."""
    page = read_page(call.query)
    period = read_period(call)
    trade_no, order_no = call.query.get("tradeNo", ""), call.query.get("orderNo", "")
    found = [
        chargeback_data(chargeback, order)
        for chargeback in call.account.chargebacks()
        if period.covers(chargeback.created_at)
        and (order := call.account.order(chargeback.trade_no)) is not None
        and trade_no in ("", order.trade_no)
        and order_no in ("", order.order_no)
    ]
    found.reverse()
    return page.of(list(page.cut(found)), len(found))


def raise_chargeback(
    sandbox: "Sandbox", account: Account, order: Order, amount: str, reason: str
) -> Chargeback:
    """The bank disputes `amount` of the order, and the merchant is told."""
    now = sandbox.options.clock()
    chargeback = Chargeback(
        batch_no=sandbox.fresh_batch_no(),
        trade_no=order.trade_no,
        amount=amount,
        reason=reason,
        created_at=now,
        reply_by=now + _SECONDS_TO_REPLY,
    )
    account.add_chargeback(chargeback)
    sandbox.outbox.announce(account, order, chargeback_event(chargeback, order))
    return chargeback
