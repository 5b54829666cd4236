"""What operations of a gateway leave to the garbage collector, told by a process of its own.

    python -m tests.garbage http://127.0.0.1:9001

Asks a gateway in this process, in front of the simulator at that address, and prints what only the
collector could free, by type.
"""

import asyncio
import collections
import gc
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

_TIMES = 5
_CARDS = (
    "query ($id: ID!) { customer(id: $id) { id email savedCards { id brand last4 isDefault } } }"
)
_MANY = "query ($ids: [ID!]!) { customersByIds(ids: $ids) { id savedCards { id } } }"
_UNKNOWN = "{ customer(id: 12) { nothing } }"
_PAY = (
    "mutation ($c: ID!, $p: ID!, $o: OrderInput, $k: String) { charge(customerId: $c, "
    "paymentMethodId: $p, order: $o, idempotencyKey: $k) { charge { id status } } }"
)
_CUSTOMER = (
    'mutation { createCustomer(idempotencyKey: "c", input: {email: "ada@example.com", '
    'firstName: "Ada", lastName: "Byron"}) { customer { id } } }'
)
_CARD = (
    "mutation ($c: ID!, $card: RawCard!, $b: BillingInput!) { createPaymentMethod(customerId: $c, "
    "card: $card, billing: $b) { paymentMethod { id } } }"
)
_RAW = {"number": "4242424242424242", "expMonth": 12, "expYear": 2039, "securityCode": "123"}
_BILLING = {
    "firstName": "Ada",
    "lastName": "Byron",
    "email": "ada@example.com",
    "address": {"line1": "1 High St", "city": "London", "postalCode": "N1", "country": "GB"},
}


async def left(asiabill_url: str) -> dict[str, int]:
    """How many objects of which type, after each operation was done some times."""
    os.environ |= {
        "GATEWAY_ASIABILL_PAYMENT_URL": f"{asiabill_url}/V2022-03",
        "GATEWAY_ASIABILL_OPEN_URL": f"{asiabill_url}/openApi/V2022-03",
        "GATEWAY_CARD_CACHE_SECONDS": "0",
        "GATEWAY_RAW_CARDS": "true",
    }
    from gateway.app import create_app
    from gateway.settings import Settings
    from ledger import migrate

    settings = Settings()
    await migrate(settings.database_url.get_secret_value())
    app = create_app(settings)
    async with app.router.lifespan_context(app):

        async def ask(query: str, **variables: object) -> Any:
            told = json.loads(await _posted(app, {"query": query, "variables": variables}))
            assert (query is _UNKNOWN) is ("errors" in told), told
            return told.get("data")

        customer = (await ask(_CUSTOMER))["createCustomer"]["customer"]["id"]
        made = await ask(_CARD, c=customer, card=_RAW, b=_BILLING)
        card = made["createPaymentMethod"]["paymentMethod"]["id"]

        async def each(turn: int) -> None:
            await ask(_CARDS, id=customer)
            await ask(_MANY, ids=[customer, customer, "cus_1"])
            await ask(_UNKNOWN)
            amount = {"amount": {"amount": "10.99", "currency": "USD"}, "buyerIp": "203.0.113.7"}
            await ask(_PAY, c=customer, p=card, o=amount, k=f"k-{turn}")

        # The first of a kind makes what is kept for all.
        await each(0)
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        for turn in range(_TIMES):
            await each(turn + 1)
        # The last answer's tasks end after it.
        await asyncio.sleep(0.1)
        gc.collect()
        gc.set_debug(0)
    kinds = (type(each) for each in gc.garbage)
    return collections.Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)


async def _posted(app: Any, body: dict[str, object]) -> bytes:
    """By ASGI itself: a client's own objects know each other in circles."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", b"Bearer mk_simulator")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": headers,
        "client": ("203.0.113.7", 1),
    }
    await app(scope, receive, send)
    return b"".join(message.get("body", b"") for message in sent)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        found = asyncio.run(left(sys.argv[1]))
        os.chdir(Path(folder).parent)
    sys.stdout.write(json.dumps(found))
