"""How a page learns what became of a charge: by asking, waiting or listening."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from tests.api.conftest import Api, client
from tests.api.money.checkout import CHALLENGE, Checkout, opened, session, settled, status_of
from tests.api.money.gateways import Gateway, another
from tests.api.money.listening import socket, streamed
from tests.api.money.notification import event, signed
from tests.far_side import CONFIRM, LOOK_UP


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
