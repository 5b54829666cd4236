"""Two gateways on one PostgreSQL behind nginx, by `ops/nginx.conf`: what a shop's clients see of it when
one of them is killed, and when both are replaced."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import Api, client
from tests.api.money.balancer import balancer, nginx
from tests.api.money.checkout import CHALLENGE, opened, settled, status_of
from tests.api.money.crowd import SECONDS, Listener, Tills, eventually, figures
from tests.api.money.gateways import Gateway, gateway
from tests.conftest import free_port
from tests.databases import Postgres
from tests.far_side import CONFIRM, Simulator

TILLS = 6
WAYS = ("sse", "socket")

pytestmark = pytest.mark.timeout(240)


# By which a slow client takes a worker's place: nothing, half a head, half a body.
SLOW = (
    b"",
    b"POST /graphql HTTP/1.1\r\nhost: shop\r\n",
    b"POST /graphql HTTP/1.1\r\nhost: shop\r\ncontent-length: 900\r\n\r\n{",
)


@dataclass
class House:
    """The two gateways, each on a port of its own, and the address that clients know."""

    folder: Path
    settings: dict[str, str]
    database_url: str
    ports: list[int]
    stack: ExitStack
    url: str = ""
    gateways: dict[int, Gateway] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    async def start(self, place: int) -> None:
        """Start the gateway of that place; the one before it has ended."""
        begun = gateway(self.folder, self.settings, self.database_url, port=self.ports[place])
        self.gateways[place] = await asyncio.to_thread(self.stack.enter_context, begun)

    async def stop(self, place: int) -> None:
        """End it in order."""
        process = self.gateways[place].process
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.process.join, SECONDS)
        assert process.process.exitcode == 0


@pytest.fixture
def house(postgres: Postgres, settings: dict[str, str], tmp_path: Path) -> Iterator[House]:
    nginx()
    with ExitStack() as stack:
        ports = [free_port(), free_port()]
        made = House(tmp_path, {}, postgres.new(), ports, stack)
        made.url = stack.enter_context(balancer(tmp_path, made.addresses))
        made.settings = settings | {
            "GATEWAY_PUBLIC_URL": made.url,
            "GATEWAY_TRUSTED_PROXIES": "127.0.0.1",
            "GATEWAY_LIMIT_ADDRESS_ATTEMPTS": "2/1h",
            # Longer than nginx passes a gateway over.
            "GATEWAY_DRAIN_SECONDS": "4",
        }
        yield made
        for serving in made.gateways.values():
            # Not in order, which takes as long as their drain.
            serving.kill()


@pytest.fixture
async def balanced(house: House, simulator: Simulator) -> AsyncIterator[Api]:
    """A client that knows the balancer alone."""
    await asyncio.gather(*(house.start(place) for place in range(2)))
    async with client(house.url) as http:
        yield Api(http, simulator)


async def listened_at_both(
    house: House, api: Api, charge_id: str, group: asyncio.TaskGroup
) -> list[tuple[Listener, asyncio.Task[None]]]:
    """Open subscriptions of both kinds until each gateway has one of each."""
    opened: list[tuple[Listener, asyncio.Task[None]]] = []

    async def lacks(way: str) -> bool:
        name = f'gateway_subscribers{{way="{way}"}}'
        return not all([(await figures(url)).get(name) for url in house.addresses])

    for way in WAYS:
        while await lacks(way):
            assert len(opened) < 40, f"one gateway gets no {way}"
            listener = Listener(api)
            listen = listener.status_by_stream if way == "sse" else listener.status_by_socket
            task = group.create_task(listen(charge_id))
            await eventually(listener.listening.is_set, f"a subscription by {way}")
            opened.append((listener, task))
    return opened


async def busy(url: str) -> bool:
    """It answers something else than subscriptions."""
    found = await figures(url)
    streams = sum(found.get(f'gateway_subscribers{{way="{way}"}}', 0.0) for way in WAYS)
    return found["gateway_operations_in_flight"] > streams


@dataclass
class Day:
    """A shop's day: tills, a buyer who is at the bank, and all who listen."""

    house: House
    api: Api
    tills: Tills
    watched: str
    events: Listener
    watchers: list[tuple[Listener, asyncio.Task[None]]] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)

    @property
    def moves(self) -> int:
        """How often a listener had to come back."""
        return self.events.lost + sum(listener.lost for listener, _ in self.watchers)


@asynccontextmanager
async def day(house: House, api: Api, unique: str) -> AsyncIterator[Day]:
    """Open the shop; at its end nothing is lost, nothing is paid twice, and everybody knows it."""
    customer_id = await api.customer()
    tills = Tills(api, (customer_id, await api.card(customer_id)), unique[:30])
    waiting = await opened(api, f"{unique[:30]}-w", card=CHALLENGE)
    watched = (await waiting.paid())["id"]
    events = Listener(api)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(events.events("0"))
        running = [group.create_task(tills.run()) for _ in range(TILLS)]
        today = Day(house, api, tills, watched, events)
        today.watchers = await listened_at_both(house, api, watched, group)
        tills.open.set()
        await tills.more(2 * TILLS)
        yield today
        await tills.more(2 * TILLS)
        tills.closed = True
        await asyncio.wait_for(asyncio.gather(*running), 2 * SECONDS)
        # The buyer comes back from the bank: whoever listened hears it, wherever they listen now.
        await api.simulator.buyer_does(waiting.order_no, "success")
        for listener, task in today.watchers:
            await asyncio.wait_for(task, SECONDS)
            states = [told["status"] for told in listener.heard]
            assert (states[0], states[-1]) == ("REQUIRES_ACTION", "SUCCEEDED")
        made = sorted(row["orderNo"] for row in await api.simulator.transactions())
        for order_no, charge_id in tills.paid.items():
            if order_no in made:
                assert await settled(api, charge_id, SECONDS) == "SUCCEEDED"
            else:
                # Its gateway died before it sent what it had written down: that is asked after for a
                # day, and sent by nobody.
                assert await status_of(api, charge_id) in {"PROCESSING", "UNKNOWN"}
                today.unsent.append(order_no)
        assert made == sorted({*tills.paid, waiting.order_no} - {*today.unsent})
        await eventually(lambda: made == sorted(succeeded(events)), "an event of each charge")
        following.cancel()
    # And nobody has sent anything again meanwhile.
    assert made == sorted(row["orderNo"] for row in await api.simulator.transactions())
    ids = [int(told["id"]) for told in events.heard]
    assert ids == sorted(set(ids))


