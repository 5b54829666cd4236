"""Keys are changed as docs/accounts.md tells it while a shop sells: two gateways on one ledger are
restarted one after the other, each call is made once, and nobody whose key is in force is refused.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.api.conftest import MERCHANT, Answer, Api, client
from tests.api.money.crowd import eventually, figures
from tests.api.money.gateways import Gateway, gateway
from tests.api.money.notification import GATEWAY_NO, SIGN_KEY, event, signed
from tests.conftest import asiabill_at, free_port, running
from tests.far_side import Simulator
from tests.looking import a_moment
from tests.processes import START_SECONDS, program

SECRET = "the secret that signs sessions before the change of secrets"
NEXT_SECRET = "the secret that signs sessions after the change of secrets"
NEXT_SIGN_KEY = "the sign key of next week"
TILLS = 2

pytestmark = pytest.mark.timeout(240)


@dataclass
class Place:
    """One of two gateways as a balancer knows it: the port stays, the process is replaced."""

    port: int = field(default_factory=free_port)
    api: Api | None = None
    serving: Gateway | None = None
    under_way: int = 0


@dataclass
class Service:
    """The two, and the balancer's part: it passes over the one that is to be restarted.

    `forged` counts the notifications that those which have ended did not believe.
    """

    folder: Path
    database_url: str
    simulator: Simulator
    settings: dict[str, str]
    stack: ExitStack
    places: tuple[Place, Place] = field(default_factory=lambda: (Place(), Place()))
    forged: float = 0.0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Api]:
        """The gateway that has least to do, kept from its end meanwhile."""
        least = min(self._open, key=lambda place: place.under_way)
        async with self._kept([least]) as (api,):
            yield api

    @asynccontextmanager
    async def every(self) -> AsyncIterator[list[Api]]:
        """Each that serves."""
        async with self._kept(self._open) as apis:
            yield apis

    async def roll(self, **settings: str) -> None:
        """Restart one after the other, with these settings changed."""
        self.settings |= settings
        for place in self.places:
            await self._stop(place)
            await self._start(place)

    @property
    def _open(self) -> list[Place]:
        return [place for place in self.places if place.api]

    @asynccontextmanager
    async def _kept(self, places: Sequence[Place]) -> AsyncIterator[list[Api]]:
        for place in places:
            place.under_way += 1
        try:
            yield [place.api for place in places if place.api]
        finally:
            for place in places:
                place.under_way -= 1

    async def _start(self, place: Place) -> None:
        begun = gateway(self.folder, self.settings, self.database_url, port=place.port)
        place.serving = await asyncio.to_thread(self.stack.enter_context, begun)
        place.api = Api(client(place.serving.url), self.simulator)

    async def _stop(self, place: Place) -> None:
        api, place.api = place.api, None
        if api is None or place.serving is None:
            return
        await eventually(lambda: place.under_way == 0, "nothing under way")
        await api.http.aclose()
        refused = 'gateway_webhooks_total{outcome="forged",type=""}'
        self.forged += (await figures(place.serving.url)).get(refused, 0.0)
        process = place.serving.process.process
        process.terminate()
        await asyncio.to_thread(process.join, START_SECONDS)
        assert process.exitcode == 0


@dataclass
class Day:
    """A shop that sells until it closes. `key` is what its server holds now."""

    service: Service
    prefix: str
    key: str = MERCHANT
    paid: dict[str, str] = field(default_factory=dict)
    rounds: list[int] = field(default_factory=lambda: [0] * TILLS)
    closed: bool = False

    async def till(self, number: int, customer_id: str, card_id: str) -> None:
        """The shop's server charges and mints a session, with which a page reads at every gateway."""
        while not self.closed:
            order_no = f"{self.prefix}-{number}-{self.rounds[number]}"
            async with self.service.one() as api:
                payload = (await self.pay(api, order_no, customer_id, card_id)).data["charge"]
            assert payload["userErrors"] == []
            assert payload["charge"]["status"] == "SUCCEEDED"
            self.paid[order_no] = payload["charge"]["id"]
            async with self.service.one() as api:
                token = await self.session(api, customer_id)
            async with self.service.every() as apis:
                for api in apis:
                    assert await cards(api, token, customer_id) == 1
            self.rounds[number] += 1
            await a_moment()

    async def pay(self, api: Api, order_no: str, customer_id: str, card_id: str) -> Answer:
        return await api.run(
            "Charge",
            key=self.key,
            customerId=customer_id,
            paymentMethodId=card_id,
            order={"amount": {"amount": "1.00", "currency": "USD"}, "orderNo": order_no},
            idempotencyKey=order_no,
        )

    async def session(self, api: Api, customer_id: str) -> str:
        minted = await api.run("ClientSession", key=self.key, input={"customerId": customer_id})
        token: str = minted.data["createClientSession"]["session"]["token"]
        return token

    async def is_told_of_all(self) -> bool:
        """Each charge was notified of."""
        async with self.service.one() as api:
            found = [
                await api.run("ChargeBy", key=self.key, by={"id": charge_id})
                for charge_id in self.paid.values()
            ]
        return all(each.data["charge"]["upstream"]["webhookCount"] for each in found)

    async def more(self) -> None:
        """Wait until each till has begun and ended a round: what was minted before is used up."""
        wanted = [done + 2 for done in self.rounds]
        await eventually(
            lambda: all(map(int.__ge__, self.rounds, wanted)), "another round at each till"
        )


