"""Several gateways on one PostgreSQL: the database decides every race, and nobody sends twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy.engine import make_url

from tests.api.conftest import Answer, Api, client
from tests.api.money.checkout import history, opened, settled
from tests.api.money.gateways import Gateway, another, gateway
from tests.databases import Postgres
from tests.far_side import CONFIRM, LIST, Simulator
from tests.looking import a_moment

ORDER = {"amount": {"amount": "10.99", "currency": "USD"}}


@pytest.fixture(scope="module")
def first(
    postgres: Postgres, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    with gateway(tmp_path_factory.mktemp("first"), settings, postgres.new()) as serving:
        yield serving


@pytest.fixture(scope="module")
def second(first: Gateway) -> Iterator[Gateway]:
    with another(first) as serving:
        yield serving


async def client_of(serving: Gateway, simulator: Simulator) -> AsyncIterator[Api]:
    async with client(serving.url) as http:
        yield Api(http, simulator)


@pytest.fixture
async def one(first: Gateway, simulator: Simulator) -> AsyncIterator[Api]:
    async for api in client_of(first, simulator):
        yield api


@pytest.fixture
async def two(second: Gateway, simulator: Simulator) -> AsyncIterator[Api]:
    async for api in client_of(second, simulator):
        yield api


async def charge(api: Api, buyer: tuple[str, str], key: str) -> Answer:
    return await api.run(
        "Charge",
        customerId=buyer[0],
        paymentMethodId=buyer[1],
        order=ORDER,
        idempotencyKey=key,
    )


async def buyer_of(api: Api) -> tuple[str, str]:
    customer_id = await api.customer()
    return customer_id, await api.card(customer_id)


@pytest.mark.parametrize("keys", [3, pytest.param(20, marks=pytest.mark.slow)])
async def test_fifty_calls_with_one_key_at_two_gateways_are_one_charge(
    one: Api, two: Api, unique: str, keys: int
) -> None:
    """Some keys one after another, each fifty times at once."""
    buyer = await buyer_of(one)
    for number in range(keys):
        key = f"{unique}-{number}"
        answers = await asyncio.gather(
            *(charge((one, two)[call % 2], buyer, key) for call in range(50))
        )
        payloads = [answer.data["charge"] for answer in answers]
        assert not any(payload["userErrors"] for payload in payloads)
        assert len({payload["charge"]["id"] for payload in payloads}) == 1
        assert [payload["replayed"] for payload in payloads].count(False) == 1
        states = {payload["charge"]["status"] for payload in payloads}
        assert states <= {"CREATED", "PROCESSING", "SUCCEEDED"}
    assert len(await one.simulator.transactions()) == keys
    assert (await one.simulator.calls())[CONFIRM] == keys


async def test_one_intent_at_two_gateways_is_paid_once(one: Api, two: Api, unique: str) -> None:
    """The same button pressed in two tabs, whose requests went to two machines."""
    checkout = await opened(one, unique)
    await one.simulator.fault(CONFIRM, "delay", delayMs=300)
    variables = {"customerId": checkout.customer_id, "paymentMethodId": checkout.card_id}
    answers = await asyncio.gather(
        *(
            (one, two)[number % 2].run("Pay", key=checkout.token, **variables)
            for number in range(20)
        )
    )
    payloads = [answer.data["charge"] for answer in answers]
    assert len({payload["charge"]["id"] for payload in payloads}) == 1
    assert len(await one.simulator.transactions()) == 1


@pytest.mark.slow
async def test_a_gateway_that_slept_before_it_stored_finds_the_others_charge(
    first: Gateway, one: Api, two: Api, unique: str
) -> None:
    """Stopped while it looked for the card; meanwhile the same call went to the other one."""
    buyer = await buyer_of(one)
    listed = (await one.simulator.calls()).get(LIST, 0)
    await one.simulator.fault(LIST, "delay", delayMs=500)
    sleeping = asyncio.create_task(charge(one, buyer, unique))
    await one.simulator.received(LIST, listed + 1)
    first.freeze()
    try:
        awake = (await charge(two, buyer, unique)).data["charge"]
        assert awake["charge"]["status"] == "SUCCEEDED"
    finally:
        first.thaw()
    payload = (await sleeping).data["charge"]
    assert payload["charge"] == awake["charge"]
    assert payload["replayed"] is True
    assert (await one.simulator.calls())[CONFIRM] == 1


@pytest.fixture
async def gate(first: Gateway) -> AsyncIterator[asyncpg.Connection]:
    """Holds every commit of "sent" back, as a slow disk would, until its lock is given up."""
    place = make_url(first.database_url)
    connection = await asyncpg.connect(
        user="postgres", database=place.database, host=place.query["host"]
    )
    await connection.execute(
        """
        CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(7);
            RETURN NEW;
        END $$;
        CREATE TRIGGER gate BEFORE UPDATE ON charges FOR EACH ROW
            WHEN (NEW.status = 'PROCESSING') EXECUTE FUNCTION wait_at_the_gate();
        """
    )
    try:
        yield connection
    finally:
        await connection.execute("SELECT pg_advisory_unlock_all()")
        await connection.execute("DROP TRIGGER gate ON charges; DROP FUNCTION wait_at_the_gate()")
        await connection.close()


async def test_a_gateway_that_slept_before_it_committed_does_not_send(
    first: Gateway, one: Api, two: Api, gate: asyncpg.Connection, unique: str
) -> None:
    """The worst moment: stored, "sent" written and not committed. The database gives the sleeper's
    transaction up, the other gateway sends, and the sleeper wakes."""
    buyer = await buyer_of(one)
    await one.simulator.notifies("off")
    await gate.execute("SELECT pg_advisory_lock(7)")
    sleeping = asyncio.create_task(charge(one, buyer, unique))
    waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with asyncio.timeout(10):
        while (pid := await gate.fetchval(waiting)) is None:
            await a_moment()
    first.freeze()
    try:
        # What idle_in_transaction_session_timeout does after its 15 seconds.
        await gate.execute("SELECT pg_terminate_backend($1)", pid)
        await gate.execute("SELECT pg_advisory_unlock(7)")
        awake = (await charge(two, buyer, unique)).data["charge"]
        assert awake["charge"]["status"] == "SUCCEEDED"
    finally:
        first.thaw()
    late = await sleeping
    assert len(await one.simulator.transactions()) == 1
    assert (await one.simulator.calls())[CONFIRM] == 1
    # It may say that its ledger failed it; it may not say that it charged.
    if late.errors:
        assert late.codes == ["INTERNAL"]
    else:
        assert late.data["charge"]["charge"]["id"] == awake["charge"]["id"]
    lines = await history(two, awake["charge"]["id"])
    assert [line[0] for line in lines] == ["CREATED", "PROCESSING", "SUCCEEDED"]


@pytest.mark.slow
async def test_a_gateway_that_slept_after_it_sent_is_asked_after_and_never_repeated(
    first: Gateway, one: Api, two: Api, unique: str
) -> None:
    buyer = await buyer_of(one)
    await one.simulator.notifies("off")
    await one.simulator.fault(CONFIRM, "delay", delayMs=500)
    sleeping = asyncio.create_task(charge(one, buyer, unique))
    await one.simulator.received(CONFIRM, 1)
    first.freeze()
    try:
        seen = (await charge(two, buyer, unique)).data["charge"]
        assert seen["replayed"] is True
        assert seen["charge"]["status"] == "PROCESSING"
        found = await two.run("Reconcile", id=seen["charge"]["id"])
        assert found.data["reconcileCharge"]["charge"]["status"] == "SUCCEEDED"
    finally:
        first.thaw()
    assert (await sleeping).data["charge"]["charge"]["status"] == "SUCCEEDED"
    assert (await one.simulator.calls())[CONFIRM] == 1


async def test_a_dead_gateways_doubt_is_settled_by_the_other(
    first: Gateway, two: Api, simulator: Simulator, unique: str
) -> None:
    """The third gateway dies with the answer on its way; nobody restarts it."""
    await simulator.notifies("off")
    with another(first) as third:
        async with client(third.url) as http:
            dying = Api(http, simulator)
            buyer = await buyer_of(dying)
            await simulator.fault(CONFIRM, "drop_after")
            lost = (await charge(dying, buyer, unique)).data["charge"]["charge"]
            assert lost["status"] == "UNKNOWN"
        third.kill()
    assert await settled(two, lost["id"]) == "SUCCEEDED"


@pytest.fixture
def new_postgres(postgres: Postgres) -> str:
    """The URL of an empty database."""
    return postgres.new()


@pytest.mark.slow
# Each worker is an interpreter that imports everything anew.
@pytest.mark.timeout(180)
async def test_a_gateway_of_two_workers_serves_and_settles(
    new_postgres: str, settings: dict[str, str], simulator: Simulator, tmp_path: Path, unique: str
) -> None:
    with gateway(tmp_path, settings, new_postgres, workers=2) as serving:
        async for api in client_of(serving, simulator):
            buyer = await buyer_of(api)
            answers = await asyncio.gather(*(charge(api, buyer, unique) for _ in range(20)))
            assert len({answer.data["charge"]["charge"]["id"] for answer in answers}) == 1
            await simulator.notifies("off")
            await simulator.fault(CONFIRM, "drop_after")
            lost = (await charge(api, buyer, f"{unique}-2")).data["charge"]["charge"]
            assert await settled(api, lost["id"]) == "SUCCEEDED"
    assert (await simulator.calls())[CONFIRM] == 2
