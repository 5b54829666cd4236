"""What nothing in Python can be cheaper than: bare uvicorn, and a raw proxy on the same read path.

    uvicorn --factory bench.floors:bare
    uvicorn --factory bench.floors:proxy

`UPSTREAM` names Asiabill's base URL.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from clients.asiabill.account import Credentials
from clients.asiabill.deadlines import Deadlines
from clients.asiabill.outcomes import PAYMENT_METHODS
from clients.asiabill.reads import Reads
from clients.asiabill.request import Request

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

_HEADERS = [(b"content-type", b"application/json")]


async def _answer(send: Send, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": body})


def bare() -> App:
    """Answers and does nothing."""

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await receive()
            await _answer(send, b'{"data":{}}')

    return app


def proxy() -> App:
    """Makes one signed read and answers with what came."""
    import ssl
    import time
    from secrets import token_hex

    tls = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE"))
    credentials = Credentials("12246002", "12H4567r")
    base = os.environ["UPSTREAM"]
    reads: list[Reads] = []

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if not reads:
            reads.append(Reads(tls, Deadlines()))
        await receive()
        request = Request(
            endpoint=PAYMENT_METHODS,
            credentials=credentials,
            base=base,
            path={"customerId": "cus_1"},
        )
        reply = await reads[0].get(request, token_hex(16), time.time(), lambda _, __: None)
        await _answer(send, reply.body)

    return app
