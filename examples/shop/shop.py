"""A shop's server for the checkout page: all that it knows of the gateway is the API.

It keeps the shop's key, fixes the amount, and gives its page a token for one order and customer.
"""

import os
import secrets
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

GATEWAY = os.environ.get("GATEWAY_URL", "http://127.0.0.1:8000")
ASIABILL = os.environ.get("ASIABILL_ORIGIN", "http://127.0.0.1:8001")
HOME = os.environ.get("SHOP_URL", "http://127.0.0.1:8080")
KEY = os.environ.get("SHOP_KEY", "mk_simulator")
PAGE = Path(__file__).parents[2] / "gateway" / "static" / "checkout"

# A real shop has its own accounts and baskets; this one has one of each.
BUYER = {"email": "buyer@example.com", "firstName": "Ada", "lastName": "Byron"}
LINES = [
    {"sku": "teapot", "quantity": 1, "amount": "38.00"},
    {"sku": "cup", "quantity": 2, "amount": "19.00"},
    {"sku": "delivery", "quantity": 1, "amount": "4.90"},
]
TOTAL = {"amount": "61.90", "currency": "EUR"}
POLICY = (
    f"default-src 'none'; script-src 'self' {ASIABILL}; style-src 'self'; img-src 'self'; "
    f"connect-src 'self' {GATEWAY} {GATEWAY.replace('http', 'ws', 1)} {ASIABILL}; "
    f"frame-src {ASIABILL}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

gateway = httpx.Client(base_url=GATEWAY, headers={"Authorization": f"Bearer {KEY}"})


def ask(query: str, **variables: object) -> dict:
    """The one field that the operation asks for."""
    answer = gateway.post("/graphql", json={"query": query, "variables": variables}).json()
    if "errors" in answer:
        raise RuntimeError(answer["errors"][0]["message"])
    (payload,) = answer["data"].values()
    if payload["userErrors"]:
        raise RuntimeError(payload["userErrors"][0]["message"])
    return payload


def session(request: Request) -> JSONResponse:
    """`POST /session`: a token for this buyer's order, the one before a reload where there is one."""
    # The key makes it the same customer each time; a shop keeps the id beside its own user.
    customer = ask(
        """mutation ($input: CustomerInput!, $key: String!) {
             createCustomer(input: $input, idempotencyKey: $key) {
               customer { id } userErrors { message } } }""",
        input=BUYER,
        key="customer-of-ada",
    )["customer"]["id"]
    # The order stands in a cookie that the page's scripts can't read. "New order" makes another.
    order = request.cookies.get("order")
    if not order or request.query_params.get("new"):
        order = f"shop-{secrets.token_hex(8)}"
    intent = ask(
        """mutation ($input: PaymentIntentInput!, $key: String!) {
             createPaymentIntent(input: $input, idempotencyKey: $key) {
               paymentIntent { id } userErrors { message } } }""",
        input={
            "customerId": customer,
            "order": {"orderNo": order, "amount": TOTAL},
            "returnUrl": f"{HOME}/",
        },
        key=order,
    )["paymentIntent"]["id"]
    token = ask(
        """mutation ($input: ClientSessionInput!) {
             createClientSession(input: $input) { session { token } userErrors { message } } }""",
        input={
            "customerId": customer,
            "paymentIntentId": intent,
            "permissions": ["READ_CARDS", "SAVE_CARD", "PAY"],
        },
    )["session"]["token"]
    answer = JSONResponse({"endpoint": f"{GATEWAY}/graphql", "token": token, "lines": LINES})
    answer.set_cookie("order", order, httponly=True, samesite="strict")
    return answer


class Page(StaticFiles):
    """The page's files, each with the policy for what the page may do."""

    async def get_response(self, path, scope):
        response = await super().get_response(path, scope)
        response.headers["content-security-policy"] = POLICY
        response.headers["referrer-policy"] = "no-referrer"
        return response


app = Starlette(
    routes=[
        Route("/session", session, methods=["POST"]),
        Mount("/", Page(directory=PAGE, html=True)),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, port=httpx.URL(HOME).port or 8080, log_level="warning")
