"""GraphiQL from our own files: no outside address, and a strict policy for what the page may do."""

from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from gateway.pages import guarded, static

# Monaco writes its themes into style elements and starts its workers from our own files.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)


class Tab(msgspec.Struct):
    """A named example operation."""

    title: str
    query: str
    variables: str


EXAMPLES = (
    (
        "SavedCards",
        """# A customer's saved cards. Press the play button.
query SavedCards($customerId: ID!) {
  customer(id: $customerId) {
    id
    email
    savedCards {
      id
      brand
      last4
      isDefault
    }
  }
}
""",
        {"customerId": "CUSTOMER"},
    ),
    (
        "AddCard",
        """# Add a card of the simulator. In a shop the card's number goes into Asiabill's hosted
# fields, and only their id comes here (hostedPaymentMethodId).
mutation AddCard($customerId: ID!, $card: RawCard!, $billing: BillingInput!) {
  createPaymentMethod(customerId: $customerId, card: $card, billing: $billing) {
    paymentMethod {
      id
      brand
      last4
    }
    customer {
      savedCards {
        id
        brand
        last4
      }
    }
    userErrors {
      code
      message
      path
    }
  }
}
""",
        {
            "customerId": "CUSTOMER",
            "card": {
                "number": "3566002020360505",
                "expMonth": "11",
                "expYear": "2038",
                "securityCode": "123",
            },
            "billing": {
                "firstName": "Demo",
                "lastName": "Buyer",
                "email": "demo.buyer@example.com",
                "address": {
                    "line1": "1 Example Street",
                    "city": "Berlin",
                    "postalCode": "10115",
                    "country": "DE",
                },
            },
        },
    ),
    (
        "Charge",
        """# Pay with a saved card. Repeat it unchanged and nothing is charged again (replayed: true).
mutation Charge($customerId: ID!, $paymentMethodId: ID!, $key: String!) {
  charge(
    customerId: $customerId
    paymentMethodId: $paymentMethodId
    order: { amount: { amount: "10.99", currency: "USD" } }
    idempotencyKey: $key
  ) {
    charge {
      id
      orderNo
      tradeNo
      status
      live
      amount {
        amount
        currency
      }
      decline {
        customerMessage
      }
    }
    replayed
    userErrors {
      code
      message
      path
    }
  }
}
""",
        {"customerId": "CUSTOMER", "paymentMethodId": "CARD", "key": "KEY"},
    ),
    (
        "WatchCharge",
        """# Put the id that Charge answered with into the variables. The present state comes at once,
# each change after it, and the stream ends with the charge.
subscription WatchCharge($id: ID!) {
  chargeUpdated(id: $id) {
    id
    status
    final
  }
}
""",
        {"id": "ch_..."},
    ),
    (
        "CreateIntent",
        """# The shop's server fixes amount and order; a page then pays without naming an amount.
mutation CreateIntent($input: PaymentIntentInput!, $key: String!) {
  createPaymentIntent(input: $input, idempotencyKey: $key) {
    paymentIntent {
      id
      orderNo
      status
      attemptsLeft
      expiresAt
    }
    replayed
    userErrors {
      code
      message
      path
    }
  }
}
""",
        {
            "input": {
                "customerId": "CUSTOMER",
                "order": {"amount": {"amount": "48.90", "currency": "EUR"}},
                "returnUrl": "RETURN",
            },
            "key": "KEY-intent",
        },
    ),
    (
        "ClientSession",
        """# The token that a page or an app carries: one customer, fifteen minutes, these permissions.
# Put it into the Headers editor instead of the key, and see what a buyer's page may do.
mutation ClientSession($input: ClientSessionInput!) {
  createClientSession(input: $input) {
    session {
      token
      expiresAt
    }
    userErrors {
      code
      message
      path
    }
  }
}
""",
        {"input": {"customerId": "CUSTOMER", "permissions": ["READ_CARDS", "SAVE_CARD", "PAY"]}},
    ),
)


def tabs(customer_id: str, payment_method_id: str, return_url: str) -> list[Tab]:
    """The example operations with a customer and a card that exist, and an order not yet paid."""
    key = f"order-{token_hex(4)}"
    known = {
        "CUSTOMER": customer_id,
        "CARD": payment_method_id,
        "RETURN": return_url,
        "KEY": key,
        "KEY-intent": f"{key}-intent",
    }

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        return known.get(value, value) if isinstance(value, str) else value

    return [
        Tab(title, query, msgspec.json.format(msgspec.json.encode(filled(variables))).decode())
        for title, query, variables in EXAMPLES
    ]


def pages(config: Callable[[Request], Awaitable[dict[str, Any]]]) -> ASGIApp:
    """The page, its files and `config.json`, which tells it where and as whom to ask."""

    async def config_json(request: Request) -> Response:
        return JSONResponse(msgspec.to_builtins(await config(request)))

    app = Starlette(
        routes=[
            Route("/config.json", config_json),
            Mount("/", static("graphiql")),
        ]
    )
    return guarded(app, POLICY)
