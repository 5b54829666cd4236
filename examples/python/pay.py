"""The whole way in Python with gql: the shop's server, then its page. Usage: pay.py URL"""

import asyncio
import os
import sys
from typing import Any
from uuid import uuid4

from gql import Client, gql
from gql.transport.httpx import HTTPXTransport
from gql.transport.websockets import WebsocketsTransport

ENDPOINT = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/graphql"
KEY = os.environ.get("SHOP_KEY", "mk_simulator")

NEW_CUSTOMER = gql("""
  mutation NewCustomer($input: CustomerInput!, $key: String!) {
    createCustomer(input: $input, idempotencyKey: $key) {
      customer { id }
      userErrors { message }
    }
  }
""")
KEEP_CARD = gql("""
  mutation KeepCard($customerId: ID!, $card: RawCard!, $billing: BillingInput!) {
    createPaymentMethod(customerId: $customerId, card: $card, billing: $billing) {
      paymentMethod { id brand last4 }
      userErrors { message }
    }
  }
""")
NEW_INTENT = gql("""
  mutation NewIntent($input: PaymentIntentInput!, $key: String!) {
    createPaymentIntent(input: $input, idempotencyKey: $key) {
      paymentIntent { id }
      userErrors { message }
    }
  }
""")
NEW_SESSION = gql("""
  mutation NewSession($input: ClientSessionInput!) {
    createClientSession(input: $input) {
      session { token }
      userErrors { message }
    }
  }
""")
PAY = gql("""
  mutation Pay($customerId: ID!, $paymentMethodId: ID!) {
    charge(customerId: $customerId, paymentMethodId: $paymentMethodId) {
      charge { id status final }
      userErrors { message }
    }
  }
""")
WATCH = gql("""
  subscription Watch($id: ID!) {
    chargeUpdated(id: $id) { status final }
  }
""")


def client(credential: str) -> Client:
    """Speaks for the shop's key or for a buyer's token."""
    headers = {"Authorization": f"Bearer {credential}"}
    return Client(transport=HTTPXTransport(ENDPOINT, headers=headers, timeout=30))


def ask(client: Client, document: Any, **variables: Any) -> dict[str, Any]:
    """The payload of a mutation. What the caller can correct is in userErrors."""
    document.variable_values = variables
    (payload,) = client.execute(document).values()
    if payload["userErrors"]:
        raise SystemExit(payload["userErrors"][0]["message"])
    return payload


async def end(token: str, charge_id: str) -> str:
    """The last status that the subscription tells: it ends with the charge."""
    transport = WebsocketsTransport(
        ENDPOINT.replace("http", "ws", 1),
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        init_payload={"Authorization": f"Bearer {token}"},
    )
    status = "UNKNOWN"
    WATCH.variable_values = {"id": charge_id}
    async with Client(transport=transport) as session:
        async for news in session.subscribe(WATCH):
            status = news["chargeUpdated"]["status"]
    return status


def main() -> None:
    shop = client(KEY)
    person = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Byron"}
    customer = ask(shop, NEW_CUSTOMER, input=person, key=uuid4().hex)["customer"]["id"]
    address = {"line1": "1 High St", "city": "London", "postalCode": "N1 1AA", "country": "GB"}
    # Whole cards are for shops with a PCI licence; others use the hosted fields.
    card = ask(
        shop,
        KEEP_CARD,
        customerId=customer,
        card={
            "number": "4242424242424242",
            "expMonth": "12",
            "expYear": "2039",
            "securityCode": "123",
        },
        billing=person | {"address": address},
    )["paymentMethod"]
    order = {"amount": {"amount": "61.90", "currency": "EUR"}}
    back = ENDPOINT.replace("/graphql", "/checkout/")
    intent = ask(
        shop,
        NEW_INTENT,
        input={"customerId": customer, "order": order, "returnUrl": back},
        key=uuid4().hex,
    )["paymentIntent"]["id"]
    session = {"customerId": customer, "paymentIntentId": intent}
    token = ask(shop, NEW_SESSION, input=session)["session"]["token"]

    # From here on it is the page, which has the token alone and names no amount.
    print(f"pays with {card['brand']} ending in {card['last4']}")
    paid = ask(client(token), PAY, customerId=customer, paymentMethodId=card["id"])
    print(f"gql: {asyncio.run(end(token, paid['charge']['id']))}")


if __name__ == "__main__":
    main()
