"""The checkout page of modes simulator and test, and in mode simulator the shop's server behind it.

The page is written to be copied, and so is the server: `examples/shop/` does the same from outside.
Both know the gateway by its API alone.
"""

from collections.abc import Awaitable, Callable, Iterable
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from clients.asiabill import AsiabillError
from gateway.pages import guarded, static

_COOKIE = "checkout_order"
_INTENT_SECONDS = 1800
_CURRENCY = "EUR"
# What the demo sells: the page has a name for each in both languages.
_LINES = (
    {"sku": "teapot", "title": "Stoneware teapot", "quantity": 1, "amount": "38.00"},
    {"sku": "cup", "title": "Tea cup", "quantity": 2, "amount": "19.00"},
    {"sku": "delivery", "title": "Delivery", "quantity": 1, "amount": "4.90"},
)
_TOTAL = "61.90"

_CREATE_INTENT = """
mutation CreateIntent($input: PaymentIntentInput!, $key: String!) {
  createPaymentIntent(input: $input, idempotencyKey: $key) {
    paymentIntent { id }
    userErrors { code message }
  }
}"""
_CREATE_SESSION = """
mutation CreateSession($input: ClientSessionInput!) {
  createClientSession(input: $input) {
    session { token expiresAt }
    userErrors { code message }
  }
}"""

_log = structlog.get_logger("gateway.checkout")


class NoAnswer(Exception):
    """The gateway did not do what the shop asked; the text is its own."""


class Shop:
    """A shop's server: it fixes the amount, and gives its page a token for one order.

    The browser keeps the order's id in a cookie that no script can read, so a reload or the way
    back from the bank finds the same order.
    """

    def __init__(
        self,
        gateway: httpx.AsyncClient,
        customer: Callable[[], Awaitable[str]],
        origin: str,
    ) -> None:
        """`gateway` carries the shop's key; `customer` gives the id of who is signed in."""
        self._gateway = gateway
        self._customer = customer
        self._origin = origin

    async def session(self, request: Request) -> Response:
        """Gives `{"endpoint", "token", "expiresAt", "lines"}`; with `?new=1` for another order."""
        if request.headers.get("origin") not in (None, self._origin):
            return JSONResponse({"error": "not this shop's page"}, 403)
        known = None if request.query_params.get("new") else request.cookies.get(_COOKIE)
        try:
            customer_id = await self._customer()
            session = await self._session_of(customer_id, known) if known else None
            intent_id = known
            if session is None:
                intent_id = await self._new_intent(customer_id)
                session = await self._session_of(customer_id, intent_id)
        except (AsiabillError, NoAnswer) as error:
            _log.warning("no checkout session", reason=str(error))
            return JSONResponse({"error": "try again"}, 503)
        answer = JSONResponse({"endpoint": "/graphql", "lines": _LINES, **(session or {})})
        answer.headers["cache-control"] = "no-store"
        answer.set_cookie(
            _COOKIE,
            intent_id or "",
            max_age=_INTENT_SECONDS,
            path="/checkout",
            httponly=True,
            samesite="strict",
            secure=self._origin.startswith("https://"),
        )
        return answer

    async def _new_intent(self, customer_id: str) -> str:
        asked = {
            "customerId": customer_id,
            "returnUrl": f"{self._origin}/checkout/",
            "expiresInSeconds": _INTENT_SECONDS,
            "order": {
                "orderNo": f"tea-{token_hex(5)}",
                "amount": {"amount": _TOTAL, "currency": _CURRENCY},
            },
        }
        made = await self._ask(_CREATE_INTENT, {"input": asked, "key": token_hex(16)})
        payload = made["createPaymentIntent"]
        if payload["paymentIntent"] is None:
            raise NoAnswer(payload["userErrors"][0]["code"])
        intent_id: str = payload["paymentIntent"]["id"]
        return intent_id

    async def _session_of(self, customer_id: str, intent_id: str) -> dict[str, Any] | None:
        """None where that order is not this customer's, or not known here."""
        asked = {
            "customerId": customer_id,
            "paymentIntentId": intent_id,
            "permissions": ["READ_CARDS", "SAVE_CARD", "PAY"],
        }
        made = await self._ask(_CREATE_SESSION, {"input": asked})
        session: dict[str, Any] | None = made["createClientSession"]["session"]
        return session

    async def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The answer's data. Raises NoAnswer."""
        answer = await self._gateway.post("/graphql", json={"query": query, "variables": variables})
        content: dict[str, Any] = answer.json()
        if content.get("errors"):
            raise NoAnswer(content["errors"][0]["message"])
        data: dict[str, Any] = content["data"]
        return data


def policy(public_url: str, script_urls: Iterable[str]) -> str:
    """What the page may do: its own files, and Asiabill's script with the frames that it opens."""
    homes = {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in script_urls}
    asiabill = " ".join(sorted(homes))
    own = urlsplit(public_url)
    socket = f"{'wss' if own.scheme == 'https' else 'ws'}://{own.netloc}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {asiabill}",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {socket} {asiabill}",
            f"frame-src {asiabill}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def pages(public_url: str, script_urls: Iterable[str], shop: Shop | None) -> ASGIApp:
    """The page and its files; with a shop also `POST session`."""
    own = urlsplit(public_url)

    async def at_home(request: Request) -> Response:
        # The same machine by another name: order and return address are those of the first.
        if request.url.hostname == "localhost" and own.hostname == "127.0.0.1":
            return RedirectResponse(f"{public_url}/checkout/")
        return await files.get_response("index.html", request.scope)

    files = static("checkout")
    routes: list[BaseRoute] = [Route("/", at_home), Mount("/", files)]
    if shop is not None:
        routes.insert(0, Route("/session", shop.session, methods=["POST"]))
    return guarded(Starlette(routes=routes), policy(public_url, script_urls))
