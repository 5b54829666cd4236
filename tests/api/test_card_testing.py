"""Who tries out stolen cards is stopped before Asiabill hears of it; who shops is served meanwhile."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Api, client
from tests.conftest import asiabill_at, free_port, running
from tests.far_side import CONFIRM, Simulator, caused

DECLINING = "4000000000000002"
GOOD = "4242424242424242"
PUBLIC = "93.184.216."

PAY = """mutation($customer: ID!, $card: ID!, $intent: ID!, $key: String) {
  charge(
    customerId: $customer, paymentMethodId: $card, paymentIntentId: $intent, idempotencyKey: $key
  ) {
    charge { status }
    replayed
    userErrors { __typename code message path ... on RateLimitError { retryAfterSeconds } }
  }
}"""
OPEN = """mutation {
  createCardSession {
    session { sessionToken }
    userErrors { __typename code ... on RateLimitError { retryAfterSeconds } }
  }
}"""
BIND = """mutation($id: ID!) {
  createPaymentMethod(hostedPaymentMethodId: $id) {
    paymentMethod { id }
    userErrors { __typename code ... on RateLimitError { retryAfterSeconds } }
  }
}"""


# As they are by default in modes test and live.
LIMITS = {
    "GATEWAY_LIMIT_CARD_SESSIONS": "30/1h",
    "GATEWAY_LIMIT_NEW_CARDS": "5/1h",
    "GATEWAY_LIMIT_CHARGES": "10/1h",
    "GATEWAY_LIMIT_DECLINES": "3/15m",
    "GATEWAY_LIMIT_ACCOUNT_DECLINES": "20/10m",
    "GATEWAY_LIMIT_STRANGERS": "20/10m",
    # There are few test cards, and one machine.
    "GATEWAY_LIMIT_CARD_ATTEMPTS": "off",
    "GATEWAY_LIMIT_CARD_DECLINES": "off",
    "GATEWAY_LIMIT_ADDRESS_ATTEMPTS": "off",
    "GATEWAY_LIMIT_ADDRESS_DECLINES": "off",
}


def guarded(folder: Path, simulator_url: str, **limits: str) -> AbstractContextManager[str]:
    """A gateway behind a proxy on this machine."""
    proxy = {"GATEWAY_TRUSTED_PROXIES": "127.0.0.1"}
    settings = asiabill_at(simulator_url) | LIMITS | proxy | limits
    return running("serve", "--port", str(free_port()), cwd=folder, **settings)


@pytest.fixture(scope="module")
def watched_url(simulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One where the tests' many declines are not summed up."""
    folder = tmp_path_factory.mktemp("watched")
    with guarded(folder, simulator_url, GATEWAY_LIMIT_ACCOUNT_DECLINES="off") as url:
        yield url


@pytest.fixture
async def watched(watched_url: str, simulator: Simulator) -> AsyncIterator[Api]:
    async with client(watched_url) as http:
        yield Api(http, simulator)


@dataclass
class Buyer:
    """A page with a customer's token, and an intent that stands many attempts."""

    api: Api
    customer: str
    card: str
    intent: str
    token: str
    address: str = ""

    @classmethod
    async def of(cls, api: Api, card: str = DECLINING, address: str = "") -> "Buyer":
        customer = await api.customer()
        card_id = await api.card(customer, card)
        token = await api.session(customer, "READ_CARDS", "SAVE_CARD", "PAY")
        return cls(api, customer, card_id, await cls.intended(api, customer), token, address)

    @staticmethod
    async def intended(api: Api, customer: str) -> str:
        order = {"amount": {"amount": "1.00", "currency": "USD"}}
        wanted = {
            "order": order,
            "customerId": customer,
            "returnUrl": "https://shop.example/",
            "maxAttempts": 20,
        }
        made = await api.run("CreateIntent", input=wanted, idempotencyKey=uuid4().hex)
        intent: str = made.data["createPaymentIntent"]["paymentIntent"]["id"]
        return intent

    async def pay(self, key: str | None = None, intent: str = "") -> dict[str, Any]:
        """The payload of one attempt."""
        variables = {
            "customer": self.customer,
            "card": self.card,
            "intent": intent or self.intent,
            "key": key,
        }
        headers = {"authorization": f"Bearer {self.token}"}
        if self.address:
            headers["x-forwarded-for"] = self.address
        answer = await self.api.http.post(
            "/graphql", json={"query": PAY, "variables": variables}, headers=headers
        )
        payload: dict[str, Any] = answer.json()["data"]["charge"]
        return payload


