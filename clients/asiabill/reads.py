"""The lean way for reads: a signed GET by a kept connection, without a client's objects."""

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from clients.asiabill.connection import Reply
from clients.asiabill.deadlines import Deadlines
from clients.asiabill.pool import Ended, Pool
from clients.asiabill.request import Request


@dataclass(frozen=True, slots=True)
class _Origin:
    """A base URL: its connections, the path in front of each target, and the headers of all reads."""

    pool: Pool
    prefix: str
    fixed: str


class Reads:
    """Pools by base URL, of which there are two for each account at most."""

    def __init__(self, tls: ssl.SSLContext, deadlines: Deadlines) -> None:
        self._tls = tls
        self._deadlines = deadlines
        self._origins: dict[str, _Origin] = {}

    async def get(self, request: Request, request_id: str, now: float, ended: Ended) -> Reply:
        """As `Pool.get`. Raises ValueError for an answer in an encoding that was not asked for."""
        origin = self._origins.get(request.base) or self._origin(request.base)
        signed_at, signature = request.signature(request_id, now)
        head = (
            f"GET {origin.prefix}{request.target()} HTTP/1.1\r\n{origin.fixed}"
            f"gateway-no: {request.credentials.gateway_no}\r\nrequest-id: {request_id}\r\n"
            f"request-time: {signed_at}\r\nsign-info: {signature}\r\n\r\n"
        )
        reply = await origin.pool.get(head.encode("ascii"), ended)
        if reply.headers.get("content-encoding", "identity") != "identity":
            raise ValueError("an encoding that was not asked for")
        return reply

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        await asyncio.gather(*(origin.pool.drain() for origin in self._origins.values()))

    def close(self) -> None:
        """Close every connection."""
        for origin in self._origins.values():
            origin.pool.close()
        self._origins.clear()

    def _origin(self, base: str) -> _Origin:
        parts = urlsplit(base)
        secure = parts.scheme == "https"
        assert parts.hostname is not None
        port = parts.port or (443 if secure else 80)
        pool = Pool(parts.hostname, port, self._tls if secure else None, self._deadlines)
        fixed = (
            f"host: {parts.netloc}\r\naccept: application/json\r\naccept-encoding: identity\r\n"
            "user-agent: asiabill-gateway\r\ncontent-type: application/json; charset=UTF-8\r\n"
        )
        origin = self._origins[base] = _Origin(pool, parts.path, fixed)
        return origin
