"""Reading a request's body with a limit."""

from starlette.types import Receive


class TooLarge(Exception):
    """The body is longer than allowed; what follows of it was not read."""


class Incomplete(Exception):
    """The client went away before the body was whole."""


async def read(receive: Receive, most: int) -> bytes:
    """The raw bytes, at most `most`. Raises TooLarge, Incomplete."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Incomplete
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
