"""The look-ups of the open API. Source: contract 6.3 and 6.4.

Assumed, since no source says it: isUploadReceipt says whether a shipment was uploaded and is what
uploadLogisticsFlag asks for, isUploadGoods is what uploadGoodsFlag asks for, both by yes and no.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from simulator.endpoint import Call
from simulator.fields import Refusal
from simulator.numbers import stamp
from simulator.page import read_page
from simulator.period import read_period
from simulator.records import Order, Shipment


def list_transactions(call: Call) -> dict[str, Any]:
    """Newest first."""
    page = read_page(call.query)
    period = read_period(call)
    trade_no, order_no = call.query.get("tradeNo", ""), call.query.get("orderNo", "")
    goods, shipped = _flag(call, "uploadGoodsFlag"), _flag(call, "uploadLogisticsFlag")
    candidates: Iterable[Order]
    if trade_no:
        order = call.account.order(trade_no)
        candidates = [order] if order is not None else []
    elif order_no:
        candidates = call.account.orders_numbered(order_no)
    else:
        candidates = call.account.orders_between(period.start, period.end)
    known = (order.as_of(call.as_of) for order in candidates if period.covers(order.created_at))
    found = [
        order
        for order in known
        if order_no in ("", order.order_no)
        and goods in ("", _yes_or_no(order.goods))
        and shipped in ("", _yes_or_no(order.shipment))
    ]
    found.reverse()
    return page.of([_shown(order) for order in page.cut(found)], len(found))


def get_order_info(call: Call) -> dict[str, Any]:
    order = call.account.order(call.path["tradeNo"])
    if order is None or order.created_at > call.as_of:
        raise Refusal.incorrect("tradeNo")
    return _shown(order.as_of(call.as_of))


def _flag(call: Call, name: str) -> str:
    flag = call.query.get(name, "").lower()
    if flag not in ("", "yes", "no"):
        raise Refusal.malformed(name)
    return flag


def _yes_or_no(thing: object) -> str:
    return "yes" if thing else "no"


def _shown(order: Order) -> dict[str, Any]:
    """Here it is tradeStatus and tradeInfo, and the amount a number. Source: contract 11.15."""
    return {
        "orderNo": order.order_no,
        "tradeNo": order.trade_no,
        "tradeDate": stamp(order.created_at),
        "tradeAmount": Decimal(order.amount),
        "tradeCurrency": order.currency,
        "sourceWebSite": order.website,
        "authStatus": order.auth_status,
        "isUploadReceipt": _yes_or_no(order.shipment),
        "isUploadGoods": _yes_or_no(order.goods),
        "tradeStatus": order.status,
        "tradeInfo": order.info,
        "goods": order.goods[0] if order.goods else None,
        "logistics": _shown_shipment(order.shipment),
    }


def _shown_shipment(shipment: Shipment | None) -> dict[str, str] | None:
    if shipment is None:
        return None
    return {
        "lcCode": shipment.carrier,
        "logisticsStatus": shipment.status,
        "trackingNo": shipment.tracking_no,
        "trackingWeb": shipment.tracking_web,
    }
