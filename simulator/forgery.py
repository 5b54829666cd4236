"""Webhooks that a receiver must not believe, sent once on demand."""

from typing import Literal

import httpx
import msgspec

from simulator.book import Account
from simulator.money import another_amount
from simulator.records import Order
from simulator.webhooks import signed_headers, transaction_event

_TIMEOUT_SECONDS = 10.0
_TOO_FAR_SECONDS = 11 * 60

Variant = Literal[
    "wrong_key", "altered_body", "stale", "future", "other_gateway", "no_signature", "wrong_amount"
]


class Forgery(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What to send: an event that says `status` of the order named by either of its numbers.

    `wrong_amount` alone is signed rightly: it tells another amount, as a broken upstream would.
    `url` stands instead of the order's own callbackUrl.
    """

    order_no: str = ""
    trade_no: str = ""
    variant: Variant = "wrong_key"
    status: Literal["success", "fail", "pending"] = "success"
    url: str = ""


async def send_forgery(
    account: Account, order: Order, forgery: Forgery, request_id: str, now: float
) -> tuple[int, str]:
    """HTTP status and text of the receiver's answer. Raises httpx.HTTPError and InvalidURL."""
    claimed = msgspec.structs.replace(order, status=forgery.status)
    amount = another_amount(order.amount) if forgery.variant == "wrong_amount" else None
    _, body = transaction_event(claimed, amount=amount)
    sign_key = account.sign_key
    gateway_no = account.gateway_no
    match forgery.variant:
        case "wrong_key":
            sign_key += "x"
        case "stale":
            now -= _TOO_FAR_SECONDS
        case "future":
            now += _TOO_FAR_SECONDS
        case "other_gateway":
            gateway_no = f"{(int(gateway_no) + 1) % 100_000_000:08d}"
    headers = signed_headers(sign_key, gateway_no, request_id, now, body)
    match forgery.variant:
        case "altered_body":
            body = transaction_event(claimed, amount=another_amount(order.amount))[1]
        case "no_signature":
            del headers["sign-info"]
    async with httpx.AsyncClient(
        trust_env=False, verify=httpx.create_ssl_context(), timeout=_TIMEOUT_SECONDS
    ) as client:
        response = await client.post(
            forgery.url or order.callback_url, content=body, headers=headers
        )
    return response.status_code, response.text[:1000]
