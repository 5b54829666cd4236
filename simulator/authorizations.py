"""POST /AuthorizeInterface: capturing or voiding what is held. Source: contract 5.7.

Assumed, since no source says it: orderStatus of the answer and of the webhook is the sale's, as
everywhere, so a void that worked says `fail`; what is not held any more is refused with P0001.
"""

import re
from typing import Any

from simulator.endpoint import Call
from simulator.fields import PARAM_ERROR, Refusal
from simulator.webhooks import authorization_event

VOIDED_INFO = "Authorization voided"

_CAPTURE = "1"
_AUTH_TYPE = re.compile("[12]")

_NOT_HELD = {
    "capture": "The authorization is already captured",
    "void": "The authorization is already voided",
    "sale": "The transaction is not an authorization",
}


def end_authorization(call: Call) -> dict[str, Any]:
    account, body = call.account, call.body
    auth_type = body.required("authType", 1, pattern=_AUTH_TYPE)
    trade_no = body.required("tradeNo", 64)
    body.text("operator", 20)
    body.text("remark", 500)
    order = account.order(trade_no)
    if order is None:
        raise Refusal.incorrect("tradeNo")
    if order.auth_status in _NOT_HELD:
        raise Refusal(PARAM_ERROR, _NOT_HELD[order.auth_status])
    if auth_type == _CAPTURE:
        account.end_hold(order, "capture", "success", order.info, call.now)
    else:
        account.end_hold(order, "void", "fail", VOIDED_INFO, call.now)
    call.sandbox.outbox.announce(account, order, authorization_event(order))
    return {
        "tradeNo": order.trade_no,
        "orderNo": order.order_no,
        "orderStatus": order.status,
        "orderInfo": order.info,
    }
