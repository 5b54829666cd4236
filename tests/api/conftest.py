"""A client as a shop would write one, against the running service."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import free_port, running
from tests.far_side import Simulator

DOCUMENTS = Path(__file__).parent.parent / "documents"
MERCHANT = "mk_simulator"

BILLING = {
    "firstName": "Ada",
    "lastName": "Byron",
    "email": "ada@example.com",
    "address": {"line1": "1 High St", "city": "London", "postalCode": "N1", "country": "GB"},
}


@dataclass
class Answer:
    """One GraphQL answer, read as a client reads it."""

    status: int
    body: dict[str, Any]
    headers: httpx.Headers

    @property
    def data(self) -> dict[str, Any]:
        assert "errors" not in self.body, self.body["errors"]
        data: dict[str, Any] = self.body["data"]
        return data

    @property
    def errors(self) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = self.body.get("errors", [])
        return errors

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def cost(self) -> dict[str, int]:
        cost: dict[str, int] = self.body["extensions"]["cost"]
        return cost


class Api:
    """Runs the front end's own documents, by name."""

    def __init__(self, http: httpx.AsyncClient, simulator: Simulator) -> None:
        self.http = http
        self.simulator = simulator

    async def run(self, document: str, key: str | None = MERCHANT, **variables: Any) -> Answer:
        """Run `tests/documents/{document}.graphql`."""
        query = (DOCUMENTS / f"{document}.graphql").read_text(encoding="utf-8")
        return await self.query(query, key=key, **variables)

    async def query(self, query: str, key: str | None = MERCHANT, **variables: Any) -> Answer:
        """Run a document given as text."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        answer = await self.http.post(
            "/graphql", json={"query": query, "variables": variables}, headers=headers
        )
        return Answer(answer.status_code, answer.json(), answer.headers)

    async def customer(self, cards: int = 0, key: str = "") -> str:
        """A customer with that many saved cards, made through the API."""
        name = key or f"customer-{id(self)}-{next(_numbers)}"
        made = await self.run(
            "CreateCustomer",
            input={"email": "ada@example.com", "firstName": "Ada", "lastName": "Byron"},
            idempotencyKey=name,
        )
        customer_id: str = made.data["createCustomer"]["customer"]["id"]
        for _ in range(cards):
            await self.card(customer_id)
        return customer_id

    async def card(self, customer_id: str, number: str = "4242424242424242") -> str:
        """A saved card of that customer, one more even where it has that card already."""
        made = await self.run(
            "AddCard",
            customerId=customer_id,
            card=raw_card(number),
            billing=BILLING,
            onDuplicate="ALLOW",
        )
        card_id: str = made.data["createPaymentMethod"]["paymentMethod"]["id"]
        return card_id

    async def session(self, customer_id: str, *permissions: str, ttl: int = 900) -> str:
        """A client-session token for that customer."""
        made = await self.run(
            "ClientSession",
            input={
                "customerId": customer_id,
                "ttlSeconds": ttl,
                "permissions": list(permissions),
            },
        )
        token: str = made.data["createClientSession"]["session"]["token"]
        return token


def client(url: str) -> httpx.AsyncClient:
    """A client of a service of these tests. They speak plain HTTP, so no certificates are loaded,
    which would take longer than the test."""
    return httpx.AsyncClient(base_url=url, trust_env=False, timeout=60, verify=False)


_numbers = iter(range(1_000_000))


def raw_card(number: str = "4242424242424242") -> dict[str, Any]:
    """A whole card as a shop's server gives it."""
    return {"number": number, "expMonth": 12, "expYear": 2039, "securityCode": "123"}


@pytest.fixture
async def api(gateway_url: str, simulator: Simulator) -> AsyncIterator[Api]:
    async with client(gateway_url) as http:
        yield Api(http, simulator)


@pytest.fixture
def unique() -> str:
    """An idempotency key or order number that no other test uses."""
    return f"test-{uuid4().hex}"


OPS = "ok_books_of_the_tests"
SHOP_PAGE = "https://shop.example"
SECRET = "the secret that signs tokens since the last rotation"
OLD_SECRET = "the secret before the last rotation is still good for a day"


def serving(cwd: Path, asiabill_url: str, **settings: str) -> AbstractContextManager[str]:
    """A gateway of its own, with a ledger of its own; gives its address."""
    return running(
        "serve",
        "--port",
        str(free_port()),
        cwd=cwd,
        GATEWAY_ASIABILL_PAYMENT_URL=f"{asiabill_url}/V2022-03",
        GATEWAY_ASIABILL_OPEN_URL=f"{asiabill_url}/openApi/V2022-03",
        **settings,
    )


@pytest.fixture(scope="session")
def shop_url(simulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway as a shop sets it up: keys of two roles, a page of its own, nothing to explore."""
    keys = ((MERCHANT, "shop:merchant"), (OPS, "books:ops"))
    lines = (f"{line}:{hashlib.sha256(key.encode()).hexdigest()}" for key, line in keys)
    with serving(
        tmp_path_factory.mktemp("shop"),
        simulator_url,
        GATEWAY_MERCHANT_KEYS=",".join(lines),
        GATEWAY_SESSION_SECRETS=f"{SECRET},{OLD_SECRET}",
        GATEWAY_CORS_ORIGINS=SHOP_PAGE,
        GATEWAY_RAW_CARDS="0",
        GATEWAY_GRAPHIQL="0",
        GATEWAY_INTROSPECTION="0",
        GATEWAY_GET_QUERIES="0",
    ) as url:
        yield url


@pytest.fixture
async def shop(shop_url: str, simulator: Simulator) -> AsyncIterator[Api]:
    """The second gateway. It shares Asiabill with `api` and has a ledger of its own."""
    async with client(shop_url) as http:
        yield Api(http, simulator)


def rejections(answer: Answer, field: str) -> list[tuple[str, list[str] | None]]:
    """Code and path of each of a mutation's userErrors."""
    return [(error["code"], error["path"]) for error in answer.data[field]["userErrors"]]
