"""The application: which address leads where."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from simulator.aftermath import Aftermath
from simulator.authorizations import end_authorization
from simulator.bank_page import BankPage
from simulator.browser import BrowserCards
from simulator.card_fields import routes as card_fields
from simulator.chargebacks import list_chargebacks
from simulator.charges import confirm_charge
from simulator.checkout import start_checkout, start_local_payment
from simulator.checkout_page import CheckoutPage
from simulator.control import Control
from simulator.customers import create_customer, delete_customer, get_customer, list_customers
from simulator.endpoint import Call, SignedEndpoint
from simulator.index_page import index
from simulator.logistics import get_logistics, upload_logistics
from simulator.options import OPEN_BASE, PAYMENT_BASE, Options
from simulator.payment_methods import (
    attach_payment_method,
    create_payment_method,
    detach_payment_method,
    get_payment_method,
    list_payment_methods,
    update_payment_method,
)
from simulator.refunds import apply_for_refund, get_refund
from simulator.sandbox import Sandbox
from simulator.session_tokens import create_session_token
from simulator.transactions import get_order_info, list_transactions

_DETACH = "/payment_methods/{customerPaymentMethodId}/detach"
_ATTACH = "/payment_methods/{customerPaymentMethodId}/{customerId}/attach"

# The documents have it in the payment API, the official SDK in the open one.
_AUTHORIZE = ("POST", "/AuthorizeInterface", end_authorization)

# The calls a shop makes most come first: routes are tried in this order.
_PAYMENT_API: tuple[tuple[str, str, Callable[[Call], Any]], ...] = (
    ("GET", "/payment_methods/list/{customerId}", list_payment_methods),
    ("POST", "/confirmCharge", confirm_charge),
    ("GET", "/customers/{customerId}", get_customer),
    ("POST", "/customers", create_customer),
    ("GET", "/customers", list_customers),
    ("DELETE", "/customers/{customerId}", delete_customer),
    ("POST", "/payment_methods", create_payment_method),
    ("POST", "/payment_methods/update", update_payment_method),
    ("GET", "/payment_methods/{customerPaymentMethodId}", get_payment_method),
    ("GET", _DETACH, detach_payment_method),
    ("POST", _DETACH, detach_payment_method),
    ("GET", _ATTACH, attach_payment_method),
    ("POST", _ATTACH, attach_payment_method),
    ("POST", "/sessionToken", create_session_token),
    ("POST", "/checkout/payment", start_checkout),
    ("POST", "/local_payment", start_local_payment),
    _AUTHORIZE,
)

_OPEN_API: tuple[tuple[str, str, Callable[[Call], Any]], ...] = (
    ("GET", "/transactions", list_transactions),
    ("GET", "/orderInfo/{tradeNo}", get_order_info),
    ("POST", "/refund", apply_for_refund),
    ("GET", "/refund/{batchNo}", get_refund),
    ("GET", "/chargebacks", list_chargebacks),
    ("POST", "/logistics", upload_logistics),
    ("GET", "/logistics/{tradeNo}", get_logistics),
    _AUTHORIZE,
)

# Success codes other than 00000. Source: contract 3.
_CODES = {
    "GET /payment_methods/{customerPaymentMethodId}": "0",
    "POST /checkout/payment": "0000",
    "POST /refund": "0000",
}


def create_app(options: Options) -> Starlette:
    """An offline Asiabill. Its lifespan must run, or no webhook is sent.

    Raises ValueError where the state file cannot be read.
    """
    sandbox = Sandbox(options)
    payment_api = _routes(sandbox, _PAYMENT_API)
    open_api = _routes(sandbox, _OPEN_API)
    sandbox.faults.endpoints = frozenset(
        f"{method} {path}" for method, path, _ in (*_PAYMENT_API, *_OPEN_API)
    )
    bank_page = BankPage(sandbox)
    checkout_page = CheckoutPage(sandbox)
    browser = BrowserCards(sandbox)
    control = [*Control(sandbox).routes(), *Aftermath(sandbox).routes()]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with sandbox.running():
            yield

    return Starlette(
        routes=[
            Mount(PAYMENT_BASE, routes=payment_api),
            Mount(OPEN_BASE, routes=open_api),
            Mount("/_simulator", routes=control),
            Route("/_browser/payment_methods", browser.create, methods=["POST"]),
            Route("/_browser/payment_methods", browser.preflight, methods=["OPTIONS"]),
            *card_fields(),
            Route("/3ds/{tradeNo}", bank_page.show, methods=["GET"]),
            Route("/3ds/{tradeNo}", bank_page.submit, methods=["POST"]),
            Route("/checkout/{tradeNo}", checkout_page.show, methods=["GET"]),
            Route("/checkout/{tradeNo}", checkout_page.submit, methods=["POST"]),
            Route("/", index, methods=["GET"]),
        ],
        exception_handlers={404: _wrong_address, 405: _wrong_address},
        lifespan=lifespan,
    )


def _routes(
    sandbox: Sandbox, endpoints: tuple[tuple[str, str, Callable[[Call], Any]], ...]
) -> list[Route]:
    routes = []
    for method, path, handle in endpoints:
        name = f"{method} {path}"
        endpoint = SignedEndpoint(sandbox, name, handle, _CODES.get(name, "00000"))
        route = Route(path, endpoint, methods=[method])
        # Starlette lets HEAD in wherever GET is; a HEAD that detaches a card is not Asiabill's.
        route.methods = {method}
        routes.append(route)
    return routes


async def _wrong_address(request: Request, error: Exception) -> Response:
    """A wrong path or method of either API is a business error. Source: contract 10."""
    if request.url.path.startswith((PAYMENT_BASE, OPEN_BASE)):
        content = {"code": "L0002", "message": "api url error", "data": None}
        return Response(msgspec.json.encode(content), media_type="application/json")
    status = error.status_code if isinstance(error, HTTPException) else 404
    body = msgspec.json.encode({"error": "no such page"})
    return Response(body, status, media_type="application/json")
