"""The socket's protocol: graphql-transport-ws to the letter, and nothing else."""

import asyncio
import itertools
import json
import time
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.api.conftest import MERCHANT, Api
from tests.api.money.checkout import Checkout
from tests.api.money.listening import Socket, Stream, socket


async def refused(end: Socket, message: object) -> int:
    """The code that the socket is closed with after that message."""
    await end.tell(message)
    async with asyncio.timeout(8):
        return await end.closed()


GARBAGE: list[object] = [
    "",
    "x",
    "null",
    "1",
    '"x"',
    "[]",
    "[1]",
    "{}",
    '{"type":1}',
    '{"type":null}',
    '{"type":"unheard-of"}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","id":1,"payload":{"query":"{ viewer { role } }"}}',
    '{"type":"subscribe","id":"1"}',
    '{"type":"subscribe","id":"1","payload":1}',
    '{"type":"subscribe","id":"1","payload":{}}',
    '{"type":"subscribe","id":"1","payload":{"query":1}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{","variables":[]}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{","operationName":1}}',
    '{"type":"complete"}',
    '{"type":"complete","id":[]}',
    "[" * 20_000,
    '{"type":"ping"',
    b"\x00\xff",
    b'{"type":"ping"}',
]


async def test_garbage_ends_the_socket_with_a_reason(api: Api) -> None:
    """4400 and never 1006, before and after the handshake."""
    for message in GARBAGE:
        for greeted in (False, True):
            async with socket(api) as end:
                if greeted:
                    await end.init()
                assert await refused(end, message) == 4400, (message, greeted)


async def test_the_handshake_has_an_order(api: Api) -> None:
    init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {MERCHANT}"}}
    subscribe = {"type": "subscribe", "id": "1", "payload": {"query": "subscription { x }"}}
    async with socket(api) as end:
        assert await refused(end, subscribe) == 4401
    async with socket(api) as end:
        await end.init()
        assert await refused(end, init) == 4429
    async with socket(api) as end:
        assert await refused(end, {"type": "connection_init", "payload": 1}) == 4400


@pytest.mark.parametrize(
    "payload",
    [{}, None, {"Authorization": "Bearer x"}, {"Authorization": 1}, {"Authorization": MERCHANT}],
)
async def test_without_a_credential_there_is_no_socket(
    api: Api, payload: dict[str, Any] | None
) -> None:
    message = {"type": "connection_init"} | ({"payload": payload} if payload is not None else {})
    async with socket(api) as end:
        assert await refused(end, message) == 4403


async def test_who_says_nothing_is_sent_away(api: Api) -> None:
    async with socket(api) as end:
        begun = time.monotonic()
        async with asyncio.timeout(8):
            assert await end.closed() == 4408
        assert time.monotonic() - begun > 4


async def test_an_id_is_used_once_at_a_time(challenged: Checkout) -> None:
    charge = await challenged.paid()
    async with socket(challenged.api) as end:
        await end.init(challenged.token)
        await end.subscribe("1", "ChargeUpdated", id=charge["id"])
        assert (await end.hear())["type"] == "next"
        await end.tell({"type": "complete", "id": "1"})
        await end.subscribe("1", "ChargeUpdated", id=charge["id"])
        assert (await end.hear())["id"] == "1"
        await end.subscribe("1", "ChargeUpdated", id=charge["id"])
        assert await end.closed() == 4409


async def test_a_ping_is_answered(api: Api) -> None:
    async with socket(api) as end:
        await end.tell({"type": "ping"})
        assert (await end.hear())["type"] == "pong"
        await end.tell({"type": "pong"})
        await end.init()


