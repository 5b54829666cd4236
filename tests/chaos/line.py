"""One request on one connection: what a phone on a bad network does, and the cheapest client there is."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import msgspec

_SECONDS = 10.0


async def post(url: str, body: Any, **headers: str) -> Any:
    """The JSON of the answer. Raises OSError where there was no whole one, ValueError for no JSON."""
    place = urlsplit(url)
    content = msgspec.json.encode(body)
    lines = [
        f"POST {place.path} HTTP/1.1",
        f"host: {place.netloc}",
        "connection: close",
        "content-type: application/json",
        f"content-length: {len(content)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    request = "\r\n".join([*lines, "", ""]).encode() + content
    async with asyncio.timeout(_SECONDS):
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            writer.write(request)
            answer = await reader.read()
        finally:
            writer.close()
    head, _, content = answer.partition(b"\r\n\r\n")
    if f"content-length: {len(content)}" not in head.decode("latin-1").lower().split("\r\n"):
        raise ConnectionError("half an answer")
    return msgspec.json.decode(content)


async def answers(url: str) -> bool:
    """Somebody listens there: a gateway opens its port when it can serve."""
    place = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(place.hostname, place.port)
    except OSError:
        return False
    writer.close()
    return True
