"""`POST /webhooks/asiabill`: verified over the raw bytes, kept, and only then acknowledged.

Source: contract 7 and 4.3.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from clients.asiabill import verify_webhook
from gateway import body, metrics, traces
from gateway.shops import Shops
from gateway.traces import Traces
from ledger import Ledger, LedgerError, NewNotification
from resolvers import notifications

MAX_BODY = 64 * 1024
_MOST_FIELDS = 40
# What a label may say of a type: `transaction.success` is of the first family.
_FAMILIES = frozenset({"transaction", "pre-authorized", "refund", "chargeback"})

# From the start, as the other counts that an alert watches.
for _outcome in ("forged", "malformed"):
    metrics.WEBHOOKS.labels("", _outcome)
for _each in (*sorted(_FAMILIES), "other"):
    metrics.WEBHOOKS.labels(_each, "unavailable")

_log = structlog.get_logger("gateway.webhooks")


class _Delivery(msgspec.Struct):
    type: str
    data: dict[str, Any]


# Amounts come as text or as numbers; a number's own digits are kept, never a float.
_decoder = msgspec.json.Decoder(_Delivery, float_hook=str)


class Webhooks:
    """Asiabill's notifications, each for the account that its gateway number names. What is done with
    one is a trace, where there are `traces`."""

    def __init__(
        self,
        shops: Shops,
        ledger: Ledger,
        traces: Traces | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._shops = shops
        self._ledger = ledger
        self._traces = traces
        self._now = now

    async def receive(self, request: Request) -> Response:
        """`success` once it is durable; 401 for a signature, 400 for a form that is not right."""
        try:
            raw = await body.read(request.receive, MAX_BODY)
        except (body.TooLarge, body.Incomplete):
            return _refused("malformed", 400)
        shop = self._shops.numbered(request.headers.get("gateway-no", ""))
        if shop is None or not verify_webhook(shop.credentials, request.headers, raw, self._now()):
            return _refused("forged", 401)
        try:
            delivery = _decoder.decode(raw)
            new = _notification(shop.name, delivery, raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return _refused("malformed", 400)
        family = _family(delivery.type)
        try:
            with traces.work(self._traces, "notification", account=shop.name, family=family):
                is_new = await notifications.receive(shop.account, self._ledger, new)
        except LedgerError as error:
            # Not `success`: Asiabill sends it again.
            _log.error("notification not kept", reason=type(error).__name__)
            metrics.WEBHOOKS.labels(family, "unavailable").inc()
            return PlainTextResponse("unavailable", 503)
        metrics.WEBHOOKS.labels(family, "new" if is_new else "repeat").inc()
        return PlainTextResponse("success")


def _refused(outcome: str, status: int) -> Response:
    metrics.WEBHOOKS.labels("", outcome).inc()
    _log.warning("webhook refused", outcome=outcome)
    return PlainTextResponse(outcome, status)


def _family(kind: str) -> str:
    family = kind.partition(".")[0]
    return family if family in _FAMILIES else "other"


def _notification(account: str, delivery: _Delivery, raw: bytes) -> NewNotification:
    """What is kept of a delivery. Raises ValueError where it names no order."""
    # A dispute has its two dates in an object of their own. Source: contract 7.
    dates = delivery.data.get("chargebackInfo")
    told = {**dates, **delivery.data} if isinstance(dates, dict) else delivery.data
    fields = {
        name: str(value)
        for name, value in told.items()
        if isinstance(value, str | int) and not isinstance(value, bool)
    }
    order_no = fields.pop("orderNo", "")
    if not order_no or not delivery.type or len(fields) > _MOST_FIELDS:
        raise ValueError("a notification must have a type and an order")
    return NewNotification(
        account=account,
        type=delivery.type,
        order_no=order_no,
        body_sha256=hashlib.sha256(raw).hexdigest(),
        trade_no=fields.pop("tradeNo", ""),
        batch_no=fields.pop("batchNo", ""),
        status=fields.get("orderStatus", ""),
        fields=fields,
    )
