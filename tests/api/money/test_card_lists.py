"""Kept card lists: for an hour here, so that what is fresh is so because a change was heard of."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy.engine import make_url

from tests.api.conftest import BILLING, MERCHANT, Api, client, raw_card
from tests.api.money.checkout import made, settled
from tests.api.money.gateways import Gateway, another, gateway
from tests.databases import Postgres
from tests.far_side import LIST, Simulator
from tests.looking import a_moment

HOUR = {"GATEWAY_CARD_CACHE_SECONDS": "3600"}
SECONDS = 20.0
ATTACH = "GET /payment_methods/{customerPaymentMethodId}/{customerId}/attach"


@pytest.fixture(scope="module")
def keeping(
    new_database: Callable[[], str],
    settings: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Gateway]:
    with gateway(tmp_path_factory.mktemp("lists"), settings | HOUR, new_database()) as serving:
        yield serving


@pytest.fixture
async def one(keeping: Gateway, simulator: Simulator) -> AsyncIterator[Api]:
    async with client(keeping.url) as http:
        yield Api(http, simulator)


async def listed(api: Api, customer_id: str, key: str = MERCHANT) -> list[str]:
    answer = await api.run("SavedCards", key=key, customerId=customer_id)
    return [card["id"] for card in answer.data["customer"]["savedCards"]]


async def asked(api: Api) -> int:
    return (await api.simulator.calls()).get(LIST, 0)


async def kept(api: Api, customer_id: str, key: str = MERCHANT) -> list[str]:
    """The customer's list, once it is one that is kept: a customer that was just made is not at once."""
    async with asyncio.timeout(SECONDS):
        while True:
            before = await asked(api)
            found = await listed(api, customer_id, key)
            if await asked(api) == before:
                return found


async def elsewhere(api: Api, count: int = 1) -> tuple[str, list[str]]:
    """A customer and its cards, made by a gateway on another ledger: no change that `api`'s is told of."""
    customer_id = await api.customer()
    return customer_id, [await api.card(customer_id) for _ in range(count)]


async def test_a_list_is_asked_for_once(one: Api, api: Api) -> None:
    customer_id, (card,) = await elsewhere(api)
    before = await asked(api)
    assert await kept(one, customer_id) == [card]
    first = await one.run("SavedCards", customerId=customer_id)
    assert first.cost["upstreamCalls"] == 0
    assert first.cost["shared"] == 1
    assert await asked(api) <= before + 2
    page = (await one.http.get("/metrics")).text
    assert 'gateway_card_lists_total{outcome="hit"}' in page


async def test_callers_of_different_roles_have_lists_of_their_own(one: Api, api: Api) -> None:
    customer_id, (card,) = await elsewhere(api)
    token = await one.session(customer_id, "READ_CARDS")
    await kept(one, customer_id)
    before = await asked(api)
    assert await listed(one, customer_id, token) == [card]
    assert await asked(api) == before + 1


async def test_one_customers_change_leaves_the_others(one: Api, api: Api) -> None:
    """And a list shows what was changed elsewhere after its time alone: here that is an hour."""
    (ada, _), (bob, (his,)) = await elsewhere(api), await elsewhere(api)
    await kept(one, bob)
    await api.run("DetachCard", paymentMethodId=his)
    await one.card(ada)
    assert await listed(one, bob) == [his]


async def added(api: Api, customer_id: str, _card: str) -> None:
    done = await api.run("AddCard", customerId=customer_id, card=raw_card(), billing=BILLING)
    assert done.data["createPaymentMethod"]["userErrors"] == []


async def attached(api: Api, customer_id: str, _card: str) -> None:
    session = (await api.run("CardSession")).data["createCardSession"]["session"]
    loose = await api.simulator.hosted_card(session["sessionToken"])
    done = await api.run("AttachCard", paymentMethodId=loose, customerId=customer_id)
    assert done.data["attachPaymentMethod"]["userErrors"] == []


async def detached(api: Api, _customer_id: str, card: str) -> None:
    done = await api.run("DetachCard", paymentMethodId=card)
    assert done.data["detachPaymentMethod"]["userErrors"] == []


async def deleted(api: Api, customer_id: str, _card: str) -> None:
    done = await api.run("DeleteCustomer", id=customer_id)
    assert done.data["deleteCustomer"]["userErrors"] == []


