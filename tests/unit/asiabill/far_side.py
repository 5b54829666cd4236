"""A server on loopback in Asiabill's place, down at the bytes, so that it can misbehave."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from clients.asiabill import Asiabill, Credentials, Endpoints, Transport

GATEWAY_NO = "12246002"
SIGN_KEY = "12H4567r"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def request_id(self) -> str:
        return self.headers["request-id"]


Answering = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


class FarSide:
    """Gives every request to `answering`; keeps connections open as long as the client does."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.seen: list[Seen] = []
        self.connected = 0
        self.in_flight = 0
        self.peak = 0
        self.changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["FarSide"]:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=tls, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._server = server
        try:
            yield self
        finally:
            server.close()
            self.release()
            await asyncio.gather(*self._connections, return_exceptions=True)

    def account(self, transport: Transport, *, scheme: str = "http", host: str = "") -> Asiabill:
        base = f"{scheme}://{host or '127.0.0.1'}:{self.port}"
        endpoints = Endpoints(f"{base}/V2022-03", f"{base}/openApi/V2022-03")
        return Asiabill(Credentials(GATEWAY_NO, SIGN_KEY), endpoints, transport)

    @property
    def connections(self) -> int:
        """Those that are open now."""
        return len(self._connections)

    def stop_listening(self) -> None:
        """Takes no further connection; those that are there stay."""
        assert self._server is not None
        self._server.close()

    def release(self) -> None:
        """Ends every connection, answered or not."""
        for task in self._connections:
            task.cancel()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what requests change; fails after five seconds."""
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(condition)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        self.connected += 1
        try:
            while not writer.is_closing():
                await self._request(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {
            name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:-2])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        seen = Seen(method, target, headers, body)
        self.seen.append(seen)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        await self._notify()
        try:
            await self._answering(seen, writer)
            await writer.drain()
        finally:
            self.in_flight -= 1
            await self._notify()

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()


def http(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def envelope(data: object, code: str = "00000", message: str = "success") -> bytes:
    return json.dumps({"code": code, "message": message, "data": data}).encode()


def signed(seen: Seen, body: bytes, *, request_id: str = "", key: str = SIGN_KEY) -> bytes:
    """An answer with Asiabill's headers; its signature is made here, not by the client's code."""
    head = {
        "gateway-no": seen.headers["gateway-no"],
        "response-id": request_id or seen.request_id,
        "response-time": str(int(time.time() * 1000)),
    }
    text = "".join(head.values()).encode() + b"." + body
    sign_info = hmac.new(key.encode(), text, hashlib.sha256).hexdigest().upper()
    return http(body, **head, sign_info=sign_info)


def expected_signature(seen: Seen, path_values: str = "", key: str = SIGN_KEY) -> str:
    """By the documented rule, from the bytes that arrived."""
    head = [seen.headers[name] for name in ("gateway-no", "request-id", "request-time")]
    query = "".join(seen.query[name] for name in sorted(seen.query))
    parts = ["".join(head).encode(), path_values.encode(), query.encode(), seen.body]
    text = b".".join(part for part in parts if part)
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


async def quiet(_: str) -> None:
    """An on_send that has nothing to do."""


def answering(data: object, code: str = "00000") -> Answering:
    """Always this answer, signed."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(signed(seen, envelope(data, code)))

    return answer


def answering_text(body: bytes) -> Answering:
    """Always these bytes, signed: for numbers, which Python would write in its own way."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(signed(seen, body))

    return answer
