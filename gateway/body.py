"""Reading a request's body with a limit."""

from starlette.requests import ClientDisconnect, Request


class TooLarge(Exception):
    """The body is longer than allowed; what follows of it was not read."""


class Incomplete(Exception):
    """The client went away before the body was whole."""


async def read(request: Request, most: int) -> bytes:
    """The raw bytes, at most `most`. Raises TooLarge, Incomplete."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise TooLarge
    except ClientDisconnect:
        raise Incomplete from None
    return bytes(body)