def end(payload: dict[str, Any]) -> str:
    """The charge's status, or the code of what stood in its way."""
    errors = payload["userErrors"]
    code: str = errors[0]["code"] if errors else payload["charge"]["status"]
    return code


async def charges_sent(api: Api) -> int:
    return (await api.simulator.calls()).get(CONFIRM, 0)


async def test_one_who_tries_200_times_reaches_asiabill_three_times(watched: Api) -> None:
    tester = await Buyer.of(watched)
    before = await watched.simulator.calls()
    ends = Counter([end(await tester.pay()) for _ in range(200)])
    assert ends == {"DECLINED": 3, "RATE_LIMITED": 197}
    assert await charges_sent(watched) == 3
    # Nor does it ask anything else of Asiabill.
    asked = caused(before, await watched.simulator.calls())
    assert sum(asked.values()) <= 2 * 3 + 1


async def test_the_refusal_is_typed_and_says_when_but_not_why(watched: Api) -> None:
    tester = await Buyer.of(watched)
    for _ in range(3):
        await tester.pay()
    refused = await tester.pay()
    assert refused["charge"] is None
    (error,) = refused["userErrors"]
    assert 10 * 60 < error.pop("retryAfterSeconds") <= 17 * 60
    assert error == {
        "__typename": "RateLimitError",
        "code": "RATE_LIMITED",
        "message": "Too many attempts. Try again later.",
        "path": None,
    }


async def test_attempts_side_by_side_do_not_get_past_the_limit(watched: Api) -> None:
    buyer = await Buyer.of(watched, GOOD)
    intents = [await Buyer.intended(watched, buyer.customer) for _ in range(25)]
    ends = Counter(
        end(payload) for payload in await asyncio.gather(*(buyer.pay(intent=i) for i in intents))
    )
    assert ends == {"SUCCEEDED": 10, "RATE_LIMITED": 15}
    assert await charges_sent(watched) == 10


async def test_a_repeat_is_no_further_attempt_and_is_answered_over_the_limit(watched: Api) -> None:
    tester = await Buyer.of(watched)
    keys = [uuid4().hex for _ in range(3)]
    for key in keys:
        assert end(await tester.pay(key)) == "DECLINED"
    assert end(await tester.pay(uuid4().hex)) == "RATE_LIMITED"
    for key in keys:
        again = await tester.pay(key)
        assert (end(again), again["replayed"]) == ("DECLINED", True)
    assert await charges_sent(watched) == 3


async def test_the_shops_server_is_not_limited(watched: Api) -> None:
    """Its renewals come hundreds at a time, and it knows its buyers."""
    customer = await watched.customer()
    card = await watched.card(customer, DECLINING)
    for _ in range(12):
        answer = await watched.run(
            "Charge",
            customerId=customer,
            paymentMethodId=card,
            order={"amount": {"amount": "1.00", "currency": "USD"}},
            idempotencyKey=uuid4().hex,
        )
        assert end(answer.data["charge"]) == "DECLINED"
    # What it was declined is not held against the buyer at the page.
    assert end(await (await Buyer.of(watched, GOOD)).pay()) == "SUCCEEDED"


async def test_hosted_fields_are_not_opened_without_end(watched: Api) -> None:
    customer = await watched.customer()
    token = await watched.session(customer, "READ_CARDS", "SAVE_CARD")
    for _ in range(30):
        opened = (await watched.query(OPEN, key=token)).data["createCardSession"]
        assert opened["userErrors"] == []
    before = await watched.simulator.calls()
    refused = (await watched.query(OPEN, key=token)).data["createCardSession"]
    assert refused["session"] is None
    (error,) = refused["userErrors"]
    assert (error["__typename"], error["code"]) == ("RateLimitError", "RATE_LIMITED")
    assert error["retryAfterSeconds"] > 0
    # It is the customer that is counted, whatever token its page has.
    other = await watched.session(customer, "PAY")
    refused = (await watched.query(OPEN, key=other)).data["createCardSession"]
    assert refused["userErrors"][0]["code"] == "RATE_LIMITED"
    assert caused(before, await watched.simulator.calls()) == {}
    # Another buyer and the shop's server are served.
    other = await watched.session(await watched.customer(), "READ_CARDS")
    for key in ({"key": other}, {}):
        served = (await watched.query(OPEN, **key)).data["createCardSession"]
        assert served["session"] is not None


