"""What a webhook says and how it is signed. Source: contract 4.3 and 7."""

import json
from typing import NamedTuple

import msgspec

from simulator.numbers import stamp
from simulator.records import Chargeback, Order, Refund
from simulator.signature import sign_webhook

VERSION = "V2022-03"

# Waits between the fifteen deliveries, in seconds.
WAITS = (15, 15, 30, 180, 180, 1800, 1800, 3600, 7200, 7200, 7200, 7200, 7200, 7200)


class Delivery(msgspec.Struct):
    """One event on its way to one address. `due` is in seconds since 1970."""

    id: int
    gateway_no: str
    url: str
    order_no: str
    type: str
    body: str
    due: float
    attempts: int = 0


class Event(NamedTuple):
    type: str
    body: str

    @classmethod
    def of(cls, kind: str, data: dict[str, object]) -> "Event":
        return cls(kind, _compact({"data": data, "type": kind}))


def transaction_event(order: Order, *, kind: str | None = None, amount: str | None = None) -> Event:
    """Tells where the order stands; `kind` stands instead of the order's status in the type."""
    data: dict[str, object] = {
        "transactionType": "Sale",
        "orderAmount": amount or order.amount,
        "orderNo": order.order_no,
        "tradeNo": order.trade_no,
        "orderCurrency": order.currency,
        "orderInfo": order.info,
        "orderStatus": order.status,
        "remark": order.remark,
    }
    return Event.of(f"transaction.{kind or order.status}", data)


def authorization_event(order: Order) -> Event:
    """Tells that a hold has ended; orderStatus is the sale's, so `fail` after a void."""
    kind = "captured" if order.auth_status == "capture" else "void"
    data: dict[str, object] = {
        "orderAmount": order.amount,
        "orderNo": order.order_no,
        "tradeNo": order.trade_no,
        "orderCurrency": order.currency,
        "orderStatus": order.status,
        "operationResult": "Success",
    }
    return Event.of(f"pre-authorized.{kind}", data)


def refund_event(refund: Refund, order: Order, now: float) -> Event:
    data: dict[str, object] = {
        "reason": refund.reason,
        "amount": refund.amount,
        "batchNo": refund.batch_no,
        "orderAmount": order.amount,
        "orderNo": order.order_no,
        "tradeNo": order.trade_no,
        "orderCurrency": order.currency,
        "noticeDate": stamp(now),
        "currency": order.currency,
        "merTrackNo": refund.track_no,
    }
    return Event.of(f"refund.{refund.status}", data)


def chargeback_event(chargeback: Chargeback, order: Order) -> Event:
    return Event.of("chargeback.success", chargeback_data(chargeback, order))


def chargeback_data(chargeback: Chargeback, order: Order) -> dict[str, object]:
    """Also an entry of GET /chargebacks. Source: contract 12 (assumed)."""
    noticed = stamp(chargeback.created_at)
    return {
        "chargebackInfo": {"replyDeadline": stamp(chargeback.reply_by), "cpdDate": noticed},
        "reason": chargeback.reason,
        "amount": chargeback.amount,
        "batchNo": chargeback.batch_no,
        "orderAmount": order.amount,
        "orderNo": order.order_no,
        "tradeNo": order.trade_no,
        "orderCurrency": order.currency,
        "noticeDate": noticed,
        "currency": order.currency,
    }


def signed_headers(
    sign_key: str, gateway_no: str, request_id: str, now: float, body: str
) -> dict[str, str]:
    time_ms = str(int(now * 1000))
    return {
        "content-type": "application/json;charset=UTF-8",
        "gateway-no": gateway_no,
        "request-id": request_id,
        "request-time": time_ms,
        "version": VERSION,
        "sign-info": sign_webhook(
            sign_key, gateway_no, request_id, time_ms, VERSION, body.encode()
        ),
    }


def _compact(value: object) -> str:
    """JSON as PHP writes it again after reading.

    The official SDK checks the signature over its own json_encode, which escapes the slash and two
    line separators; only a body with the same escapes passes there and over the raw bytes alike.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("/", "\\/").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
