"""Those who use several gateways through one address: tills that pay, and listeners that come back."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import InvalidStatus, WebSocketException

from tests.api.conftest import MERCHANT, Answer, Api
from tests.api.money.listening import Stream, document, socket

# Generous: a loaded machine takes ten times what an idle one does.
SECONDS = 60.0


async def eventually(condition: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    """Wait for that. Fails the test, by that name, where it does not come."""
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                found = condition()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"it did not come to this: {what}") from None


@dataclass
class Tills:
    """Pay order after order, each with a key of its own, which alone is repeated until it is answered.

    `paid` are the charges by order number, `met` what stood in the way, all of it retryable.
    """

    api: Api
    buyer: tuple[str, str]
    prefix: str
    paid: dict[str, str] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False
    _begun: int = 0

    async def run(self) -> None:
        """One till, until all are closed."""
        while not self.closed:
            await self.open.wait()
            self._begun += 1
            await self.pay(f"{self.prefix}-{self._begun}")

    async def pay(self, order_no: str) -> None:
        """Pay that order, however many calls it takes."""
        async with asyncio.timeout(2 * SECONDS):
            while not self._has_paid(order_no, await self._call(order_no)):
                await asyncio.sleep(0.02)

    async def more(self, count: int) -> None:
        """Wait until that many orders more are paid."""
        wanted = len(self.paid) + count
        await eventually(lambda: len(self.paid) >= wanted, f"{wanted} paid orders")

    async def _call(self, order_no: str) -> Answer:
        customer_id, card_id = self.buyer
        return await self.api.run(
            "Charge",
            customerId=customer_id,
            paymentMethodId=card_id,
            order={"amount": {"amount": "1.00", "currency": "USD"}, "orderNo": order_no},
            idempotencyKey=order_no,
        )

    def _has_paid(self, order_no: str, answer: Answer) -> bool:
        if answer.errors:
            assert all(error["extensions"]["retryable"] for error in answer.errors), answer
            self.met[f"{answer.status} {answer.codes[0]}"] += 1
            return False
        payload = answer.body["data"]["charge"]
        if payload["userErrors"]:
            (error,) = payload["userErrors"]
            # Nothing was sent, by the words of docs/errors.md.
            assert error["code"] == "UPSTREAM_UNAVAILABLE", payload
            self.met[error["code"]] += 1
            return False
        if payload["charge"]["status"] == "CREATED":
            self.met["CREATED"] += 1
            return False
        self.paid[order_no] = payload["charge"]["id"]
        return True


@dataclass
class Listener:
    """One subscription that connects again until the server says that it is complete.

    `heard` is what it was told, `lost` how often it had to come back.
    """

    api: Api
    heard: list[dict[str, Any]] = field(default_factory=list)
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    lost: int = 0

    async def status_by_stream(self, charge_id: str) -> None:
        """`chargeUpdated` as server-sent events."""
        while not await self._streamed("ChargeUpdated", id=charge_id):
            self.lost += 1

    async def status_by_socket(self, charge_id: str) -> None:
        """`chargeUpdated` on a WebSocket."""
        while not await self._on_socket("ChargeUpdated", id=charge_id):
            self.lost += 1

    async def events(self, after: str) -> None:
        """`events`, from where the last connection ended; it has no end of its own."""
        while True:
            await self._streamed("Events", after=self.heard[-1]["id"] if self.heard else after)
            self.lost += 1

    async def _streamed(self, name: str, **variables: Any) -> bool:
        with suppress(httpx.TransportError):
            async with self.api.http.stream(
                "POST",
                "/graphql",
                json={"query": document(name), "variables": variables},
                headers={"authorization": f"Bearer {MERCHANT}", "accept": "text/event-stream"},
                timeout=httpx.Timeout(SECONDS),
            ) as answer:
                if answer.status_code == 200:
                    # The stream opens before there is anything to tell.
                    self.listening.set()
                    stream = Stream(answer.aiter_lines())
                    async for message in stream:
                        self._hear(message)
                    return stream.completed
                problem = json.loads(await answer.aread())["errors"][0]
                assert problem["extensions"]["retryable"], problem
        await asyncio.sleep(0.02)
        return False

    async def _on_socket(self, name: str, **variables: Any) -> bool:
        try:
            async with socket(self.api, open_timeout=SECONDS) as end:
                await end.init()
                await end.subscribe("1", name, **variables)
                async for text in end.connection:
                    message = json.loads(text)
                    if message["type"] == "complete":
                        return True
                    if message["type"] == "next":
                        self.listening.set()
                        self._hear(message["payload"])
        except InvalidStatus as refused:
            if refused.response.status_code != 502:
                raise
        except (OSError, WebSocketException):
            pass
        await asyncio.sleep(0.02)
        return False

    def _hear(self, message: dict[str, Any]) -> None:
        (told,) = message["data"].values()
        self.heard.append(told)


async def figures(url: str) -> dict[str, float]:
    """One gateway's own count of what it is doing, by the names of its metrics."""
    found: dict[str, float] = {}
    async with httpx.AsyncClient(trust_env=False, timeout=SECONDS, verify=False) as http:
        for line in (await http.get(f"{url}/metrics")).text.splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
    return found
