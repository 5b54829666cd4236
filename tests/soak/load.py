"""Who uses the gateways during a soak, each at a steady pace: readers, buyers, listeners, forgers."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from tests.chaos.plan import Purchase
from tests.chaos.shop import Shop
from tests.far_side import CONFIRM, Simulator

_KEY: Final = {"authorization": "Bearer mk_simulator"}
_PROTOCOL: Final = Subprotocol("graphql-transport-ws")
# One answer in so many is lost on its way: the charge is UNKNOWN until it is looked up.
_LOST: Final = 20

_CARDS: Final = (
    "query SoakCards($id: ID!) { customer(id: $id) { id savedCards { id brand last4 } } }"
)
_MANY: Final = "query SoakMany($ids: [ID!]!) { customersByIds(ids: $ids) { id savedCards { id } } }"
_BOOKS: Final = "query SoakBooks($all: ChargeFilter!) { charges(filter: $all, first: 20) { nodes { id status } } }"
_ALL_DAYS: Final = {"from": "2026-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
_EVENTS: Final = (
    "subscription SoakEvents($after: ID) { events(after: $after) { id type charge { id } } }"
)
_UPDATED: Final = "subscription SoakCharge($id: ID!) { chargeUpdated(id: $id) { id status } }"

_AWAY: Final = (OSError, httpx.HTTPError, WebSocketException, InvalidHandshake, TimeoutError)


@dataclass
class Load:
    """What is asked, of gateways that come and go. `counts` says how often each thing was done, `heard`
    holds the number of every event that the one listener who never leaves was told."""

    urls: Sequence[str]
    shop: Shop
    simulator: Simulator
    customers: Sequence[str]
    purchases: Iterator[Purchase]
    pace: float
    counts: Counter[str] = field(default_factory=Counter)
    bought: list[Purchase] = field(default_factory=list)
    heard: set[int] = field(default_factory=set)
    wrong: Counter[str] = field(default_factory=Counter)
    _random: random.Random = field(default_factory=lambda: random.Random("soak"))
    _charges: list[str] = field(default_factory=list)

    async def flow(self, stop: asyncio.Event) -> None:
        """Until `stop`. What is begun then is finished."""
        async with _client() as http, asyncio.TaskGroup() as everybody:
            for work, many in (
                (self._read, 4),
                (self._buy, 4),
                (self._sit_on_a_socket, 4),
                (self._sit_on_a_stream, 2),
                (self._forge, 1),
            ):
                for _ in range(many):
                    everybody.create_task(self._again(work, http, stop))

    async def follow(self, stop: asyncio.Event) -> None:
        """Hear every event from the first on, whatever becomes of the gateways, until `stop`."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                listening = asyncio.create_task(self._hear())
                await asyncio.wait({listening, stopped}, return_when=asyncio.FIRST_COMPLETED)
                listening.cancel()
                with suppress(asyncio.CancelledError, *_AWAY):
                    await listening
                await asyncio.sleep(0.2)
        finally:
            stopped.cancel()

    async def _again(
        self,
        work: Callable[[httpx.AsyncClient], Awaitable[None]],
        http: httpx.AsyncClient,
        stop: asyncio.Event,
    ) -> None:
        while not stop.is_set():
            try:
                await work(http)
            except _AWAY:
                self.counts["a gateway was away"] += 1
            pause = self.pace * self._random.uniform(0.5, 1.5)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await stop.wait()

    async def _read(self, http: httpx.AsyncClient) -> None:
        draw = self._random
        body: dict[str, Any] = draw.choice(
            (
                {"query": _CARDS, "variables": {"id": draw.choice(self.customers)}},
                {"query": _MANY, "variables": {"ids": list(self.customers)}},
                {"query": _BOOKS, "variables": {"all": _ALL_DAYS}},
            )
        )
        answer = await http.post(f"{self._url()}/graphql", json=body, headers=_KEY)
        told = answer.json()
        if "errors" in told:
            codes = {error["extensions"]["code"] for error in told["errors"]}
            self.wrong.update(f"a read: {code}" for code in codes)
        self.counts["reads"] += 1

    async def _buy(self, _http: httpx.AsyncClient) -> None:
        purchase = next(self.purchases)
        if purchase.number % _LOST == 0:
            await self.simulator.fault(CONFIRM, "drop_after", match=purchase.name)
        self.bought.append(purchase)
        order = await self.shop.buy(purchase)
        if order.charge_id:
            self._charges.append(order.charge_id)
            await order.follow()
        self.counts["purchases"] += 1

    async def _sit_on_a_socket(self, _http: httpx.AsyncClient) -> None:
        """Some leave in good order, some hang up, and some lose their network."""
        async with connect(self._socket(), **_OPTIONS) as socket:
            await _greet(socket)
            for number in range(self._random.randint(1, 3)):
                await socket.send(_subscribe(str(number), _EVENTS))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._random.uniform(0.1, 4.0)):
                    async for message in socket:
                        self.counts["events on sockets"] += json.loads(message)["type"] == "next"
            match self._random.randrange(3):
                case 0:
                    await socket.send(json.dumps({"type": "complete", "id": "0"}))
                case 1:
                    socket.transport.abort()
            self.counts["sockets"] += 1

    async def _sit_on_a_stream(self, http: httpx.AsyncClient) -> None:
        of_charge = self._charges and self._random.random() < 0.5
        body: dict[str, Any] = {"query": _EVENTS}
        if of_charge:
            body = {
                "query": _UPDATED,
                "variables": {"id": self._random.choice(self._charges[-50:])},
            }
        headers = _KEY | {"accept": "text/event-stream"}
        async with http.stream(
            "POST", f"{self._url()}/graphql", json=body, headers=headers
        ) as answer:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._random.uniform(0.1, 4.0)):
                    async for line in answer.aiter_lines():
                        self.counts["events on streams"] += line.startswith("data:")
        self.counts["streams"] += 1

    async def _forge(self, http: httpx.AsyncClient) -> None:
        answer = await http.post(
            f"{self._url()}/webhooks/asiabill",
            content=b'{"type": "transaction.success"}',
            headers={"request-id": "forged", "request-time": "0", "sign-info": "00"},
        )
        if answer.status_code < 400:
            self.wrong["a forged webhook was taken"] += 1
        self.counts["forged webhooks"] += 1

    async def _hear(self) -> None:
        async with connect(self._socket(), **_OPTIONS) as socket:
            await _greet(socket)
            after = str(max(self.heard, default=0))
            await socket.send(_subscribe("all", _EVENTS, after=after))
            async with aclosing(_messages(socket)) as messages:
                async for message in messages:
                    if message["type"] == "next":
                        self.heard.add(int(message["payload"]["data"]["events"]["id"]))

    def _url(self) -> str:
        return self._random.choice(self.urls)

    def _socket(self) -> str:
        return f"{self._url().replace('http', 'ws', 1)}/graphql"


_OPTIONS: Final[dict[str, Any]] = {
    "subprotocols": [_PROTOCOL],
    "proxy": None,
    "open_timeout": 10,
    "close_timeout": 5,
}


async def _greet(socket: Any) -> None:
    payload = {"Authorization": _KEY["authorization"]}
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    async with asyncio.timeout(10):
        await socket.recv()


async def _messages(socket: Any) -> AsyncGenerator[dict[str, Any], None]:
    async for message in socket:
        yield json.loads(message)


def _subscribe(id: str, query: str, **variables: Any) -> str:
    payload = {"query": query, "variables": variables}
    return json.dumps({"type": "subscribe", "id": id, "payload": payload})


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=60, verify=False)