async def test_money_is_not_moved_over_a_socket(checkout: Checkout) -> None:
    api = checkout.api
    charge = (
        f'charge(customerId: "{checkout.customer_id}", paymentMethodId: "{checkout.card_id}")'
        " { replayed }"
    )
    async with socket(api) as end:
        await end.init(checkout.token)
        for query in (f"mutation {{ {charge} }}", "{ viewer { role } }"):
            await end.run("1", query)
            heard = await end.hear()
            assert heard["type"] == "error"
            assert heard["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        # The socket goes on after it.
        for query in ("subscription { nothing }", "subscription {"):
            await end.run("2", query)
            heard = await end.hear()
            assert (heard["type"], heard["id"]) == ("error", "2")
    assert await api.simulator.transactions() == []


@pytest.mark.parametrize(
    "query", ["subscription {", "subscription { nothing }", "{ viewer { role } }", ""]
)
async def test_a_stream_of_nothing_says_why_and_ends(api: Api, query: str) -> None:
    async with (
        asyncio.timeout(5),
        api.http.stream(
            "POST",
            "/graphql",
            json={"query": query},
            headers={"authorization": f"Bearer {MERCHANT}", "accept": "text/event-stream"},
        ) as answer,
    ):
        stream = Stream(answer.aiter_lines())
        (message,) = [message async for message in stream]
    assert message["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in message
    assert stream.completed


async def test_an_eleventh_subscription_is_refused_and_the_ten_go_on(challenged: Checkout) -> None:
    api = challenged.api
    charge = await challenged.paid()
    async with socket(api) as end:
        await end.init(challenged.token)
        for number in range(11):
            await end.subscribe(str(number), "ChargeUpdated", id=charge["id"])
        heard = [await end.hear() for _ in range(11)]
        assert [message["id"] for message in heard if message["type"] == "error"] == ["10"]
        (refusal,) = [message["payload"][0] for message in heard if message["type"] == "error"]
        assert refusal["extensions"]["code"] == "LIMIT_EXCEEDED"
        await api.simulator.buyer_does(challenged.order_no, "success")
        ended: set[str] = set()
        async with asyncio.timeout(10):
            while len(ended) < 10:
                message = await end.hear()
                if message["type"] == "complete":
                    ended.add(message["id"])


async def test_the_older_protocol_is_not_spoken(api: Api) -> None:
    async with socket(api, subprotocols=["graphql-ws"]) as end:
        async with asyncio.timeout(5):
            assert await end.closed() == 4406
        assert end.connection.subprotocol is None
    async with socket(api, subprotocols=None) as end, asyncio.timeout(5):
        assert await end.closed() == 4406


CARDS = """subscription($id: ID!) {
  chargeUpdated(id: $id) { status customer { savedCards { id } } }
}"""


async def test_a_message_shows_the_cards_of_its_own_moment(challenged: Checkout) -> None:
    """What an operation of a socket has read is neither kept for its next message nor for the
    socket's next operation."""
    api = challenged.api
    charge = await challenged.paid()

    async def cards(end: Socket, id: str, status: str) -> set[str]:
        """What the first message of that operation shows that has that status."""
        while True:
            message = await end.hear()
            if message["id"] != id:
                continue
            shown = message["payload"]["data"]["chargeUpdated"]
            if shown["status"] == status:
                return {card["id"] for card in shown["customer"]["savedCards"]}

    async with socket(api) as end:
        await end.init()
        await end.run("1", CARDS, id=charge["id"])
        assert await cards(end, "1", "REQUIRES_ACTION") == {challenged.card_id}
        both = {challenged.card_id, await api.card(challenged.customer_id, "5555555555554444")}
        await end.run("2", CARDS, id=charge["id"])
        assert await cards(end, "2", "REQUIRES_ACTION") == both
        await api.simulator.buyer_does(challenged.order_no, "success")
        assert await cards(end, "1", "SUCCEEDED") == both


async def test_a_strange_page_opens_no_socket(api: Api) -> None:
    for origin in ("https://evil.example", "null", "https://shop.example.evil.example"):
        with pytest.raises(InvalidStatus) as refusal:
            async with socket(api, origin=origin):
                pass
        assert refusal.value.response.status_code == 403, origin


async def test_the_gateways_own_pages_open_a_socket(api: Api) -> None:
    async with socket(api, origin=str(api.http.base_url).rstrip("/")) as end:
        await end.init()


async def test_a_frame_over_64_kib_ends_the_socket(api: Api) -> None:
    async with socket(api) as end:
        await end.init()
        assert await refused(end, "x" * 70_000) == 1009


async def test_a_customer_has_five_sockets_and_another_one_his_own(api: Api) -> None:
    token, again = await api.session("cus_1", "PAY"), await api.session("cus_1", "PAY")
    other = await api.session("cus_2", "PAY")
    async with AsyncExitStack() as open_ones:
        for _ in range(5):
            end = await open_ones.enter_async_context(socket(api))
            await end.init(token)
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {again}"}}
        async with socket(api) as sixth:
            assert await refused(sixth, init) == 4429
        async with socket(api) as end:
            await end.init(other)
        async with socket(api) as end:
            await end.init()
    async with asyncio.timeout(10):
        while True:
            async with socket(api) as end:
                await end.tell(init)
                with suppress(ConnectionClosed):
                    if json.loads(await end.connection.recv())["type"] == "connection_ack":
                        return


async def test_a_flood_of_messages_is_answered_one_by_one(api: Api) -> None:
    async with socket(api) as end:
        await end.init()
        for _ in range(2000):
            await end.tell({"type": "ping"})
        for _ in range(2000):
            assert (await end.hear())["type"] == "pong"


async def asks_on(end: Socket) -> None:
    """Subscribe without end, in long messages that are answered as long."""
    for number in itertools.count():
        await end.run(f"{number}{'x' * 20_000}", "{")


async def test_a_client_that_does_not_read_is_cut_off(api: Api) -> None:
    """Its answers must not pile up in the gateway's memory."""
    async with socket(api) as end:
        await end.init()
        end.connection.transport.pause_reading()
        began = time.monotonic()
        with pytest.raises((ConnectionClosed, ConnectionError)):
            await asyncio.wait_for(asks_on(end), 40)
        assert time.monotonic() - began > 9