CHANGES = [added, attached, detached, deleted]
Change = Callable[[Api, str, str], Awaitable[None]]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_list_after_a_mutation_is_as_asiabill_has_it(
    one: Api, api: Api, change: Change
) -> None:
    customer_id, (card,) = await elsewhere(api)
    assert await kept(one, customer_id) == [card]
    await change(one, customer_id, card)
    now = await listed(one, customer_id)
    assert now == await listed(api, customer_id)
    assert now != [card]


async def test_a_cards_new_billing_shows_at_once(one: Api, api: Api) -> None:
    """The shop's key asks for the card by its id alone, so nobody knows whose list it is in."""
    query = "query($id: ID!) { customer(id: $id) { savedCards { billing { firstName } } } }"
    customer_id, (card,) = await elsewhere(api)
    assert await kept(one, customer_id) == [card]
    updated = await one.run("UpdateCard", id=card, billing={**BILLING, "firstName": "Grace"})
    assert updated.data["updatePaymentMethod"]["userErrors"] == []
    found = (await one.query(query, id=customer_id)).data["customer"]["savedCards"]
    assert found == [{"billing": {"firstName": "Grace"}}]


async def test_a_mutation_that_may_have_acted_drops_the_list_too(one: Api, api: Api) -> None:
    customer_id, (card,) = await elsewhere(api)
    assert await kept(one, customer_id) == [card]
    await one.simulator.fault("GET /payment_methods/{customerPaymentMethodId}/detach", "drop_after")
    await one.run("DetachCard", paymentMethodId=card)
    assert await listed(one, customer_id) == await listed(api, customer_id)


async def test_what_decides_about_a_card_asks_asiabill(one: Api, api: Api, unique: str) -> None:
    """A kept list may show a card that was taken away elsewhere; nobody pays with it."""
    customer_id, (card,) = await elsewhere(api)
    assert await kept(one, customer_id) == [card]
    await api.run("DetachCard", paymentMethodId=card)
    assert await listed(one, customer_id) == [card]
    order = {"amount": {"amount": "10.99", "currency": "USD"}}
    paid = await one.run(
        "Charge",
        customerId=customer_id,
        paymentMethodId=card,
        order=order,
        idempotencyKey=unique,
    )
    assert [error["code"] for error in paid.data["charge"]["userErrors"]] == ["CARD_NOT_OWNED"]
    assert await one.simulator.transactions() == []


async def test_a_failure_is_not_kept(one: Api, api: Api) -> None:
    customer_id, (card,) = await elsewhere(api)
    await one.simulator.fault(LIST, "status_500", times=3)
    failed = await one.run("SavedCards", customerId=customer_id)
    assert failed.codes == ["UPSTREAM_UNAVAILABLE"]
    await one.simulator.mend()
    assert await listed(one, customer_id) == [card]


@contextmanager
def started_anew(first: Gateway) -> Iterator[Gateway]:
    """The same gateway after its death: what it had heard of is forgotten, its address is the same."""
    first.kill()
    with another(first, port=urlsplit(first.url).port) as second:
        yield second


@pytest.fixture
def dying(
    new_database: Callable[[], str], settings: dict[str, str], tmp_path: Path
) -> Iterator[Gateway]:
    with gateway(tmp_path, settings | HOUR, new_database()) as serving:
        yield serving


async def test_a_charge_that_binds_a_card_shows_it(
    dying: Gateway, simulator: Simulator, unique: str
) -> None:
    async with client(dying.url) as http:
        before = Api(http, simulator)
        customer_id = await before.customer()
        token = await before.session(customer_id, "SAVE_CARD", "READ_CARDS")
        session = (await before.run("CardSession")).data["createCardSession"]["session"]
        card = await simulator.hosted_card(session["sessionToken"])
        # Claimed for this customer, and not bound yet.
        await simulator.fault(ATTACH, "drop_before", times=3)
        await before.run("AddCard", key=token, hostedPaymentMethodId=card)
        await simulator.mend()
    with started_anew(dying) as serving:
        async with client(serving.url) as http:
            buying = Api(http, simulator)
            assert await kept(buying, customer_id) == []
            paid = await buying.run(
                "Charge",
                customerId=customer_id,
                paymentMethodId=card,
                order={"amount": {"amount": "10.99", "currency": "USD"}},
                idempotencyKey=unique,
            )
            assert paid.data["charge"]["charge"]["status"] == "SUCCEEDED"
            assert await listed(buying, customer_id) == [card]


