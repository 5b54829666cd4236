"""One kept connection of the lean read path: HTTP/1.1, one request at a time, answers whole.

Only what a signed GET needs. The parser is llhttp's, by httptools; what it takes for the end of an
answer decides whether the connection is used again.
"""

import asyncio
import select
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools

MAX_ANSWER = 8 * 1024 * 1024
MAX_HEAD = 64 * 1024


class Reply(NamedTuple):
    """An answer as it came; header names in lower case, repeated ones joined with ", "."""

    status: int
    headers: dict[str, str]
    body: bytes


Ended = Callable[[Reply | Exception], None]


class Connection(asyncio.Protocol):
    """`ask` sends a request, and tells `ended` exactly once what became of it.

    `settled` is called after that, when the connection can be used again, and `lost` once when it
    can't be any more. Bytes that nobody asked for end the connection: they could only be taken for
    the answer to the next request.
    """

    def __init__(
        self,
        settled: Callable[["Connection"], None],
        lost: Callable[["Connection"], None],
    ) -> None:
        self._settled = settled
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._clock = asyncio.get_running_loop().time
        self._ended: Ended | None = None
        self._closed = False
        self._poll = select.poll()
        self.asked_at = self.heard_at = 0.0
        # Of the answer under way.
        self._status = self._size = self._head_bytes = 0
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._fault: Exception | None = None
        self._in_body = self._whole = self._surplus = self._measured = self._kept = False

    @property
    def usable(self) -> bool:
        """Open, and nobody waits for an answer on it.

        Looks at the socket too: the loop may not yet have told that the far side has closed.
        """
        return not self._closed and self._ended is None and not self._poll.poll(0)

    def ask(self, head: bytes, ended: Ended) -> None:
        """Send a whole request; only while `usable`."""
        assert self._transport is not None
        self._ended = ended
        self.asked_at = self.heard_at = self._clock()
        self._transport.write(head)

    def fail(self, reason: Exception) -> None:
        """End the request under way, and the connection with it: its answer may still come."""
        self._end(reason)

    def close(self) -> None:
        """Close the connection. A request under way ends with ConnectionAbortedError."""
        self._end(ConnectionAbortedError())

    # The rest is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not of asyncio's class.
        self._transport = cast("asyncio.Transport", transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        if self._ended is None:
            self._end(None)
            return
        self.heard_at = self._clock()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fault = self._fault or error
        if not self._in_body:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                self._fault = self._fault or ValueError("the head is too long")
        if self._fault is not None:
            self._end(self._fault)
        elif self._whole:
            self._answered()

    def eof_received(self) -> None:
        # A body without a length ends with the connection.
        if self._ended is not None and self._in_body and not self._measured and not self._fault:
            self._whole = True
            self._surplus = True
            self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error or ConnectionResetError())

    # The rest is called by the parser, where nothing may be raised.

    def on_message_begin(self) -> None:
        self._surplus = self._whole

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._whole:
            return
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        self._measured |= key in ("content-length", "transfer-encoding")
        before = self._headers.get(key)
        self._headers[key] = text if before is None else f"{before}, {text}"

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status == 101:
            self._fault = self._fault or ValueError("the far side changes the protocol")
        elif not self._whole and status >= 200:
            self._status = status
            self._in_body = True

    def on_body(self, body: bytes) -> None:
        if self._whole:
            return
        self._body.append(body)
        self._size += len(body)
        if self._size > MAX_ANSWER:
            self._fault = self._fault or ValueError("the answer is too long")

    def on_message_complete(self) -> None:
        if self._in_body:
            self._whole = True
            # Only now: after it the parser has forgotten.
            self._kept = self._parser.should_keep_alive()
        else:
            # 100 Continue and its like: the answer is still to come.
            self._headers = {}
            self._measured = False

    def _answered(self) -> None:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        reply = Reply(self._status, self._headers, body)
        ended, self._ended = self._ended, None
        again = self._kept and not self._surplus
        self._forget()
        if not again:
            self._shut()
        assert ended is not None
        ended(reply)
        if again:
            self._settled(self)

    def _end(self, reason: Exception | None) -> None:
        ended, self._ended = self._ended, None
        self._shut()
        if ended is not None:
            ended(reason or ConnectionAbortedError())

    def _shut(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._transport is not None:
            # Not `close`: that would wait for a peer that does not read.
            self._transport.abort()
        self._lost(self)

    def _forget(self) -> None:
        self._status = self._size = self._head_bytes = 0
        self._headers = {}
        self._body = []
        self._in_body = self._whole = self._surplus = self._measured = self._kept = False
