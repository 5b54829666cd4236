"""Requests to the control interface: never signed, and for this machine alone.

A caller from elsewhere, or a page of another origin in a browser here, is refused with 403.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_LARGEST_BODY = 64 * 1024

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[object]]


class WrongInput(Exception):
    """Answered with HTTP 400 and the text, or another status."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def control_route(method: str, path: str, handler: Handler) -> Route:
    """The handler gives what is answered as JSON."""
    return Route(path, _answering(handler), methods=[method])


async def read_input(request: Request, shape: type[T]) -> T:
    """The body as that shape; none is an empty object. Raises WrongInput."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise WrongInput("the body is too large", 413)
    try:
        return msgspec.json.decode(body or b"{}", type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WrongInput(str(error)) from error


def _answering(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            _refuse_strangers(request)
            content = await handler(request)
        except WrongInput as error:
            body = msgspec.json.encode({"error": str(error)})
            return Response(body, error.status, media_type="application/json")
        return Response(msgspec.json.encode(content), media_type="application/json")

    return endpoint


def _refuse_strangers(request: Request) -> None:
    if request.client is None or not _is_loopback(request.client.host):
        raise WrongInput("the control interface is for this machine alone", 403)
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise WrongInput("the control interface is not for pages of another origin", 403)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
