"""Headers for a browser's safety and the request's id, on every answer of the service; and CORS."""

import structlog
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clients.asiabill import new_id

_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=()",
    # A page says for itself what it may load; what is no page may load nothing.
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
}
_LIVE = {b"strict-transport-security": b"max-age=31536000; includeSubDomains"}


class SafeHeaders:
    """Adds them where the answer does not have its own. An operation has: it gave itself an id."""

    def __init__(self, app: ASGIApp, *, live: bool) -> None:
        self._app = app
        self._headers = tuple((_ALWAYS | (_LIVE if live else {})).items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = self._headers
        if scope["path"] != "/graphql":
            request_id = new_id()
            structlog.contextvars.bind_contextvars(request_id=request_id)
            headers = (*headers, (b"x-request-id", request_id.encode()))

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message["headers"])
                own = {name for name, _ in given}
                message["headers"] = given + [it for it in headers if it[0] not in own]
            await send(message)

        await self._app(scope, receive, send_safely)


class CrossOrigin(CORSMiddleware):
    """Starlette's, which is for pages: an operation that comes from none goes straight on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        # Nobody keeps an answer of /graphql, so nobody need be told that it varies by its origin.
        if (
            scope["type"] == "http"
            and scope["path"] == "/graphql"
            and not any(name == b"origin" for name, _ in scope["headers"])
        ):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
