"""The connection under a request: reading it whole, dropping it, leaving it without an answer."""

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "simulator.transport"
_LARGEST_BODY = 512 * 1024
_LONGEST_HANG_SECONDS = 600.0


class DroppableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also lets the application close the connection.

    ASGI knows no way to end a request without an answer, but a lost answer looks like that.
    """

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
        extensions[_EXTENSION] = self.transport


async def read_body(receive: Receive) -> bytes | None:
    """None where the client went away, or sent more than any request of the contract can hold."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > _LARGEST_BODY:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks) if len(chunks) > 1 else chunks[0]


async def drop(scope: Scope, receive: Receive) -> None:
    """Closes the connection, without an answer where none has begun.

    Raises ConnectionResetError where the server gives no way to do so (an in-process transport).
    """
    transport = scope.get("extensions", {}).get(_EXTENSION)
    if transport is None:
        raise ConnectionResetError("the simulator dropped the connection")
    transport.abort()
    await _gone(receive)


async def hang(scope: Scope, receive: Receive) -> None:
    """Returns when the client has given up; closes the connection after ten minutes."""
    try:
        async with asyncio.timeout(_LONGEST_HANG_SECONDS):
            await _gone(receive)
    except (TimeoutError, asyncio.CancelledError):
        # The server cancels what still runs when it ends: that is the end of a hang, no failure.
        await drop(scope, receive)


async def send_cut_short(
    scope: Scope, receive: Receive, send: Send, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Announces the whole body, sends half of it and closes the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    transport = scope.get("extensions", {}).get(_EXTENSION)
    if transport is None:
        raise ConnectionResetError("the simulator cut the answer short")
    # Unlike abort, close lets the half that was written go out first.
    transport.close()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
