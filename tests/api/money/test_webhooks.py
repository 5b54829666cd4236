"""Notifications: believed when Asiabill's, acknowledged when kept, and harmless in any order."""

import asyncio
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy.engine import make_url

from tests.api.conftest import Api
from tests.api.money.checkout import (
    CHALLENGE,
    Checkout,
    alarms,
    history,
    opened,
    settled,
    status_of,
)
from tests.api.money.listening import streamed
from tests.api.money.notification import WEBHOOKS, Delivery, event, hailed, signed, silent
from tests.databases import Postgres
from tests.far_side import CONFIRM
from tests.looking import a_moment
from tests.transcripts import webhooks

PENDING = "4000000000000622"
DECLINED = "4000000000009995"
FORGED = ["wrong_key", "altered_body", "stale", "future", "other_gateway", "no_signature"]


async def webhook_count(api: Api, charge_id: str) -> int:
    found = (await api.run("ChargeBy", by={"id": charge_id})).data["charge"]
    count: int = found["upstream"]["webhookCount"]
    return count


async def deliveries(api: Api, order_no: str) -> dict[str, int]:
    """Deliveries of each kind of event of one order, as `events` counts them."""
    # Events are numbered from 1, so everything comes after 0; a stream is read elsewhere.
    counts: dict[str, int] = {}
    async with streamed(api, "Events", types=None, after="0") as stream:
        async for message in stream:
            found = message["data"]["events"]
            if found["charge"] and found["charge"]["orderNo"] == order_no:
                counts[found["type"]] = found["deliveries"]
                break
    return counts


# The answer is lost and nobody can be asked


@pytest.mark.parametrize(
    ("card", "status"),
    [("4242424242424242", "SUCCEEDED"), (DECLINED, "DECLINED")],
    ids=["success", "fail"],
)
async def test_a_notification_brings_what_the_lost_answer_said(
    api: Api, unique: str, card: str, status: str
) -> None:
    await silent(api.simulator)
    await api.simulator.notifies("hold")
    checkout = await opened(api, unique, card=card)
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    assert charge["status"] == "UNKNOWN"
    assert await api.simulator.flush() == 1
    assert await settled(api, charge["id"]) == status
    lines = await history(api, charge["id"])
    assert (lines[-1][0], lines[-1][1]) == (status, "WEBHOOK")
    assert await webhook_count(api, charge["id"]) == 1


async def test_pending_is_no_end(api: Api, unique: str) -> None:
    """A notification that Asiabill works on it changes nothing; the next one does."""
    await silent(api.simulator)
    checkout = await opened(api, unique, card=PENDING)
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    await api.simulator.delivered(1)
    assert await status_of(api, charge["id"]) == "UNKNOWN"
    await api.simulator.buyer_does(unique, "success")
    assert await settled(api, charge["id"]) == "SUCCEEDED"


async def test_an_unanswered_charge_that_is_pending_is_processing(api: Api, unique: str) -> None:
    checkout = await opened(api, unique, card=PENDING)
    charge = await checkout.paid()
    assert charge["status"] == "PROCESSING"
    await api.simulator.buyer_does(unique, "success")
    assert await settled(api, charge["id"]) == "SUCCEEDED"


# Repeated, overtaken, late and lost


async def test_repeats_are_counted_and_applied_once(api: Api, unique: str) -> None:
    await silent(api.simulator)
    await api.simulator.notifies("on", duplicate=4)
    checkout = await opened(api, unique)
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    await api.simulator.delivered(5)
    assert await settled(api, charge["id"]) == "SUCCEEDED"
    assert await webhook_count(api, charge["id"]) == 1
    assert await deliveries(api, unique) == {"TRANSACTION_SUCCESS": 5}
    changes = [line for line in await history(api, charge["id"]) if line[1] == "WEBHOOK"]
    assert len(changes) == 1


async def test_an_overtaken_notification_moves_nothing_back(api: Api, unique: str) -> None:
    """Success arrives first, and the word that it was pending after it."""
    await silent(api.simulator)
    await api.simulator.notifies("hold", reorder=True)
    checkout = await opened(api, unique, card=CHALLENGE)
    charge = await checkout.paid()
    await api.simulator.buyer_does(unique, "success")
    assert await api.simulator.flush() == 2
    await api.simulator.delivered(2)
    assert await settled(api, charge["id"]) == "SUCCEEDED"
    assert [line[0] for line in await history(api, charge["id"])][-2:] == ["SUCCEEDED"] * 2