async def test_five_cards_an_hour_can_be_bound(watched: Api) -> None:
    token = await watched.session(await watched.customer(), "READ_CARDS", "SAVE_CARD")
    session = (await watched.run("CardSession", key=token)).data["createCardSession"]["session"]
    for _ in range(5):
        hosted = await watched.simulator.hosted_card(session["sessionToken"])
        bound = await watched.query(BIND, key=token, id=hosted)
        assert bound.data["createPaymentMethod"]["userErrors"] == []
    hosted = await watched.simulator.hosted_card(session["sessionToken"])
    before = await watched.simulator.calls()
    refused = (await watched.query(BIND, key=token, id=hosted)).data["createPaymentMethod"]
    (error,) = refused["userErrors"]
    assert error["__typename"] == "RateLimitError"
    assert error["retryAfterSeconds"] > 0
    assert caused(before, await watched.simulator.calls()) == {}


async def test_a_card_is_known_again_with_another_customer(addressed: Api) -> None:
    ends = []
    for _ in range(3):
        tester = await Buyer.of(addressed, "4000000000009979")
        ends += [end(await tester.pay()) for _ in range(2)]
    assert ends == ["DECLINED"] * 5 + ["RATE_LIMITED"]
    # Another card of the same bank is another card.
    assert end(await (await Buyer.of(addressed, "4000000000009987")).pay()) == "DECLINED"


