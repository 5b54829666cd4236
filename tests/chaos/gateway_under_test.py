"""The gateway as it is served, in a process that can be told to die at a named point.

Times are scaled down, so that minutes of Asiabill's life fit into seconds. Everything is done from
outside, to the names that production code looks up: nothing there knows of a test.
"""

import os
import random
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec

import gateway.app
from clients.asiabill import Deadlines, Transport
from clients.asiabill.lanes import Lanes
from gateway import log, serving
from gateway.settings import Settings
from ledger import (
    Begun,
    Doubt,
    EventSource,
    Guard,
    Ledger,
    Message,
    NewCharge,
    NewNotification,
    NoAnswer,
    Recorded,
    Refused,
    Reported,
    Sent,
    Settled,
    doubts,
    intents,
    schedule,
    settlement,
)
from ledger import ledger as door
from ledger.notification_ledger import NotificationLedger
from schema import root
from tests.chaos import defects

__all__ = ["Orders", "serve"]


@dataclass(frozen=True, slots=True)
class Orders:
    """What one life of a gateway is told. It dies where a number drawn is below `probability`.

    `sends` is a file that gets a line with the order number before each charge's first byte.
    """

    settings: Mapping[str, str]
    log: Path
    sends: Path
    grace_seconds: float
    defect: str = ""
    crash_point: str = ""
    probability: float = 0.0
    seed: int = 0


def serve(orders: Orders) -> None:
    """Serve until the process ends."""
    output = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        del os.environ[name]
    os.environ.update(orders.settings)
    _scale()
    _Ledger.fuse = _Fuse(orders)
    _Network.record = os.open(orders.sends, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    defects.apply(orders.defect)
    from tests.chaos.preloaded import SCHEMA, TLS

    grace = timedelta(seconds=orders.grace_seconds)
    _replace(
        (gateway.app, "Ledger", partial(_Ledger, grace=grace)),
        (door, "NotificationLedger", _Notifications),
        (gateway.app, "Transport", _transport),
        (gateway.app, "Deadlines", _deadlines),
        (root, "build", lambda **_options: SCHEMA),
        (httpx, "create_ssl_context", lambda: TLS),
        # Who waits for this gateway asks it, and the line of a short life is of no use.
        (serving, "_announce", lambda _url: None),
    )
    log.configure()
    serving.serve(Settings(), workers=1)


class _Fuse:
    def __init__(self, orders: Orders) -> None:
        self._point = orders.crash_point
        self._probability = orders.probability
        self._random = random.Random(orders.seed)

    def passes(self, point: str) -> None:
        if point and point == self._point and self._random.random() < self._probability:
            os.kill(os.getpid(), signal.SIGKILL)


class _Ledger(Ledger):
    fuse: _Fuse

    async def begin_charge(self, new: NewCharge) -> Begun:
        self.fuse.passes("before_begin")
        begun = await super().begin_charge(new)
        self.fuse.passes("after_begin")
        return begun

    async def settle(
        self,
        account: str,
        charge_id: str,
        message: Message,
        *,
        notification: int | None = None,
        guard: Guard | None = None,
    ) -> Settled:
        before, after = _points(message)
        self.fuse.passes(before)
        settled = await super().settle(
            account, charge_id, message, notification=notification, guard=guard
        )
        self.fuse.passes(after)
        return settled

    async def looked(self, doubt: Doubt, message: Message | None = None) -> None:
        self.fuse.passes("in_lookup_before_settle")
        await super().looked(doubt, message)

    async def due_doubts(
        self,
        owner: str,
        limit: int,
        now: datetime | None = None,
        *,
        lease_seconds: float = 3.0,
    ) -> list[Doubt]:
        return await super().due_doubts(owner, limit, now, lease_seconds=lease_seconds)


class _Notifications(NotificationLedger):
    async def record(self, new: NewNotification) -> Recorded:
        _Ledger.fuse.passes("before_webhook_commit")
        recorded = await super().record(new)
        _Ledger.fuse.passes("after_webhook_commit")
        return recorded


def _points(message: Message) -> tuple[str, str]:
    match message:
        case Sent():
            return "before_sent_commit", "after_sent_commit"
        case NoAnswer() | Refused() | Reported(source=EventSource.RESPONSE):
            return "after_answer", "after_settle"
        case Reported(source=EventSource.WEBHOOK):
            return "before_webhook_settle", ""
    return "", ""


class _Network(Lanes):
    """The real network; notes each charge before its first byte."""

    record: int

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/confirmCharge"):
            order_no = msgspec.json.decode(request.content)["orderNo"]

            async def trace(event: str, _info: object) -> None:
                if event == "http11.send_request_headers.started":
                    os.write(self.record, f"{order_no}\n".encode())

            request.extensions = {**request.extensions, "trace": trace}
        return await super().handle_async_request(request)


def _transport(**options: Any) -> Transport:
    transport = Transport(**options, network=_Network(httpx.create_ssl_context()))
    # Only the money is watched; reads go their usual way.
    transport._lean = True
    return transport


def _deadlines(**options: float) -> Deadlines:
    quick = {"read": 1.0, "answer": 1.2, "money_read": 1.0, "money_answer": 1.2}
    return Deadlines(**(quick | options))


def _scale() -> None:
    steps = (0.3, 0.5, 0.8, 1.0, 1.0, 1.0, 1.0)
    _replace(
        (schedule, "STEPS", tuple(timedelta(seconds=step) for step in steps)),
        (settlement, "ANSWER_OVERDUE", timedelta(seconds=3)),
        (doubts, "RETRY", timedelta(seconds=0.5)),
        (intents, "SEND_OVERDUE", timedelta(seconds=2)),
    )


def _replace(*places: tuple[object, str, object]) -> None:
    for owner, name, value in places:
        # A name that is gone must not become a replacement of nothing.
        assert hasattr(owner, name), name
        setattr(owner, name, value)