async def test_a_late_notification_finds_the_charge_settled(checkout: Checkout) -> None:
    api = checkout.api
    await api.simulator.notifies("hold")
    charge = await checkout.paid()
    assert charge["status"] == "SUCCEEDED"
    await api.simulator.flush()
    await api.simulator.delivered(1)
    assert await status_of(api, charge["id"]) == "SUCCEEDED"
    assert await webhook_count(api, charge["id"]) == 1


async def test_a_lost_notification_is_made_up_for_by_a_look(api: Api, unique: str) -> None:
    await api.simulator.notifies("on", lose=1)
    checkout = await opened(api, unique)
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    assert await settled(api, charge["id"]) == "SUCCEEDED"
    assert (await history(api, charge["id"]))[-1][1] == "LOOKUP"


async def test_a_notification_may_come_before_the_answer(checkout: Checkout) -> None:
    api = checkout.api
    await api.simulator.fault(CONFIRM, "delay", delayMs=1000)
    paying = asyncio.create_task(checkout.pay())
    await api.simulator.delivered(1)
    by = {"orderNo": checkout.order_no}
    early = (await api.run("ChargeBy", by=by)).data["charge"]
    assert early["status"] == "SUCCEEDED"
    assert not paying.done()
    payload = await paying
    assert payload["charge"]["status"] == "SUCCEEDED"
    lines = await history(api, early["id"])
    assert [line[:2] for line in lines] == [
        ("CREATED", "REQUEST"),
        ("PROCESSING", "REQUEST"),
        ("SUCCEEDED", "WEBHOOK"),
        ("SUCCEEDED", "RESPONSE"),
    ]


async def test_after_a_decline_nothing_goes_back(api: Api, unique: str) -> None:
    """A success after the end is shouted about and kept, and the told answer stays what it was."""
    checkout = await opened(api, unique, card=DECLINED)
    charge = await checkout.paid()
    await api.simulator.delivered(1)
    row = await api.simulator.trade(unique)
    for status in ("pending", "fail", "success"):
        answer = await signed(event(row, status)).send(api.http)
        assert (answer.status_code, answer.text) == (200, "success")
        assert await status_of(api, charge["id"]) == "DECLINED"
    assert (await alarms(api))["late_success"] >= 1
    lines = await history(api, charge["id"])
    assert lines[-1][:2] == ("DECLINED", "WEBHOOK")
    # The buyer was charged after all: no further attempt may be made.
    assert (await checkout.pay())["userErrors"][0]["code"] == "INTENT_PAID"