@pytest.fixture(scope="module")
def addressed_url(simulator_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One that counts by address and by card."""
    folder = tmp_path_factory.mktemp("addressed")
    limits = {
        "GATEWAY_LIMIT_ADDRESS_DECLINES": "3/15m",
        "GATEWAY_LIMIT_CARD_DECLINES": "5/1h",
        "GATEWAY_LIMIT_ACCOUNT_DECLINES": "off",
    }
    with guarded(folder, simulator_url, **limits) as url:
        yield url


@pytest.fixture
async def addressed(addressed_url: str, simulator: Simulator) -> AsyncIterator[Api]:
    async with client(addressed_url) as http:
        yield Api(http, simulator)


@pytest.mark.parametrize(
    ("card", "addresses"),
    [
        ("4000000000000002", ["93.184.216.7"] * 4),
        ("4000000000000069", [f"93.184.{n}.1, 93.184.216.8" for n in range(4)]),
        ("4000000000000127", [f"93.184.{n}.1, 93.184.216.9, 127.0.0.1" for n in range(4)]),
        ("4000000000006975", [f"2600:1406:5e00:6::{n}" for n in range(4)]),
    ],
    ids=["own", "forged on the left", "our proxy on the right", "of one house"],
)
async def test_an_address_is_known_again_whatever_the_buyer_writes(
    addressed: Api, card: str, addresses: list[str]
) -> None:
    ends = [end(await (await Buyer.of(addressed, card, address)).pay()) for address in addresses]
    assert ends == ["DECLINED"] * 3 + ["RATE_LIMITED"]


@pytest.mark.parametrize(
    ("card", "address"),
    [
        ("4000000000000515", ""),
        ("4000000000000077", "10.0.0.7"),
        ("4000000000009995", "::1"),
        ("4100000000000019", "not an address"),
    ],
)
async def test_buyers_behind_a_proxy_that_says_nothing_are_not_taken_for_one(
    addressed: Api, card: str, address: str
) -> None:
    for _ in range(4):
        assert end(await (await Buyer.of(addressed, card, address)).pay()) == "DECLINED"


async def test_who_is_no_proxy_of_ours_is_not_believed(api: Api) -> None:
    """The shared gateway trusts nobody: the address there is that of the connection."""
    for _ in range(4):
        buyer = await Buyer.of(api, "4000000000000127", address="93.184.216.99")
        assert end(await buyer.pay()) == "DECLINED"


async def crowd(api: Api) -> list[Buyer]:
    """Fifty, each at an address of its own."""
    places = asyncio.Semaphore(8)

    async def one(number: int) -> Buyer:
        async with places:
            return await Buyer.of(api, address=f"{PUBLIC}{number}")

    return list(await asyncio.gather(*map(one, range(50))))


async def attack(testers: list[Buyer], rounds: int, at_once: int) -> Counter[str]:
    """Each of them tries so often; `at_once` requests are under way at any time."""
    places, ends = asyncio.Semaphore(at_once), Counter[str]()

    async def one(tester: Buyer) -> None:
        for _ in range(rounds):
            async with places:
                ends[end(await tester.pay())] += 1

    await asyncio.gather(*(one(tester) for tester in testers))
    return ends


@pytest.mark.timeout(180)
async def test_fifty_who_try_together_are_stopped_and_a_regular_is_served(
    simulator_url: str, simulator: Simulator, tmp_path: Path
) -> None:
    """Each has a card and an address of its own. Twenty declines raise the alarm; from then on
    those who never paid here share twenty charges. It survives a restart."""
    with guarded(tmp_path, simulator_url) as url:
        async with client(url) as http:
            api = Api(http, simulator)
            regular = await Buyer.of(api, GOOD)
            assert end(await regular.pay()) == "SUCCEEDED"
            testers = await crowd(api)
            before = await charges_sent(api)
            ends = await attack(testers, 4, 8)
            assert ends.total() == 200
            sent = await charges_sent(api) - before
            # Those under way when the alarm is raised still end.
            assert sent <= 20 + 8 + 20
            assert ends["RATE_LIMITED"] == 200 - sent
            regular.intent = await Buyer.intended(api, regular.customer)
            assert end(await regular.pay()) == "SUCCEEDED"
            told = (await http.get("/metrics")).text
            assert "gateway_rate_limited_total{limit=" in told
    with guarded(tmp_path, simulator_url) as url:
        async with client(url) as http:
            for buyer in (*testers, regular):
                buyer.api = Api(http, simulator)
            before = await charges_sent(api := Api(http, simulator))
            assert (await attack(testers, 1, 8))["RATE_LIMITED"] == 50
            assert await charges_sent(api) == before
            regular.intent = await Buyer.intended(api, regular.customer)
            assert end(await regular.pay()) == "SUCCEEDED"


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_thousand_attempts_in_a_minute(
    simulator_url: str, simulator: Simulator, tmp_path: Path
) -> None:
    """G13. What is sent stays under the limit, and regulars pay all the while."""
    with guarded(tmp_path, simulator_url) as url:
        async with client(url) as http:
            api = Api(http, simulator)
            regulars = [await Buyer.of(api, GOOD) for _ in range(4)]
            assert {end(await regular.pay()) for regular in regulars} == {"SUCCEEDED"}
            testers = await crowd(api)
            before = await charges_sent(api)
            start, paid, slowest = time.monotonic(), 0, 0.0

            async def shopping() -> None:
                nonlocal paid, slowest
                for round_ in range(12):
                    await asyncio.sleep(max(0.0, start + round_ * 5 - time.monotonic()))
                    regular = regulars[round_ % 4]
                    regular.intent = await Buyer.intended(api, regular.customer)
                    begun = time.monotonic()
                    assert end(await regular.pay()) == "SUCCEEDED"
                    slowest = max(slowest, time.monotonic() - begun)
                    paid += 1

            async def trying() -> Counter[str]:
                ends = Counter[str]()
                for round_ in range(20):
                    await asyncio.sleep(max(0.0, start + round_ * 3 - time.monotonic()))
                    ends += await attack(testers, 1, 50)
                return ends

            _, ends = await asyncio.gather(shopping(), trying())
            sent = await charges_sent(api) - before - paid
            print(f"\n{ends.total()} attempts in {time.monotonic() - start:.0f} s: {sent} sent")
            print(f"regulars paid {paid} of 12, the slowest in {slowest * 1000:.0f} ms")
            assert ends.total() == 1000
            # All of the first round are under way when the alarm is raised.
            assert sent <= 50 + 20
            assert paid == 12
