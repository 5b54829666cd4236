"""httpx without its one pool, which looks at every connection that it keeps, twice for each request."""

import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final

import httpx

# As httpx's own, after which it would not use a kept connection any more.
_KEPT_SECONDS: Final = 5.0

_Lane = httpx.AsyncBaseTransport


class Lanes(httpx.AsyncBaseTransport):
    """A transport of httpx's for each request under way; the one that was used last is the next to be used.

    Who sends bounds how many there are. One that failed is closed, and so is, as another comes free, one that was
    not used for some seconds. An answer must be closed, as everywhere in httpx: then its lane is free.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls: Final = tls
        # When each came free; the last one last.
        self._free: Final[deque[tuple[float, _Lane]]] = deque()
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        lane = self._free.pop()[1] if self._free else self._made()
        try:
            answer = await lane.handle_async_request(request)
        except BaseException:
            # Its pool may have lost count of itself (httpcore#1093).
            await _close(lane)
            raise
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        answer.stream = _Lent(answer.stream, lane, self._give_back)
        return answer

    async def aclose(self) -> None:
        """Close every connection that is free. One in use is closed by the end of its request."""
        self._closed = True
        while self._free:
            await _close(self._free.pop()[1])

    def _made(self) -> _Lane:
        # httpx without its client, which would follow a redirect, keep a cookie and log a URL: what it
        # does around a call takes a quarter of the call.
        return httpx.AsyncHTTPTransport(
            verify=self._tls,
            trust_env=False,
            # Who sends has a limit; a pool without one can never be the smaller of the two. One
            # connection is kept for each of Asiabill's two APIs.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=2),
        )

    async def _give_back(self, lane: _Lane) -> None:
        now = time.monotonic()
        self._free.append((now, lane))
        if self._closed or self._free[0][0] < now - _KEPT_SECONDS:
            await _close(self._free.popleft()[1])


async def _close(lane: _Lane) -> None:
    # What came of a request is not to be changed by what comes of tidying up.
    with suppress(Exception):
        await lane.aclose()


class _Lent(httpx.AsyncByteStream):
    """The body of an answer, whose end gives its lane back."""

    def __init__(
        self,
        body: httpx.AsyncByteStream,
        lane: _Lane,
        give_back: Callable[[_Lane], Awaitable[None]],
    ) -> None:
        self._body, self._give_back = body, give_back
        self._lane: _Lane | None = lane

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body.__aiter__()

    async def aclose(self) -> None:
        lane, self._lane = self._lane, None
        if lane is None:
            return
        try:
            await self._body.aclose()
        except BaseException:
            await _close(lane)
            raise
        await self._give_back(lane)
