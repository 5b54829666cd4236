"""What a request that meets a fault goes through."""

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlette.types import Receive, Send

from simulator.connection import drop, hang, send_cut_short
from simulator.faults import Effect, Fault
from simulator.money import another_amount

if TYPE_CHECKING:
    from simulator.endpoint import Answer, Request, SignedEndpoint

_PAGE = b"<!doctype html><title>Maintenance</title><p>The service is being maintained.</p>"
_STATUS = {
    Effect.STATUS_500: 500,
    Effect.STATUS_500_AFTER: 500,
    Effect.STATUS_503: 503,
    Effect.STATUS_429: 429,
    Effect.HTML: 200,
}
_AMOUNTS = ("orderAmount", "refundAmount", "amount")


async def misbehave(
    fault: Fault, endpoint: "SignedEndpoint", request: "Request", receive: Receive, send: Send
) -> None:
    """Plays the fault to its end. Each effect is described at `Effect`."""
    match fault.effect:
        case Effect.ACT_LATE | Effect.ACT_LATE_HANG:
            endpoint.sandbox.later(fault.delay_seconds, lambda: endpoint.act(request))
        case Effect.DROP_BEFORE | Effect.HANG_BEFORE:
            await asyncio.sleep(fault.delay_seconds)
        case Effect.STATUS_500 | Effect.STATUS_503 | Effect.STATUS_429:
            await asyncio.sleep(fault.delay_seconds)
            await _send_page(send, _STATUS[fault.effect])
        case Effect.STALE:
            await _send(send, await endpoint.act(request, behind=fault.delay_seconds))
        case Effect.WRONG_AMOUNT:
            answer = await endpoint.act(request, spoil=_with_another_amount)
            await asyncio.sleep(fault.delay_seconds)
            await _send(send, answer)
        case _:
            answer = await endpoint.act(request)
            await asyncio.sleep(fault.delay_seconds)
            await _spoil(fault.effect, answer, request, receive, send)
    match fault.effect:
        case Effect.DROP_BEFORE | Effect.DROP_AFTER | Effect.ACT_LATE:
            await drop(request.scope, receive)
        case Effect.HANG_BEFORE | Effect.HANG_AFTER | Effect.ACT_LATE_HANG:
            await hang(request.scope, receive)


async def _spoil(
    effect: Effect, answer: "Answer", request: "Request", receive: Receive, send: Send
) -> None:
    """Answers a request that was done, with what the effect leaves of the answer."""
    match effect:
        case Effect.DELAY:
            await _send(send, answer)
        case Effect.STATUS_500_AFTER | Effect.HTML:
            await _send_page(send, _STATUS[effect])
        case Effect.GARBAGE:
            await _send_bytes(send, 200, answer.headers, b"\xff" + answer.body[1:])
        case Effect.TRUNCATE:
            await send_cut_short(request.scope, receive, send, answer.headers, answer.body)
        case Effect.BAD_SIGNATURE:
            headers = [(name, value) for name, value in answer.headers if name != b"sign-info"]
            await _send_bytes(send, 200, [*headers, (b"sign-info", b"0" * 64)], answer.body)


def _with_another_amount(data: Any) -> Any:
    """The data of an answer in which each order has an amount that is not its own."""
    if "list" in data:
        return {**data, "list": [_with_another_amount(entry) for entry in data["list"]]}
    changed: dict[str, object] = {
        name: another_amount(data[name]) for name in _AMOUNTS if name in data
    }
    if "tradeAmount" in data:
        changed["tradeAmount"] = Decimal(another_amount(str(data["tradeAmount"])))
    return {**data, **changed}


async def _send(send: Send, answer: "Answer") -> None:
    await _send_bytes(send, 200, answer.headers, answer.body)


async def _send_page(send: Send, status: int) -> None:
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(_PAGE)).encode()),
    ]
    await _send_bytes(send, status, headers, _PAGE)


async def _send_bytes(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
