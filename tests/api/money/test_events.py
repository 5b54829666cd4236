"""How a shop's server hears of what became of its charges: in order, and without a gap."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger import Ledger, NewNotification, migrate, prune
from tests.api.conftest import Api, client
from tests.api.money.checkout import Checkout, opened
from tests.api.money.gateways import gateway
from tests.api.money.listening import socket, streamed
from tests.far_side import Simulator


async def events(
    api: Api, order_nos: list[str], after: str | None, count: int, **more: Any
) -> list[dict[str, Any]]:
    """The next `count` events of these orders."""
    found: list[dict[str, Any]] = []
    async with (
        asyncio.timeout(10),
        streamed(api, "Events", after=after, **more) as stream,
    ):
        async for message in stream:
            told = message["data"]["events"]
            if told["charge"] and told["charge"]["orderNo"] in order_nos:
                found.append(told)
            if len(found) == count:
                break
    return found


async def test_events_resume_without_loss_and_without_repeat(api: Api, unique: str) -> None:
    """Read in three parts, with news coming in between."""
    order_nos = [f"{unique}-{number}" for number in range(6)]
    first = await opened(api, order_nos[0])
    await first.paid()
    await api.simulator.delivered(1)
    (one,) = await events(api, order_nos, "0", 1)
    for order_no in order_nos[1:]:
        await (await opened(api, order_no)).paid()
    await api.simulator.delivered(6)
    two = await events(api, order_nos, one["id"], 2)
    three = await events(api, order_nos, two[-1]["id"], 3)
    told = [one, *two, *three]
    assert [event["charge"]["orderNo"] for event in told] == order_nos
    assert [int(event["id"]) for event in told] == sorted({int(event["id"]) for event in told})
    assert {event["type"] for event in told} == {"TRANSACTION_SUCCESS"}
    assert {event["charge"]["status"] for event in told} == {"SUCCEEDED"}


async def test_events_are_chosen_by_type(api: Api, unique: str) -> None:
    paid, declined = await opened(api, unique), await opened(api, f"{unique}-2", "4000000000009995")
    await paid.paid()
    await declined.paid()
    await api.simulator.delivered(2)
    orders = [unique, f"{unique}-2"]
    (told,) = await events(api, orders, "0", 1, types=["TRANSACTION_FAIL"])
    assert told["charge"]["orderNo"] == f"{unique}-2"


async def test_a_stream_of_events_opens_before_there_is_one(api: Api, unique: str) -> None:
    """Without `after` it begins now: at once, and with what comes next."""
    async with (
        asyncio.timeout(10),
        streamed(api, "Events") as stream,
        socket(api) as end,
    ):
        await end.init()
        await end.subscribe("1", "Events")
        await (await opened(api, unique)).paid()
        async for message in stream:
            if message["data"]["events"]["charge"]["orderNo"] == unique:
                break
        while (heard := await end.hear())["payload"]["data"]["events"]["charge"] is None:
            pass
        assert heard["payload"]["data"]["events"]["charge"]["orderNo"] == unique


async def test_an_events_id_is_a_number(api: Api) -> None:
    for after in ("x", "-1", "1e3", "9" * 30):
        async with streamed(api, "Events", after=after) as stream:
            (message,) = [message async for message in stream]
        assert message["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_whoever_resumes_before_what_is_kept_is_told_so(
    new_database: Callable[[], str], settings: dict[str, str], simulator: Simulator, tmp_path: Path
) -> None:
    """An old event was removed: a stream that began after it would leave it out without a word."""
    database_url = await asyncio.to_thread(new_database)
    await migrate(database_url)
    async with Ledger(database_url, now=lambda: datetime(2010, 1, 1, tzinfo=UTC)) as ledger:
        news = NewNotification(
            account="default",
            type="transaction.success",
            order_no="old",
            trade_no="T1",
            status="success",
            fields={},
            body_sha256="0" * 64,
        )
        old = (await ledger.notifications.record(news)).notification.id
        await ledger.notifications.close("default", old)
    removed = await prune(database_url, datetime.now(UTC), timedelta(days=3650), dry=False)
    assert removed["notifications"] == 1
    with gateway(tmp_path, settings, database_url) as serving:
        async with client(serving.url) as http:
            api = Api(http, simulator)
            async with streamed(api, "Events", after=str(old - 1)) as stream:
                (message,) = [message async for message in stream]
            (error,) = message["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert f"resume after {old}" in error["message"]
            async with Ledger(database_url) as ledger:
                late = await ledger.notifications.record(replace(news, trade_no="T2"))
            async with streamed(api, "Events", after=str(old)) as stream:
                async for message in stream:
                    assert message["data"]["events"]["id"] == str(late.notification.id)
                    break


async def test_a_client_session_hears_no_events(checkout: Checkout) -> None:
    async with streamed(checkout.api, "Events", key=checkout.token) as stream:
        (message,) = [message async for message in stream]
    assert message["errors"][0]["extensions"]["code"] == "FORBIDDEN"
