"""uvicorn's protocols with an end to patience: uvicorn itself waits for ever for a half-sent request,
takes headers of any size, and keeps an answer for as long as a client does not read it.

A deadline is armed only where a packet leaves something open, so an ordinary request pays nothing.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.gathering import Gathering

# For a whole request, head and body, and for a client to read what it was sent.
REQUEST_SECONDS = 10.0
READ_SECONDS = 10.0
# Above the longest document that a query string may carry, with the longest credential.
MAX_HEAD = 96 * 1024

_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_NO_SOCKET = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Http(HttpToolsProtocol):
    """HTTP/1.1, where a request must be whole within 10 s and an answer be read within 10 s."""

    _request_deadline: asyncio.TimerHandle | None = None
    _reading_deadline: asyncio.TimerHandle | None = None
    _upgraded = False
    _asked = False
    _in_head = False
    _in_message = False
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that says nothing at all is late as well."""
        # All that uvicorn uses of a transport.
        super().connection_made(cast("asyncio.Transport", Gathering(transport)))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._wait_no_more()
        self._read_by_client()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and keep the time of what is not complete."""
        super().data_received(data)
        if self._upgraded or self.transport.is_closing():
            return
        self._head = self._head + len(data) if self._in_head else 0
        if self._head > MAX_HEAD:
            self._refuse(_TOO_LARGE)
        elif self._in_message or not self._asked or self.cycle.response_complete:
            self._wait()
        else:
            self._wait_no_more()

    def handle_websocket_upgrade(self) -> None:
        """The socket has deadlines of its own."""
        self._wait_no_more()
        self._upgraded = True
        self.transport = cast("Gathering", self.transport).plain
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = self._in_message = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._in_head = False
        super().on_headers_complete()
        self._asked = self.cycle is not None

    def on_message_complete(self) -> None:
        """And so is its body."""
        self._in_message = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._reading_deadline = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        self._read_by_client()
        super().resume_writing()

    def _wait(self) -> None:
        if self._request_deadline is None:
            self._request_deadline = self.loop.call_later(REQUEST_SECONDS, self._late)

    def _wait_no_more(self) -> None:
        if self._request_deadline is not None:
            self._request_deadline.cancel()
            self._request_deadline = None

    def _read_by_client(self) -> None:
        if self._reading_deadline is not None:
            self._reading_deadline.cancel()
            self._reading_deadline = None

    def _late(self) -> None:
        self._request_deadline = None
        if self.flow.read_paused and not self.cycle.response_complete:
            # It is we who do not read: the request before this one is not answered yet.
            self._wait()
        elif not self.transport.is_closing():
            begun = self._asked and (
                self.cycle.response_started and not self.cycle.response_complete
            )
            self._refuse(b"" if begun else _TOO_LATE)

    def _refuse(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.transport.close()


class WebSocket(WebSocketsSansIOProtocol):
    """WebSockets, where a client must read what it is sent within 10 s."""

    _reading_deadline: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._read_by_client()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._reading_deadline = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        self._read_by_client()
        super().resume_writing()

    def send_receive_event_to_app(self) -> None:
        """Hand a message over. Text that is no UTF-8 ends the socket without a traceback in the log."""
        if self.curr_msg_data_type == "text" and not _is_text(self.frames):
            self.conn.fail(1007, "not UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def data_received(self, data: bytes) -> None:
        """Refuse what is no handshake: uvicorn would leave it open for ever."""
        super().data_received(data)
        if not self.handshake_initiated and self.conn.handshake_exc is not None:
            self.transport.write(_NO_SOCKET)
            self.transport.close()

    def _read_by_client(self) -> None:
        if self._reading_deadline is not None:
            self._reading_deadline.cancel()
            self._reading_deadline = None


def _is_text(frames: list[Any]) -> bool:
    try:
        b"".join(frames).decode()
    except UnicodeDecodeError:
        return False
    return True
