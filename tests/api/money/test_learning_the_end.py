"""How a page and a shop's server learn what became of a charge: by asking, waiting or listening."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger import Ledger, NewNotification, migrate, prune
from tests.api.conftest import Api, client
from tests.api.money.checkout import CHALLENGE, Checkout, opened, session, settled, status_of
from tests.api.money.gateways import Gateway, another, gateway
from tests.api.money.listening import socket, streamed
from tests.api.money.notification import event, signed
from tests.far_side import CONFIRM, LOOK_UP, Simulator


async def waited(api: Api, charge_id: str, key: str, seconds: int) -> tuple[str, float]:
    """The status that a held query gives, and how long it was held."""
    begun = time.monotonic()
    by = {"id": charge_id}
    answer = await api.run("WaitForCharge", key=key, by=by, waitSeconds=seconds)
    status: str = answer.data["charge"]["status"]
    return status, time.monotonic() - begun


# Waiting with a query


async def test_a_held_query_comes_back_as_soon_as_the_charge_changes(challenged: Checkout) -> None:
    api = challenged.api
    charge = await challenged.paid()
    waiting = asyncio.create_task(waited(api, charge["id"], challenged.token, 20))
    # The other query shows that the first one is held, and that it holds nobody else up.
    status, held = await waited(api, charge["id"], challenged.token, 1)
    assert status == "REQUIRES_ACTION"
    assert 0.9 <= held < 3
    assert not waiting.done()
    await api.simulator.buyer_does(challenged.order_no, "success")
    status, held = await waiting
    assert status == "SUCCEEDED"
    assert held < 5


async def test_a_final_charge_is_not_waited_for(checkout: Checkout) -> None:
    charge = await checkout.paid()
    status, held = await waited(checkout.api, charge["id"], checkout.token, 20)
    assert status == "SUCCEEDED"
    assert held < 2


async def test_a_wait_has_bounds(checkout: Checkout) -> None:
    charge = await checkout.paid()
    for seconds in (-1, 26, 2**31 - 1):
        answer = await checkout.api.run(
            "WaitForCharge", by={"id": charge["id"]}, waitSeconds=seconds
        )
        assert answer.codes == ["BAD_USER_INPUT"]


async def test_after_losing_the_network_the_same_button_shows_the_charge(
    checkout: Checkout,
) -> None:
    """The phone lost its network in the middle of paying, and knows no charge id."""
    api = checkout.api
    await api.simulator.fault(CONFIRM, "delay", delayMs=800)
    async with httpx.AsyncClient(
        base_url=api.http.base_url, trust_env=False, verify=False
    ) as phone:
        losing = asyncio.create_task(
            Checkout(
                Api(phone, api.simulator),
                checkout.customer_id,
                checkout.card_id,
                checkout.intent_id,
                checkout.order_no,
                checkout.token,
            ).pay()
        )
        await api.simulator.received(CONFIRM, 1)
        losing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await losing
    again = await checkout.pay()
    assert again["replayed"] or again["userErrors"][0]["code"] == "INTENT_PAID"
    assert await settled(api, again["charge"]["id"]) == "SUCCEEDED"
    assert (await api.simulator.calls())[CONFIRM] == 1
    # Or without the button: the token names the intent, and the intent its charges.
    seen = (await api.run("Intent", key=checkout.token, id=checkout.intent_id)).data
    assert seen["paymentIntent"]["status"] == "PAID"
    assert [one["id"] for one in seen["paymentIntent"]["charges"]] == [again["charge"]["id"]]


# Subscriptions


class Heard(list[str]):
    """The states that a listener was told, and whether it was told one yet."""

    def __init__(self) -> None:
        super().__init__()
        self.first = asyncio.Event()

    def append(self, state: str) -> None:
        super().append(state)
        self.first.set()


async def over_sse(api: Api, charge_id: str, key: str, heard: Heard | None = None) -> list[str]:
    states = Heard() if heard is None else heard
    async with streamed(api, "ChargeUpdated", key=key, id=charge_id) as stream:
        async for message in stream:
            states.append(message["data"]["chargeUpdated"]["status"])
        assert stream.completed
    return states


async def over_socket(api: Api, charge_id: str, key: str, heard: Heard | None = None) -> list[str]:
    states = Heard() if heard is None else heard
    async with socket(api) as end:
        await end.init(key)
        await end.subscribe("1", "ChargeUpdated", id=charge_id)
        while (message := await end.hear())["type"] == "next":
            states.append(message["payload"]["data"]["chargeUpdated"]["status"])
        assert message == {"id": "1", "type": "complete"}
    return states


async def listening(listen: Any, api: Api, charge_id: str, key: str) -> asyncio.Task[list[str]]:
    """A listener that has heard the present."""
    heard = Heard()
    task = asyncio.create_task(listen(api, charge_id, key, heard))
    async with asyncio.timeout(10):
        await heard.first.wait()
    return task


@pytest.mark.parametrize("listen", [over_sse, over_socket])
async def test_a_subscription_begins_with_the_present_and_ends_with_the_end(
    challenged: Checkout, listen: Any
) -> None:
    api = challenged.api
    charge = await challenged.paid()
    listener = await listening(listen, api, charge["id"], challenged.token)
    await api.simulator.buyer_does(challenged.order_no, "success")
    async with asyncio.timeout(10):
        states = await listener
    assert (states[0], states[-1]) == ("REQUIRES_ACTION", "SUCCEEDED")
    assert set(states) == {"REQUIRES_ACTION", "SUCCEEDED"}
    # What a page does that lost its connection and comes back when all is over.
    assert await listen(api, charge["id"], challenged.token) == ["SUCCEEDED"]


async def test_a_strangers_charge_is_an_unknown_one(challenged: Checkout) -> None:
    api = challenged.api
    charge = await challenged.paid()
    stranger = await session(api, await api.customer())
    told = []
    for charge_id in (charge["id"], "ch_" + "0" * 32):
        async with streamed(api, "ChargeUpdated", key=stranger, id=charge_id) as stream:
            (message,) = [message async for message in stream]
        async with socket(api) as end:
            await end.init(stranger)
            await end.subscribe("1", "ChargeUpdated", id=charge_id)
            heard = await end.hear()
        told.append((without_request(message), without_request(heard)))
    assert told[0] == told[1]
    assert "no such charge" in str(told[0])


def without_request(value: Any) -> Any:
    """The message without what differs between any two requests."""
    if isinstance(value, dict):
        return {name: without_request(part) for name, part in value.items() if name != "requestId"}
    return [without_request(part) for part in value] if isinstance(value, list) else value


async def test_another_gateways_news_wakes_the_listener(
    own_gateway: Gateway, own_api: Api, unique: str
) -> None:
    """The buyer's socket is at one gateway, Asiabill's notification goes to the other."""
    api = own_api
    await api.simulator.notifies("off")
    checkout = await opened(api, unique, card=CHALLENGE)
    charge = await checkout.paid()
    with another(own_gateway) as second:
        async with client(second.url) as http:
            other = Api(http, api.simulator)
            listeners = [
                await listening(listen, other, charge["id"], checkout.token)
                for listen in (over_sse, over_socket)
            ]
            waiting = asyncio.create_task(waited(other, charge["id"], checkout.token, 20))
            row = await api.simulator.trade(unique)
            # Signed anew and sent to the first gateway, which alone is told.
            assert (await signed(event(row)).send(api.http)).text == "success"
            async with asyncio.timeout(5):
                for states in await asyncio.gather(*listeners):
                    assert (states[0], states[-1]) == ("REQUIRES_ACTION", "SUCCEEDED")
                assert (await waiting)[0] == "SUCCEEDED"


async def expiring(checkout: Checkout) -> str:
    """A token that is good for two seconds, at most."""
    return await checkout.session(ttlSeconds=2)


async def test_a_socket_ends_with_its_token(challenged: Checkout) -> None:
    charge = await challenged.paid()
    token = await expiring(challenged)
    async with socket(challenged.api) as end:
        await end.init(token)
        await end.subscribe("1", "ChargeUpdated", id=charge["id"])
        assert (await end.hear())["type"] == "next"
        async with asyncio.timeout(7):
            assert await end.closed() == 4403
    async with socket(challenged.api) as end:
        payload = {"Authorization": f"Bearer {token}"}
        await end.tell({"type": "connection_init", "payload": payload})
        assert await end.closed() == 4403


async def test_a_stream_ends_with_its_token(challenged: Checkout) -> None:
    charge = await challenged.paid()
    token = await expiring(challenged)
    async with asyncio.timeout(7):
        assert await over_sse(challenged.api, charge["id"], token) == ["REQUIRES_ACTION"]
    assert await status_of(challenged.api, charge["id"]) == "REQUIRES_ACTION"


# The shop's server


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


async def test_listeners_cost_asiabill_nothing(challenged: Checkout) -> None:
    """Eight listeners wait without a single question to Asiabill."""
    api = challenged.api
    charge = await challenged.paid()
    asked = (await api.simulator.calls()).get(LOOK_UP, 0)
    listeners = [await listening(over_sse, api, charge["id"], challenged.token) for _ in range(8)]
    await api.simulator.buyer_does(challenged.order_no, "success")
    for states in await asyncio.gather(*listeners):
        assert states[-1] == "SUCCEEDED"
    assert (await api.simulator.calls()).get(LOOK_UP, 0) - asked <= 2