def succeeded(events: Listener) -> list[str]:
    """The orders of which the shop's server was told that they are paid."""
    return [
        told["charge"]["orderNo"] for told in events.heard if told["type"] == "TRANSACTION_SUCCESS"
    ]


async def test_a_killed_gateway_loses_no_charge_and_its_listeners_move(
    house: House, balanced: Api, unique: str
) -> None:
    async with day(house, balanced, unique) as today:
        # All tills rest but for one, whose charge is made and whose answer never comes.
        tills = today.tills
        tills.open.clear()
        idle = [True, True]

        async def at_rest() -> bool:
            return [await busy(url) for url in house.addresses] == [False, False]

        await eventually(at_rest, "nothing under way")
        cut = f"{unique[:30]}-cut"
        await balanced.simulator.fault(CONFIRM, "hang_after", match=cut)
        hanging = asyncio.create_task(tills.pay(cut))

        async def found() -> bool:
            idle[:] = [not await busy(url) for url in house.addresses]
            return not all(idle)

        await eventually(found, "the gateway that waits for the answer")
        tills.open.set()
        await tills.more(TILLS)
        victim = idle.index(False)
        assert not hanging.done()
        house.gateways[victim].kill()
        await hanging
        await tills.more(2 * TILLS)
        assert tills.met["502 INTERNAL"] >= 1, tills.met
        await house.start(victim)
    assert len(today.unsent) <= TILLS
    assert today.moves >= len(WAYS)


async def test_rolling_restarts_behind_the_balancer_lose_nothing(
    house: House, balanced: Api, unique: str
) -> None:
    async with day(house, balanced, unique) as today:
        for place in range(2):
            await house.stop(place)
            await today.tills.more(TILLS)
            await house.start(place)
            await today.tills.more(TILLS)
    assert today.unsent == []
    # Whoever listened was sent away in order, and came back.
    assert today.moves >= 2 * len(WAYS)


async def sent_away(house: House, beginning: bytes) -> None:
    """Say so much and no more, until the connection is closed."""
    parts = urlsplit(house.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(beginning)
        async with asyncio.timeout(SECONDS):
            with suppress(ConnectionError):
                while await reader.read(4096):
                    pass
    finally:
        writer.close()


async def test_a_slow_client_never_reaches_a_gateway(house: House) -> None:
    """The gateways' places are taken by one who listens and counts who comes."""
    visits = 0

    def visited(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        writer.close()

    async with await asyncio.start_server(visited, "127.0.0.1", house.ports[0]):
        await asyncio.gather(*(sent_away(house, beginning) for beginning in SLOW))
        assert visits == 0
        async with client(house.url) as http:
            await http.get("/healthz")
        assert visits >= 1


async def test_nobody_there_is_an_error_that_may_be_tried_again(
    house: House, simulator: Simulator
) -> None:
    async with client(house.url) as http:
        answer = await Api(http, simulator).run("Viewer")
    assert answer.status == 502
    assert answer.codes == ["INTERNAL"]
    extensions = answer.errors[0]["extensions"]
    assert extensions["retryable"] is True
    assert extensions["requestId"] == answer.headers["x-request-id"]


async def test_limits_and_what_is_not_for_strangers(house: House, balanced: Api) -> None:
    http = balanced.http
    assert (await http.get("/metrics")).status_code == 404
    assert (await http.get("/readyz")).json() == {"status": "ok"}
    # Too long by a little is told in GraphQL's form; what is far too long, no gateway sees.
    told = await balanced.query("#" * 100_000)
    assert (told.status, told.codes) == (413, ["BAD_USER_INPUT"])
    assert (await http.post("/graphql", content=b"x" * 300_000)).status_code == 413

    def refused() -> list[bool]:
        """Whether a gateway saw it, for each that was too long; by the log, which has whole lines."""
        log = (house.folder / "nginx.log").read_text().rpartition("\n")[0]
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        return [line["gateway"] != "" for line in lines if line["status"] == 413]

    # A line is written after the answer has gone.
    await eventually(lambda: len(refused()) >= 2, "both are in the log")
    assert refused() == [True, False]


@pytest.mark.parametrize("way", ["behind the balancer", "past it"])
async def test_an_address_is_what_the_balancer_saw(
    house: House, balanced: Api, unique: str, way: str
) -> None:
    """A buyer claims an address, whose attempts are limited to two. nginx says where it really comes from."""
    ends = []
    async with client(house.url if way == "behind the balancer" else house.addresses[0]) as http:
        http.headers["x-forwarded-for"] = "8.8.8.8"
        for number in range(3):
            checkout = await opened(Api(http, balanced.simulator), f"{unique[:30]}-{number}")
            errors = (await checkout.pay())["userErrors"]
            ends.append(errors[0]["code"] if errors else "paid")
    last = "paid" if way == "behind the balancer" else "RATE_LIMITED"
    assert ends == ["paid", "paid", last]