async def test_a_long_order_number_of_digits_is_known_again(api: Api) -> None:
    """One in ten has the check digit of a card, and none of them is one."""
    order_no = "2026112300010"
    assert _luhn(order_no)
    await silent(api.simulator)
    checkout = await opened(api, order_no, card=CHALLENGE)
    before = (await alarms(api)).get("mismatch", 0)
    charge = await checkout.paid()
    await api.simulator.buyer_does(order_no, "success")
    assert await settled(api, charge["id"]) == "SUCCEEDED"
    assert (await alarms(api)).get("mismatch", 0) == before


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (
        sum(map(int, digits[-1::-2])) + sum(value // 10 + value % 10 for value in doubled)
    ) % 10 == 0


# What is not Asiabill's


@pytest.mark.parametrize("variant", FORGED)
async def test_a_forged_notification_is_refused_and_changes_nothing(
    challenged: Checkout, variant: str
) -> None:
    api = challenged.api
    charge = await challenged.paid()
    await api.simulator.delivered(1)
    before = await history(api, charge["id"])
    assert await api.simulator.forge(challenged.order_no, variant) == (401, "forged")
    assert await history(api, charge["id"]) == before
    assert await status_of(api, charge["id"]) == "REQUIRES_ACTION"


def mutations(original: Delivery, count: int, seed: int = 20221103) -> list[Delivery]:
    """Deliveries that differ from a true one in what is signed or how."""
    dice = random.Random(seed)
    made: list[Delivery] = []
    for number in range(count):
        headers, body = dict(original.headers), bytearray(original.body)
        match number % 8:
            case 0 | 1:
                place = dice.randrange(len(body))
                body[place] ^= 1 << dice.randrange(8)
            case 2:
                del body[dice.randrange(len(body)) :]
            case 3:
                body += b" " * dice.randint(1, 5)
            case 4:
                name = dice.choice(["sign-info", "request-id", "request-time"])
                place = dice.randrange(len(headers[name]))
                digit = headers[name][place]
                other = dice.choice([char for char in "0123456789ABCDEF" if char != digit])
                headers[name] = headers[name][:place] + other + headers[name][place + 1 :]
            case 5:
                # The borders of the signed head: a character moves to its neighbour.
                headers["request-id"] += headers["request-time"][:1]
                headers["request-time"] = headers["request-time"][1:]
                if dice.random() < 0.5:
                    headers["version"] = headers["request-time"][-1:] + headers["version"]
                    headers["request-time"] = headers["request-time"][:-1]
            case 6:
                del headers[dice.choice(["sign-info", "request-id", "request-time", "version"])]
            case 7:
                seconds = dice.choice([-1, 1]) * dice.randint(601, 10**6)
                moved = signed(bytes(body), late_seconds=seconds)
                wrong = signed(bytes(body), key="12H4567R")
                foreign = signed(bytes(body), gateway_no="12246001")
                headers = dice.choice([moved, wrong, foreign]).headers
        made.append(Delivery(headers, bytes(body)))
    return made


async def check_hail(api: Api, unique: str, charges: int, forged: int) -> None:
    """Among `forged` false notifications come the true ones of some charges, in any order and twice."""
    await silent(api.simulator)
    await api.simulator.notifies("off")
    ends: dict[str, str] = {}
    true: list[Delivery] = []
    for number in range(charges):
        checkout = await opened(api, f"{unique}-{number}", card=CHALLENGE)
        charge = await checkout.paid()
        row = await api.simulator.trade(checkout.order_no)
        end = ("success", "fail")[number % 2]
        ends[charge["id"]] = {"success": "SUCCEEDED", "fail": "DECLINED"}[end]
        true += [signed(event(row, status)) for status in ("pending", end)] * 2
    before = (await alarms(api)).copy()
    false = [
        lie for one in true[::4] for lie in mutations(one, forged // charges, seed=len(one.body))
    ]
    hail = [(delivery, (200, "success")) for delivery in true]
    hail += [(delivery, (401, "forged")) for delivery in false]
    random.Random(unique).shuffle(hail)
    answers = await hailed(str(api.http.base_url), [delivery for delivery, _ in hail])
    wrong = [
        (answer, delivery)
        for answer, (delivery, due) in zip(answers, hail, strict=True)
        if answer != due
    ]
    assert wrong == []
    for charge_id, status in ends.items():
        assert await status_of(api, charge_id) == status
        assert await webhook_count(api, charge_id) == 2
    assert await alarms(api) == before


async def test_of_500_forged_notifications_none_is_believed_and_every_true_one_is(
    api: Api, unique: str
) -> None:
    await check_hail(api, unique, charges=4, forged=500)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_of_10000_forged_notifications_none_is_believed_and_every_true_one_is(
    api: Api, unique: str
) -> None:
    await check_hail(api, unique, charges=20, forged=10_000)


MALFORMED = [
    b"null",
    b"[]",
    b'"x"',
    b"{}",
    b"\xff\xfe",
    b'{"data":{},"type":"transaction.success"}',
    b'{"data":{"orderNo":""},"type":"transaction.success"}',
    b'{"data":{"orderNo":"x"},"type":""}',
    b'{"data":{"orderNo":"x"}}',
    b'{"data":[],"type":"transaction.success"}',
    b'{"data":{"orderNo":["x"]},"type":"transaction.success"}',
    b'{"data":{"orderNo":"x"},"type":7}',
    b'{"data":{"orderNo":"x"},"type":"transaction.success"',
    b'{"data":{"orderNo":"\\ud800"},"type":"transaction.success"}',
    b'{"data":{"orderNo":"x","n":' + b"9" * 5000 + b'},"type":"transaction.success"}',
    b'{"data":{"orderNo":"x",' + b'"a":{' * 3000 + b"}" * 3000 + b'},"type":"t"}',
    b'{"data":{"orderNo":"x",'
    + b",".join(b'"f%d":"x"' % number for number in range(60))
    + b'},"type":"transaction.success"}',
]


async def test_what_is_signed_and_makes_no_sense_is_refused(api: Api) -> None:
    for body in MALFORMED:
        answer = await signed(body).send(api.http)
        assert (answer.status_code, answer.text) == (400, "malformed"), body[:80]


async def test_odd_text_is_kept_without_harm(api: Api, unique: str) -> None:
    """Strange to us is not malformed: it is kept, acknowledged, and tells nobody anything."""
    row = {"orderNo": unique, "tradeNo": unique, "amount": "1", "currency": "USD"}
    odd: list[dict[str, Any]] = [
        event(row, orderNo="no order of ours"),
        event(row, orderNo="\x00", tradeNo=f"{unique}-1"),
        event(row, orderNo="x" * 5000, tradeNo=f"{unique}-2"),
        event(row, orderInfo="\U0001f600" * 5000, tradeNo=f"{unique}-3"),
        event(row, orderAmount=10.5, tradeNo=f"{unique}-4"),
        event(row, nothing=None, deep={"a": 1}, tradeNo=f"{unique}-5"),
        event(row, tradeNo=f"{unique}-6") | {"type": "refund.unheard-of"},
    ]
    for body in odd:
        answer = await signed(body).send(api.http)
        assert (answer.status_code, answer.text) == (200, "success"), body


async def test_a_body_over_64_kib_is_not_read(api: Api) -> None:
    body = json.dumps({"data": {"orderNo": "x", "remark": "x" * 65536}, "type": "t"}).encode()
    answer = await signed(body).send(api.http)
    assert (answer.status_code, answer.text) == (400, "malformed")


async def test_another_amount_is_recorded_and_believed_by_nobody(challenged: Checkout) -> None:
    """Rightly signed, as a broken upstream would: a person must look, and the charge waits."""
    api = challenged.api
    charge = await challenged.paid()
    await api.simulator.delivered(1)
    before = (await alarms(api)).get("mismatch", 0)
    row = await api.simulator.trade(challenged.order_no)
    assert await api.simulator.forge(challenged.order_no, "wrong_amount") == (200, "success")
    for number, changed in enumerate(
        ({"orderCurrency": "EUR"}, {"orderAmount": ""}, {"orderAmount": "NaN"})
    ):
        body = event(row, **changed, batchNo=str(number))
        assert (await signed(body).send(api.http)).text == "success"
    assert await status_of(api, charge["id"]) == "REQUIRES_ACTION"
    assert (await alarms(api))["mismatch"] == before + 4
    status, source, note = (await history(api, charge["id"]))[-4]
    assert (status, source) == ("REQUIRES_ACTION", "WEBHOOK")
    assert "not ours" in note


async def test_the_right_amount_after_a_wrong_one_is_no_mere_repeat(challenged: Checkout) -> None:
    """Both have the same type, number and status; the wrong one must not have used them up."""
    api = challenged.api
    charge = await challenged.paid()
    await api.simulator.delivered(1)
    await silent(api.simulator)
    row = await api.simulator.trade(challenged.order_no)
    for amount in ("0.01", row["amount"], "0.01"):
        assert (await signed(event(row, orderAmount=amount)).send(api.http)).text == "success"
    assert await status_of(api, charge["id"]) == "SUCCEEDED"
    notes = [line[2] for line in await history(api, charge["id"]) if line[1] == "WEBHOOK"]
    assert ["not ours" in note for note in notes[-3:]] == [True, False, True]


async def test_only_a_post_is_a_notification(api: Api) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert (await api.http.request(method, WEBHOOKS)).status_code == 405


# Kept before acknowledged


@asynccontextmanager
async def unusable(database_url: str, postgres: Callable[[], Postgres]) -> AsyncIterator[None]:
    """A ledger that cannot be written: locked by another, or its server's doors closed."""
    place = make_url(database_url)
    if place.get_backend_name() == "sqlite":
        holder = sqlite3.connect(str(place.database), isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")
            holder.close()
        return
    server, name = postgres(), place.database
    await server.run(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    await server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )
    try:
        yield
    finally:
        await server.run(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


async def test_what_could_not_be_kept_is_not_acknowledged_and_comes_again(
    challenged: Checkout, database_url: str, request: pytest.FixtureRequest
) -> None:
    api = challenged.api
    charge = await challenged.paid()
    await api.simulator.delivered(1)
    await silent(api.simulator)
    row = await api.simulator.trade(challenged.order_no)
    async with unusable(database_url, lambda: request.getfixturevalue("postgres")):
        await api.simulator.buyer_does(challenged.order_no, "success")
        answer = await signed(event(row)).send(api.http)
        assert (answer.status_code, answer.text) == (503, "unavailable")
        async with asyncio.timeout(15):
            while (await api.simulator.notifications())["failed"] < 1:
                await a_moment()
    assert await settled(api, charge["id"]) == "SUCCEEDED"
    assert (await history(api, charge["id"]))[-1][1] == "WEBHOOK"


async def test_asiabill_hears_nothing_of_our_insides(api: Api) -> None:
    """Refusals are one word each, with no trace of code or data."""
    for delivery in (Delivery({}, b""), signed(b"{"), Delivery({"sign-info": "x"}, b"{}")):
        answer: httpx.Response = await delivery.send(api.http)
        assert answer.text in ("forged", "malformed")
        assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("name", webhooks())
async def test_the_notifications_of_the_papers_are_taken(api: Api, name: str) -> None:
    answer = await signed(webhooks()[name]).send(api.http)
    assert (answer.status_code, answer.text) == (200, "success")
