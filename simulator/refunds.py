"""Refunds: POST /refund, GET /refund/{batchNo}, and how they end. Source: contract 6.1 and 6.2.

Assumed, since the tables were cut: an answer gives the request's own names back beside batchNo and
refundStatus, whose end values are `success` and `fail`; refunds that are pending count against the
balance; what is held is voided and not refunded.
"""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from simulator.book import Account
from simulator.endpoint import Call
from simulator.fields import PARAM_ERROR, Refusal
from simulator.money import read_amount
from simulator.records import Order, Refund
from simulator.webhooks import refund_event

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox

RefundMode = Literal["success", "fail", "hold"]

# What the bank takes; scaled like the waits of webhooks.
SECONDS_TO_SETTLE = 5.0

_WHOLE = "1"
_REFUND_TYPE = re.compile("[12]")


def apply_for_refund(call: Call) -> dict[str, Any]:
    """A merTrackNo that was used before gives its refund as it stands, and does nothing."""
    account, body, sandbox = call.account, call.body, call.sandbox
    track_no = body.required("merTrackNo", 100)
    trade_no = body.required("tradeNo", 64)
    kind = body.required("refundType", 1, pattern=_REFUND_TYPE)
    reason = body.text("refundReason", 500)
    remark = body.text("remark", 500)
    order = account.order(trade_no)
    if order is None:
        raise Refusal.incorrect("tradeNo")
    amount = read_amount(body, "refundAmount", order.currency)
    earlier = account.refund_tracked(track_no)
    if earlier is not None:
        return _shown(account, earlier, call.as_of)
    _require_refundable(account, order, kind, Decimal(amount))
    mode = sandbox.refund_mode
    refund = Refund(
        batch_no=sandbox.fresh_batch_no(),
        track_no=track_no,
        trade_no=trade_no,
        type=kind,
        amount=amount,
        reason=reason,
        remark=remark,
        created_at=call.now,
        fate=None if mode == "hold" else mode,
        due=call.now + SECONDS_TO_SETTLE * sandbox.options.webhook_time_scale,
    )
    account.add_refund(refund)
    schedule_refund(sandbox, account, refund)
    return _shown(account, refund, call.as_of)


def get_refund(call: Call) -> dict[str, Any]:
    refund = call.account.refund(call.path["batchNo"])
    if refund is None or refund.created_at > call.as_of:
        raise Refusal.incorrect("batchNo")
    return _shown(call.account, refund, call.as_of)


def schedule_refund(sandbox: "Sandbox", account: Account, refund: Refund) -> None:
    """Lets it end by itself when it is due, unless it waits to be decided or has ended."""
    fate = refund.fate
    if fate is None or refund.status != "pending":
        return

    async def end() -> None:
        settle_refund(sandbox, account, refund, fate)
        await sandbox.durable()

    sandbox.later(max(0.0, refund.due - sandbox.options.clock()), end)


def settle_refund(
    sandbox: "Sandbox", account: Account, refund: Refund, result: Literal["success", "fail"]
) -> None:
    """A refund that has ended stays as it is."""
    order = account.order(refund.trade_no)
    if refund.status != "pending" or order is None:
        return
    now = sandbox.options.clock()
    account.settle_refund(refund, order, result, now)
    sandbox.outbox.announce(account, order, refund_event(refund, order, now))


def _require_refundable(account: Account, order: Order, kind: str, amount: Decimal) -> None:
    if order.status != "success":
        raise Refusal(PARAM_ERROR, "The transaction is not successful")
    if order.auth_status == "pending":
        raise Refusal(PARAM_ERROR, "The transaction is not captured")
    claimed, whole = account.claimed(order), Decimal(order.amount)
    if kind == _WHOLE and (claimed or amount != whole):
        raise Refusal(PARAM_ERROR, "A full refund is of the whole amount, with none refunded yet")
    if claimed + amount > whole:
        raise Refusal(PARAM_ERROR, "The refund is over the balance of the transaction")


def _shown(account: Account, refund: Refund, as_of: float) -> dict[str, Any]:
    order = account.order(refund.trade_no)
    return {
        "batchNo": refund.batch_no,
        "refundStatus": refund.status_as_of(as_of),
        "merTrackNo": refund.track_no,
        "tradeNo": refund.trade_no,
        "orderNo": order.order_no if order else "",
        "refundType": refund.type,
        "refundAmount": refund.amount,
        "orderCurrency": order.currency if order else "",
        "refundReason": refund.reason,
        "remark": refund.remark,
    }
