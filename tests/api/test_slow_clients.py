"""Clients that are slow on purpose: each is sent away in time, and nobody else has to wait."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import MERCHANT, Api

# The service's own deadline, and room for a busy machine.
DEADLINE = 10.0
ROOM = 8.0

HEAD = (
    "POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
    f"authorization: Bearer {MERCHANT}\r\n"
).encode()
QUERY = json.dumps({"query": "{ viewer { role } }"}).encode()

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def trickle(end: asyncio.StreamWriter, text: bytes) -> None:
    """One byte at a time, for as long as the other side listens."""
    for byte in text:
        end.write(bytes([byte]))
        await end.drain()
        await asyncio.sleep(0.2)


async def silent(end: asyncio.StreamWriter) -> None:
    """Not a byte."""


async def half_a_head(end: asyncio.StreamWriter) -> None:
    end.write(HEAD)


async def slow_head(end: asyncio.StreamWriter) -> None:
    await trickle(end, HEAD + b"x-slow: " + b"x" * 10_000)


async def half_a_body(end: asyncio.StreamWriter) -> None:
    end.write(HEAD + b"content-length: 1000\r\n\r\n" + QUERY)


async def slow_body(end: asyncio.StreamWriter) -> None:
    end.write(HEAD + b"content-length: 1000\r\n\r\n")
    await trickle(end, b" " * 900)


async def slow_chunks(end: asyncio.StreamWriter) -> None:
    end.write(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    await trickle(end, b"1\r\n \r\n" * 200)


async def half_a_second_request(end: asyncio.StreamWriter) -> None:
    length = f"content-length: {len(QUERY)}\r\n\r\n".encode()
    end.write(HEAD + length + QUERY + HEAD)


async def slow_webhook(end: asyncio.StreamWriter) -> None:
    end.write(b"POST /webhooks/asiabill HTTP/1.1\r\nhost: gateway\r\ncontent-length: 900\r\n\r\n{")


async def body_that_nobody_reads(end: asyncio.StreamWriter) -> None:
    end.write(b"POST /healthz HTTP/1.1\r\nhost: gateway\r\ncontent-length: 900\r\n\r\n{")


WAYS: list[Callable[[asyncio.StreamWriter], Awaitable[None]]] = [
    silent,
    half_a_head,
    slow_head,
    half_a_body,
    slow_body,
    slow_chunks,
    half_a_second_request,
    slow_webhook,
    body_that_nobody_reads,
]


async def connected(api: Api) -> Ends:
    parts = urlsplit(str(api.http.base_url))
    return await asyncio.open_connection(parts.hostname, parts.port)


async def patience(api: Api, way: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> float:
    """Seconds until the service hangs up on a client that behaves like that."""
    reader, writer = await connected(api)
    began = time.monotonic()
    doing = asyncio.ensure_future(way(writer))
    try:
        async with asyncio.timeout(DEADLINE + ROOM):
            while await reader.read(4096):
                pass
    except ConnectionError:
        pass
    finally:
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        writer.close()
    return time.monotonic() - began


@pytest.mark.timeout(90)
async def test_slow_clients_are_sent_away_and_hold_nobody_up(api: Api) -> None:
    """Many of each kind at once, while the others' requests are answered as ever."""
    slow = [asyncio.ensure_future(patience(api, way)) for way in WAYS for _ in range(20)]
    waits = []
    while not all(each.done() for each in slow):
        began = time.monotonic()
        assert (await api.http.get("/healthz")).status_code == 200
        waits.append(time.monotonic() - began)
        assert (await api.query("{ viewer { role } }")).data == {"viewer": {"role": "MERCHANT"}}
        await asyncio.sleep(0.1)
    for way, took in zip([way for way in WAYS for _ in range(20)], slow, strict=True):
        assert took.result() < DEADLINE + ROOM, way.__name__
    waits.sort()
    assert waits[len(waits) // 2] < 0.1


async def test_a_client_in_time_is_not_sent_away(api: Api) -> None:
    reader, writer = await connected(api)
    length = f"content-length: {len(QUERY)}\r\n\r\n".encode()
    for part in (HEAD, length, QUERY[:5], QUERY[5:]):
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.3)
    answer = await reader.readuntil(b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_head_has_a_limit(api: Api) -> None:
    reader, writer = await connected(api)
    writer.write(HEAD)
    for number in range(200):
        writer.write(b"x-%d: %s\r\n" % (number, b"x" * 1000))
    try:
        answer = await reader.readuntil(b"\r\n")
        assert answer.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))
    except (ConnectionError, asyncio.IncompleteReadError):
        # It hangs up on what it does not read, which may overtake its answer.
        pass
    writer.close()
