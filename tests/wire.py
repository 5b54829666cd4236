"""The network between the gateway and Asiabill, in the hands of a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Literal

Weather = Literal["fine", "cut", "silent", "busy"]

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy"
_PIECE = 65536


class Wire:
    """A relay on loopback.

    `cut` ends every connection and each new one; `silent` takes what comes and says nothing; `busy`
    answers 503 to everything.
    """

    def __init__(self, host: str, port: int) -> None:
        self._far = (host, port)
        self._weather: Weather = "fine"
        self._connections: set[asyncio.Task[None]] = set()
        self.url = ""

    def turn(self, weather: Weather) -> None:
        """From now on. What is under way ends, but for a silence."""
        self._weather = weather
        if weather != "silent":
            for connection in self._connections:
                connection.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match self._weather:
            case "cut":
                return
            case "busy":
                await reader.readuntil(b"\r\n\r\n")
                writer.write(_BUSY)
                await writer.drain()
                return
        far_reader, far_writer = await asyncio.open_connection(*self._far)
        both = [
            asyncio.ensure_future(self._relay(reader, far_writer)),
            asyncio.ensure_future(self._relay(far_reader, writer)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for relay in both:
                relay.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            far_writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE):
            if self._weather == "silent":
                continue
            writer.write(piece)
            await writer.drain()


@contextlib.asynccontextmanager
async def wire(far: str) -> AsyncIterator[Wire]:
    """A relay to that URL, of its own port."""
    host, _, port = far.removeprefix("http://").partition(":")
    made = Wire(host, int(port))
    server = await asyncio.start_server(made._connected, "127.0.0.1", 0, backlog=512)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        made.turn("cut")
        await asyncio.gather(*made._connections, return_exceptions=True)
