"""The stack as the guides of its libraries say: Strawberry's view, httpx, aiodataloader.

uvicorn --factory bench.straightforward:app
"""

import enum
import json
import os
import time
from secrets import token_hex
from typing import Any

import httpx
import strawberry
from aiodataloader import DataLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from strawberry.asgi import GraphQL
from strawberry.types import Info

from bench.stub import SIGN_KEY

GATEWAY_NO = "12246002"


@strawberry.enum
class CardBrand(enum.Enum):
    """As in the peers."""

    VISA = "VISA"
    OTHER = "OTHER"


@strawberry.type
class SavedCard:
    """As in the peers."""

    id: strawberry.ID
    brand: CardBrand | None
    last4: str | None


@strawberry.type
class Customer:
    """As in the peers."""

    id: strawberry.ID

    @strawberry.field
    async def saved_cards(self, info: Info) -> list[SavedCard] | None:
        cards: list[SavedCard] = await info.context["cards"].load(self.id)
        return cards


@strawberry.type
class Charge:
    """As in the peers."""

    id: strawberry.ID
    status: str
    order_no: str


@strawberry.type
class ChargePayload:
    """As in the peers."""

    charge: Charge | None


@strawberry.input
class MoneyInput:
    """As in the peers."""

    amount: str
    currency: str


@strawberry.input
class OrderInput:
    """As in the peers."""

    amount: MoneyInput
    buyer_ip: str
    order_no: str | None = None


@strawberry.type
class Query:
    """As in the peers."""

    @strawberry.field
    def customer(self, id: strawberry.ID) -> Customer | None:
        return Customer(id=id)

    @strawberry.field
    def customers_by_ids(self, ids: list[strawberry.ID]) -> list[Customer | None]:
        return [Customer(id=each) for each in ids]


@strawberry.type
class Mutation:
    """As in the peers."""

    @strawberry.mutation
    async def charge(
        self,
        info: Info,
        customer_id: strawberry.ID,
        payment_method_id: strawberry.ID,
        order: OrderInput | None = None,
        idempotency_key: str | None = None,
    ) -> ChargePayload:
        if order is None:
            raise ValueError("an order is needed")
        body = {
            "callbackUrl": "http://127.0.0.1/webhooks",
            "customerId": customer_id,
            "customerPaymentMethodId": payment_method_id,
            "customerIp": order.buyer_ip,
            "orderAmount": order.amount.amount,
            "orderCurrency": order.amount.currency,
            "orderNo": order.order_no or idempotency_key,
            "returnUrl": "http://127.0.0.1/return",
        }
        told = await call(info.context["http"], "POST", "/confirmCharge", "", json.dumps(body))
        made = Charge(id=told["tradeNo"], status=told["orderStatus"], order_no=told["orderNo"])
        return ChargePayload(charge=made)


async def call(http: httpx.AsyncClient, method: str, path: str, values: str, body: str) -> Any:
    """One signed call."""
    import hashlib
    import hmac

    request_id, now = token_hex(16), str(int(time.time() * 1000))
    text = ".".join(filter(None, (GATEWAY_NO + request_id + now, values, body)))
    answer = await http.request(
        method,
        path,
        content=body or None,
        headers={
            "gateway-no": GATEWAY_NO,
            "request-id": request_id,
            "request-time": now,
            "sign-info": hmac.new(SIGN_KEY, text.encode(), hashlib.sha256).hexdigest(),
            "content-type": "application/json; charset=UTF-8",
        },
    )
    return answer.json()["data"]


class View(GraphQL[dict[str, Any], None]):
    """Strawberry's own view, with a context for each request."""

    http: httpx.AsyncClient | None = None

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        if self.http is None:
            self.http = httpx.AsyncClient(base_url=os.environ["UPSTREAM"], trust_env=False)
        http = self.http

        async def cards(customer_ids: list[str]) -> list[list[SavedCard]]:
            import asyncio

            found = await asyncio.gather(
                *(
                    call(http, "GET", f"/payment_methods/list/{each}", each, "")
                    for each in customer_ids
                )
            )
            return [
                [
                    SavedCard(
                        id=strawberry.ID(card["customerPaymentMethodId"]),
                        brand=CardBrand[card["card"]["brand"].upper()],
                        last4=card["card"]["last4"],
                    )
                    for card in list_
                ]
                for list_ in found
            ]

        return {"http": http, "cards": DataLoader(cards)}


def app() -> Starlette:
    """The application."""
    made = Starlette()
    made.mount("/graphql", View(strawberry.Schema(Query, Mutation), graphql_ide=None))

    async def health(_: Request) -> Response:
        return Response("ok")

    made.add_route("/healthz", health)
    return made