async def test_a_notification_of_a_charge_that_bound_a_card_shows_it(
    dying: Gateway, simulator: Simulator, unique: str
) -> None:
    """The card is typed on Asiabill's page; the return page is not visited."""
    # Nothing of the first life may come late into the second one.
    await simulator.notifies("off")
    async with client(dying.url) as http:
        before = Api(http, simulator)
        customer_id = await before.customer()
        intent_id = await made(before, unique, customerId=customer_id)
        opened = await before.run(
            "CreateCheckout", paymentIntentId=intent_id, returnUrl="https://shop.example/"
        )
        checkout = opened.data["createCheckout"]["checkout"]
    with started_anew(dying) as serving:
        async with client(serving.url) as http:
            seeing = Api(http, simulator)
            assert await kept(seeing, customer_id) == []
            await simulator.notifies()
            async with httpx.AsyncClient(trust_env=False, timeout=20, verify=False) as browser:
                await browser.post(checkout["url"], data={"act": "pay", "card": "4242424242424242"})
            assert await settled(seeing, checkout["charge"]["id"]) == "SUCCEEDED"
            assert len(await listed(seeing, customer_id)) == 1


@pytest.fixture(scope="module")
def sharing(
    postgres: Postgres, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Gateway, Gateway]]:
    """Two gateways on one PostgreSQL."""
    folder = tmp_path_factory.mktemp("sharing")
    with gateway(folder, settings | HOUR, postgres.new()) as first, another(first) as second:
        yield first, second


@pytest.fixture
async def both(
    sharing: tuple[Gateway, Gateway], simulator: Simulator
) -> AsyncIterator[tuple[Api, Api]]:
    first, second = sharing
    async with client(first.url) as one, client(second.url) as two:
        yield Api(one, simulator), Api(two, simulator)


async def shown(api: Api, customer_id: str, wanted: list[str]) -> None:
    """Wait until the gateway tells of this list: its time alone would be an hour."""
    async with asyncio.timeout(SECONDS):
        while await listed(api, customer_id) != wanted:
            await a_moment()


@pytest.mark.parametrize("change", CHANGES)
async def test_a_mutation_is_heard_of_in_every_process(
    both: tuple[Api, Api], api: Api, change: Change
) -> None:
    writing, reading = both
    customer_id, (card,) = await elsewhere(api)
    assert await kept(reading, customer_id) == [card]
    await change(writing, customer_id, card)
    now = await listed(api, customer_id)
    assert now != [card]
    await shown(reading, customer_id, now)


async def test_a_charge_is_heard_of_in_every_process(
    both: tuple[Api, Api], api: Api, unique: str
) -> None:
    """It may bind its card, so it is told to all; here something else has changed the list."""
    writing, reading = both
    customer_id, (first, second) = await elsewhere(api, 2)
    assert await kept(reading, customer_id) == [second, first]
    await api.run("DetachCard", paymentMethodId=second)
    assert await listed(reading, customer_id) == [second, first]
    paid = await writing.run(
        "Charge",
        customerId=customer_id,
        paymentMethodId=first,
        order={"amount": {"amount": "10.99", "currency": "USD"}},
        idempotencyKey=unique,
    )
    assert paid.data["charge"]["charge"]["status"] == "SUCCEEDED"
    await shown(reading, customer_id, [first])


async def test_who_cannot_hear_of_changes_keeps_nothing(
    sharing: tuple[Gateway, Gateway], both: tuple[Api, Api], api: Api, postgres: Postgres
) -> None:
    """The connection that listens is lost; what was kept until then is not shown any more."""
    _, reading = both
    customer_id, (card,) = await elsewhere(api)
    assert await kept(reading, customer_id) == [card]
    await api.run("DetachCard", paymentMethodId=card)
    assert await listed(reading, customer_id) == [card]
    database = make_url(sharing[0].database_url).database
    await postgres.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{database}' AND pid <> pg_backend_pid()"
    )
    await shown(reading, customer_id, [])
    # And it listens again.
    assert await kept(reading, customer_id) == []


async def test_workers_on_a_file_keep_nothing(
    settings: dict[str, str], api: Api, simulator: Simulator, tmp_path: Path
) -> None:
    """They would not hear of each other's changes."""
    customer_id, (card,) = await elsewhere(api)
    url = f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}"
    with gateway(tmp_path, settings | HOUR, url, workers=2) as serving:
        async with client(serving.url) as http:
            several = Api(http, simulator)
            before = await asked(several)
            for _ in range(8):
                assert await listed(several, customer_id) == [card]
            assert await asked(several) == before + 8
