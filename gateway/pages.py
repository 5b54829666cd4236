"""Serving the pages of this service: their own files, under a strict policy for what they may do."""

from importlib.resources import files

from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def static(name: str) -> StaticFiles:
    """The files of `gateway/static/{name}`, with its index.html at the root."""
    return StaticFiles(directory=str(files("gateway") / "static" / name), html=True)


def guarded(app: ASGIApp, policy: str) -> ASGIApp:
    """`app` with that Content-Security-Policy in every answer."""

    async def with_policy(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = policy
                headers.setdefault("cache-control", "no-cache")
            await send(message)

        await app(scope, receive, send_with_policy)

    return with_policy