async def cards(api: Api, token: str, customer_id: str) -> int:
    """How many a page sees with that session."""
    seen = await api.run("SavedCards", key=token, customerId=customer_id)
    return len(seen.data["customer"]["savedCards"])


async def refused(api: Api, credential: str) -> bool:
    """Whether it stands for nobody any more."""
    answer = await api.run("Viewer", key=credential)
    return (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[Simulator]:
    """An Asiabill of one's own, whose key may be changed."""
    begun = running(
        *("simulator", "--port", str(free_port()), "--webhook-time-scale", "0.01"), cwd=tmp_path
    )
    with begun as url:
        async with client(url) as control:
            yield Simulator(control)


@pytest.fixture
async def service(
    far: Simulator, new_database: Callable[[], str], settings: dict[str, str], tmp_path: Path
) -> AsyncIterator[Service]:
    with ExitStack() as stack:
        own = settings | asiabill_at(far.url)
        made = Service(tmp_path, new_database(), far, own, stack)
        try:
            yield made
        finally:
            for place in made.places:
                if place.api is not None:
                    await place.api.http.aclose()


@asynccontextmanager
async def selling(service: Service, prefix: str) -> AsyncIterator[tuple[Day, str]]:
    """A shop with one customer, which sells meanwhile; in the end each order was charged once, and
    Asiabill's notification of each was believed."""
    async with service.one() as api:
        customer_id = await api.customer()
        card_id = await api.card(customer_id)
    day = Day(service, prefix[:30])
    async with asyncio.TaskGroup() as group:
        for number in range(TILLS):
            group.create_task(day.till(number, customer_id, card_id))
        await day.more()
        yield day, customer_id
        await day.more()
        day.closed = True
    made = sorted(row["orderNo"] for row in await service.simulator.transactions())
    assert made == sorted(day.paid)
    assert service.forged == 0
    await eventually(day.is_told_of_all, "a notification of each charge")


async def test_a_server_key_is_changed_while_the_shop_sells(
    service: Service, tmp_path: Path, unique: str
) -> None:
    with program("key", "--name", "shop", cwd=tmp_path, environment={}) as minting:
        new_key, new_line = (minting.line().split()[1] for _ in range(2))
    old_line = service.settings["GATEWAY_MERCHANT_KEYS"]
    await service.roll()
    async with selling(service, unique) as (day, customer_id):
        await service.roll(GATEWAY_MERCHANT_KEYS=f"{old_line},{new_line}")
        async with service.one() as api:
            token = await day.session(api, customer_id)
        day.key = new_key
        await day.more()
        await service.roll(GATEWAY_MERCHANT_KEYS=new_line)
        async with service.every() as apis:
            assert [await refused(api, MERCHANT) for api in apis] == [True, True]
            # What the old key did is the shop's, and stays.
            assert [await cards(api, token, customer_id) for api in apis] == [1, 1]
            order_no, charge_id = next(iter(day.paid.items()))
            found = [await api.run("ChargeBy", key=new_key, by={"id": charge_id}) for api in apis]
            assert [each.data["charge"]["orderNo"] for each in found] == [order_no] * 2


async def test_the_session_secret_is_changed_while_the_shop_sells(
    service: Service, unique: str
) -> None:
    await service.roll(GATEWAY_SESSION_SECRETS=SECRET)
    async with selling(service, unique) as (day, customer_id):
        async with service.one() as api:
            old = await day.session(api, customer_id)
        await service.roll(GATEWAY_SESSION_SECRETS=f"{SECRET},{NEXT_SECRET}")
        await day.more()
        await service.roll(GATEWAY_SESSION_SECRETS=f"{NEXT_SECRET},{SECRET}")
        await day.more()
        async with service.every() as apis:
            new = await day.session(apis[0], customer_id)
            for token in (old, new):
                assert [await cards(api, token, customer_id) for api in apis] == [1, 1]
        await service.roll(GATEWAY_SESSION_SECRETS=NEXT_SECRET)
        async with service.every() as apis:
            assert [await refused(api, old) for api in apis] == [True, True]
            assert [await cards(api, new, customer_id) for api in apis] == [1, 1]


async def test_asiabills_key_is_changed_while_the_shop_sells(
    service: Service, far: Simulator, unique: str
) -> None:
    async def met(api: Api) -> bool:
        """It was refused under the key of before."""
        found = await figures(str(api.http.base_url))
        return any('outcome="refused"' in name and count for name, count in found.items())

    await service.roll()
    async with selling(service, unique) as (day, _):
        await service.roll(
            GATEWAY_ASIABILL_SIGN_KEY=SIGN_KEY, GATEWAY_ASIABILL_SECOND_SIGN_KEY=NEXT_SIGN_KEY
        )
        await far.change_sign_key(GATEWAY_NO, NEXT_SIGN_KEY)
        async with service.every() as apis:
            for api in apis:
                await eventually(partial(met, api), "a call under the old key")
        await day.more()
        await service.roll(
            GATEWAY_ASIABILL_SIGN_KEY=NEXT_SIGN_KEY, GATEWAY_ASIABILL_SECOND_SIGN_KEY=SIGN_KEY
        )
        await day.more()
        await service.roll(GATEWAY_ASIABILL_SECOND_SIGN_KEY="")
        row = await far.trade(next(iter(day.paid)))
        async with service.every() as apis:
            for key, status in ((NEXT_SIGN_KEY, 200), (SIGN_KEY, 401)):
                told = signed(event(row), key=key, request_id=unique[5:])
                assert [(await told.send(api.http)).status_code for api in apis] == [status] * 2
