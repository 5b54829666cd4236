"""POST /logistics and GET /logistics/{tradeNo}. Source: contract 6.6.

Assumed, since no source says it: a later upload replaces the earlier one; an order without a
shipment is P0002; the newest order of an orderNo is meant.
"""

import re
from typing import Any

from simulator.endpoint import Call
from simulator.fields import Refusal
from simulator.records import Order, Shipment

_TWO_OR_MORE = re.compile("..+", re.DOTALL)


def upload_logistics(call: Call) -> dict[str, Any]:
    body = call.body
    shipment = Shipment(
        tracking_no=body.required("trackingNo", 50, pattern=_TWO_OR_MORE),
        tracking_web=body.required("trackingWeb", 200, pattern=_TWO_OR_MORE),
        carrier=body.text("lcCode", 50),
        uploaded_at=call.now,
    )
    order = _named(call)
    call.account.ship(order, shipment)
    return {"tradeNo": order.trade_no, "status": "success", "description": "uploadSuccess"}


def get_logistics(call: Call) -> dict[str, Any]:
    order = call.account.order(call.path["tradeNo"])
    shipment = order.as_of(call.as_of).shipment if order else None
    if order is None or shipment is None:
        raise Refusal.incorrect("tradeNo")
    return {
        "tradeNo": order.trade_no,
        "trackingNo": shipment.tracking_no,
        "trackingWeb": shipment.tracking_web,
        "tbLcCode": shipment.carrier,
        "logisticsStatus": shipment.status,
    }


def _named(call: Call) -> Order:
    """By either number; where both are given, they must be of one order. Raises Refusal P0002."""
    trade_no = call.body.text("tradeNo", 64)
    order_no = call.body.text("orderNo", 64)
    if trade_no:
        order = call.account.order(trade_no)
    else:
        order = next(reversed(call.account.orders_numbered(order_no)), None)
    if order is None:
        raise Refusal.incorrect("tradeNo" if trade_no else "orderNo")
    if order_no not in ("", order.order_no):
        raise Refusal.incorrect("orderNo")
    return order
