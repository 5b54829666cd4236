"""A transport that sends what one turn of the event loop writes as one piece.

uvicorn writes the head of an answer and then its body: two visits to the system, and two packets that
each wake the client. Both are written in the same turn.
"""

import asyncio
from typing import Any


class Gathering:
    """In front of a connection's transport. Closing it sends first what was written."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.plain = transport
        self._call_soon = asyncio.get_running_loop().call_soon
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send it at the end of this turn."""
        if not self._written:
            self._call_soon(self._send)
        self._written.append(data)

    def close(self) -> None:
        """Send what was written, and close."""
        self._send()
        self.plain.close()

    def is_closing(self) -> bool:
        """As the transport's own, which is asked for each request."""
        return self.plain.is_closing()

    def __getattr__(self, name: str) -> Any:
        """The rest is the transport's."""
        return getattr(self.plain, name)

    def _send(self) -> None:
        written = self._written
        if written:
            self._written = []
            if not self.plain.is_closing():
                self.plain.write(written[0] if len(written) == 1 else b"".join(written))
