"""Sends webhooks: one owner task, one delivery at a time for each callback address."""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Literal

import httpx
import msgspec

from simulator.book import Account, Book
from simulator.numbers import Numbers
from simulator.records import Order
from simulator.webhooks import WAITS, Delivery, Event, signed_headers

_TIMEOUT_SECONDS = 10.0
_LONGEST_ANSWER = 100

# With `reorder`, every second event is held back this long so that the next one overtakes it.
_OVERTAKING_SECONDS = 0.3


class Manner(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """How events are sent.

    `off`: they never come to be. `hold`: kept until a flush. `duplicate`: copies of each beyond the
    first. `lose`: so many of the next events vanish for good, as if no retry had ever arrived.
    """

    mode: Literal["on", "off", "hold"] = "on"
    duplicate: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    reorder: bool = False
    delay_ms: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)] = 0
    lose: Annotated[int, msgspec.Meta(ge=0)] = 0


class Tally(msgspec.Struct, rename="camel"):
    """What became of the events since the last reset. `failed` counts deliveries, not events."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0
    lost: int = 0


class Outbox:
    """`announce` puts an event in; `run` is the owner task, and ends when it is cancelled.

    `durable` returns once the present state is on disk: nobody hears of a charge before that.
    """

    def __init__(
        self,
        book: Book,
        numbers: Numbers,
        clock: Callable[[], float],
        time_scale: float,
        durable: Callable[[], Awaitable[None]],
    ) -> None:
        self.manner = Manner()
        self.tally = Tally()
        self.changes = 0
        self._book = book
        self._numbers = numbers
        self._clock = clock
        self._time_scale = time_scale
        self._durable = durable
        self._ids = itertools.count(1)
        self._places = itertools.count()
        self._unfinished: dict[int, Delivery] = {}
        self._held: list[Delivery] = []
        self._scheduled: list[tuple[float, int, Delivery]] = []
        self._lanes: dict[str, deque[Delivery]] = {}
        self._overtaken = False
        self._wake = asyncio.Event()

    def announce(self, account: Account, order: Order, event: Event) -> None:
        """Tells the merchant of the event, if it gave a callbackUrl with the order."""
        if not order.callback_url or self.manner.mode == "off":
            return
        if self.manner.lose:
            self.manner.lose -= 1
            self.tally.lost += 1
            return
        due = self._clock() + self.manner.delay_ms / 1000
        if self.manner.reorder:
            self._overtaken = not self._overtaken
            due += _OVERTAKING_SECONDS if self._overtaken else 0
        for _ in range(1 + self.manner.duplicate):
            delivery = Delivery(
                next(self._ids),
                account.gateway_no,
                order.callback_url,
                order.order_no,
                event.type,
                event.body,
                due,
            )
            self._unfinished[delivery.id] = delivery
            if self.manner.mode == "hold":
                self._held.append(delivery)
            else:
                self._schedule(delivery)
        self.changes += 1

    def flush(self) -> int:
        """Sends what is held, the latest first where `reorder` is on; how many that are."""
        held, self._held = self._held, []
        for delivery in reversed(held) if self.manner.reorder else held:
            delivery.due = self._clock()
            self._schedule(delivery)
        return len(held)

    def unfinished(self) -> list[Delivery]:
        return list(self._unfinished.values())

    def held(self) -> int:
        return len(self._held)

    def restore(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            delivery.id = next(self._ids)
            self._unfinished[delivery.id] = delivery
            self._schedule(delivery)

    def reset(self) -> None:
        """Forgets every event; a delivery under way ends without a consequence."""
        self.manner = Manner()
        self.tally = Tally()
        self._overtaken = False
        self._unfinished.clear()
        self._held.clear()
        self._scheduled.clear()
        for lane in self._lanes.values():
            lane.clear()
        self.changes += 1

    async def run(self) -> None:
        async with (
            httpx.AsyncClient(
                trust_env=False, verify=httpx.create_ssl_context(), timeout=_TIMEOUT_SECONDS
            ) as client,
            asyncio.TaskGroup() as senders,
        ):
            while True:
                self._wake.clear()
                for delivery in self._take_due():
                    lane = self._lanes.get(delivery.url)
                    if lane is None:
                        lane = self._lanes[delivery.url] = deque()
                        senders.create_task(self._drain(delivery.url, lane, client))
                    lane.append(delivery)
                try:
                    async with asyncio.timeout(self._seconds_to_next()):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    def _schedule(self, delivery: Delivery) -> None:
        heapq.heappush(self._scheduled, (delivery.due, next(self._places), delivery))
        self._wake.set()

    def _take_due(self) -> list[Delivery]:
        due = []
        while self._scheduled and self._scheduled[0][0] <= self._clock():
            due.append(heapq.heappop(self._scheduled)[2])
        return due

    def _seconds_to_next(self) -> float | None:
        return max(0.0, self._scheduled[0][0] - self._clock()) if self._scheduled else None

    async def _drain(self, url: str, lane: deque[Delivery], client: httpx.AsyncClient) -> None:
        while lane:
            await self._deliver(lane.popleft(), client)
        del self._lanes[url]

    async def _deliver(self, delivery: Delivery, client: httpx.AsyncClient) -> None:
        account = self._book.account(delivery.gateway_no)
        if account is None:
            self._unfinished.pop(delivery.id, None)
            return
        taken = await self._post(account, delivery, client)
        if delivery.id not in self._unfinished:
            return
        self.changes += 1
        delivery.attempts += 1
        if taken:
            self.tally.delivered += 1
            del self._unfinished[delivery.id]
            return
        self.tally.failed += 1
        if delivery.attempts > len(WAITS):
            self.tally.given_up += 1
            del self._unfinished[delivery.id]
            return
        delivery.due = self._clock() + WAITS[delivery.attempts - 1] * self._time_scale
        self._schedule(delivery)

    async def _post(self, account: Account, delivery: Delivery, client: httpx.AsyncClient) -> bool:
        """Whether the receiver took it: HTTP 200 and the text success, in any case."""
        try:
            await self._durable()
            # Each delivery has a time of its own: receivers refuse one older than ten minutes.
            headers = signed_headers(
                account.sign_key,
                account.gateway_no,
                self._numbers.webhook_request_id(),
                self._clock(),
                delivery.body,
            )
            request = client.stream("POST", delivery.url, content=delivery.body, headers=headers)
            async with request as response:
                text = await _beginning(response)
        # Not httpx's own errors alone: httpcore raises AttributeError where a receiver hangs up as it is
        # reached. Whatever goes wrong with one delivery must not end all the others.
        except Exception:  # noqa: BLE001
            return False
        return response.status_code == 200 and text.strip().lower() == b"success"


async def _beginning(response: httpx.Response) -> bytes:
    """Enough of the answer to know it by; one that never ends must not keep the lane."""
    text = b""
    deadline = asyncio.get_running_loop().time() + _TIMEOUT_SECONDS
    async for chunk in response.aiter_bytes():
        text += chunk
        if len(text) > _LONGEST_ANSWER or asyncio.get_running_loop().time() > deadline:
            break
    return text
