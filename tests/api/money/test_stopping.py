"""A gateway that is stopped: it says so, ends what is under way, and leaves nothing in doubt behind."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.api.conftest import Api, client
from tests.api.money.checkout import CHALLENGE, opened, settled
from tests.api.money.gateways import Gateway, gateway
from tests.api.money.listening import Stream, socket, streamed
from tests.far_side import CONFIRM, Simulator
from tests.looking import a_moment

RESTARTED = 1012
PATIENT = {"GATEWAY_DRAIN_SECONDS": "2"}


async def ended(serving: Gateway, seconds: float = 30.0) -> int | None:
    """Wait for the process's end; its exit code."""
    await asyncio.to_thread(serving.process.process.join, seconds)
    return serving.process.process.exitcode


async def rest_of(stream: Stream) -> list[str]:
    return [message["data"]["chargeUpdated"]["status"] async for message in stream]


async def unready(http: httpx.AsyncClient) -> dict[str, str]:
    async with asyncio.timeout(10):
        while (answer := await http.get("/readyz")).status_code == 200:
            await a_moment()
    assert answer.status_code == 503
    told: dict[str, str] = answer.json()
    return told


async def test_a_stopped_gateway_says_so_ends_its_charges_and_closes_its_streams(
    tmp_path: Path,
    settings: Mapping[str, str],
    new_database: Callable[[], str],
    simulator: Simulator,
    unique: str,
) -> None:
    with gateway(tmp_path, {**settings, **PATIENT}, new_database()) as serving:
        async with client(serving.url) as http:
            api = Api(http, simulator)
            waiting = await opened(api, f"{unique[:30]}-w", card=CHALLENGE)
            watched = (await waiting.paid())["id"]
            checkout = await opened(api, unique)
            async with (
                streamed(api, "ChargeUpdated", id=watched) as stream,
                socket(api) as listener,
            ):
                await listener.init()
                await listener.subscribe("1", "ChargeUpdated", id=watched)
                assert (await listener.hear())["type"] == "next"
                await simulator.fault(CONFIRM, "delay", delayMs=4000)
                sent = (await simulator.calls()).get(CONFIRM, 0)
                paying = asyncio.create_task(checkout.paid())
                await simulator.received(CONFIRM, sent + 1)
                serving.process.send_signal(signal.SIGTERM)
                # It goes on answering, so that a balancer can turn away in time.
                assert await unready(http) == {"status": "unavailable", "reason": "stopping"}
                assert (await http.get("/healthz")).status_code == 200
                assert (await api.run("Viewer")).data["viewer"]["role"] == "MERCHANT"
                # The charge under way is answered, the listeners are told to go elsewhere.
                assert (await paying)["status"] == "SUCCEEDED"
                assert await listener.closed() == RESTARTED
                assert await rest_of(stream) == ["REQUIRES_ACTION"]
                assert not stream.completed
        assert await ended(serving) == 0


class Shop:
    """A shop's server that pays again and again with a new key, each by whichever gateway answers."""

    def __init__(self, serving: list[Gateway], simulator: Simulator, unique: str) -> None:
        self.serving = serving
        self.simulator = simulator
        self.unique = unique[:30]
        self.paid: dict[str, str] = {}
        self.stopped = False

    async def run(self, customer_id: str, card_id: str) -> None:
        while not self.stopped:
            order_no = f"{self.unique}-{len(self.paid)}"
            self.paid[order_no] = await self._pay(customer_id, card_id, order_no)

    async def _pay(self, customer_id: str, card_id: str, order_no: str) -> str:
        order = {"amount": {"amount": "1.00", "currency": "USD"}, "orderNo": order_no}
        for turn in range(1000):
            serving = self.serving[turn % len(self.serving)]
            try:
                async with client(serving.url) as http:
                    answer = await Api(http, self.simulator).run(
                        "Charge",
                        customerId=customer_id,
                        paymentMethodId=card_id,
                        order=order,
                        idempotencyKey=order_no,
                    )
            except (httpx.TransportError, ValueError):
                # Gone, or going: the same call at the other one, with the same key.
                continue
            charge = answer.body.get("data") and answer.body["data"]["charge"]["charge"]
            if charge and charge["status"] != "CREATED":
                charge_id: str = charge["id"]
                return charge_id
        raise AssertionError("no gateway answered")


async def test_rolling_restarts_under_load_lose_nothing(
    tmp_path: Path,
    settings: Mapping[str, str],
    new_database: Callable[[], str],
    simulator: Simulator,
    unique: str,
) -> None:
    """Two gateways on one ledger are replaced one after the other while a shop goes on paying."""
    url = new_database()
    with ExitStack() as stack:
        serving = [stack.enter_context(gateway(tmp_path, settings, url)) for _ in range(2)]
        async with client(serving[0].url) as http:
            api = Api(http, simulator)
            customer_id = await api.customer()
            card_id = await api.card(customer_id)
        shop = Shop(serving, simulator, unique)
        shopping = asyncio.create_task(shop.run(customer_id, card_id))
        for place in range(2):
            async with asyncio.timeout(30):
                wanted = len(shop.paid) + 5
                while len(shop.paid) < wanted and not shopping.done():
                    await a_moment()
            serving[place].process.send_signal(signal.SIGTERM)
            assert await ended(serving[place]) == 0
            serving[place] = await asyncio.to_thread(
                stack.enter_context, gateway(tmp_path, settings, url)
            )
        shop.stopped = True
        await shopping
        async with client(serving[0].url) as http:
            api = Api(http, simulator)
            for charge_id in shop.paid.values():
                assert await settled(api, charge_id) == "SUCCEEDED"
    made = [row["orderNo"] for row in await simulator.transactions()]
    assert len(shop.paid) >= 10
    assert sorted(made) == sorted(shop.paid)
