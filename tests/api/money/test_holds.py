"""Where the account pre-authorises: money is held, and then taken or let go of, once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.asiabill import (
    Asiabill,
    AuthorizeRequest,
    AuthType,
    Credentials,
    Endpoints,
    Transport,
)
from tests.api.conftest import MERCHANT, OPS, Api, client
from tests.api.money.checkout import CHALLENGE, alarms, history, status_of
from tests.api.money.conftest import KEYS
from tests.api.money.listening import streamed
from tests.api.money.notification import GATEWAY_NO, SIGN_KEY, event, signed
from tests.api.money.paid import Paid, paid
from tests.api.test_upstream_calls import promised
from tests.conftest import asiabill_at, free_port, running
from tests.far_side import CONFIRM, LOOK_UP, Simulator, caused
from tests.looking import a_moment

END = "POST /AuthorizeInterface"
ENDS = [("CaptureCharge", "SUCCEEDED"), ("VoidCharge", "VOIDED")]


@pytest.fixture(scope="module")
def holding_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An Asiabill whose account holds the money of cards."""
    scaled = ("--webhook-time-scale", "0.01", "--pre-authorize")
    folder = tmp_path_factory.mktemp("holding")
    with running("simulator", "--port", str(free_port()), *scaled, cwd=folder) as url:
        yield url


@pytest.fixture(scope="module")
def holds_url(holding_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway that was told so."""
    settings = asiabill_at(holding_url) | {
        "GATEWAY_MERCHANT_KEYS": KEYS,
        "GATEWAY_ASIABILL_PRE_AUTHORIZES": "true",
        # The simulator has it under both.
        "GATEWAY_ASIABILL_AUTHORIZE_API": "open",
    }
    folder: Path = tmp_path_factory.mktemp("holds")
    with running("serve", "--port", str(free_port()), cwd=folder, **settings) as url:
        yield url


@pytest.fixture
async def api(holding_url: str, holds_url: str) -> AsyncIterator[Api]:
    async with client(holding_url) as control, client(holds_url) as http:
        simulator = Simulator(control)
        await simulator.reset()
        yield Api(http, simulator)


@pytest.fixture
async def held(api: Api, unique: str) -> Paid:
    """10.99 USD that are held."""
    charge = await paid(api, unique)
    assert await status_of(api, charge.charge_id) == "AUTHORIZED"
    return charge


async def ended(charge: Paid, document: str, key: str = MERCHANT) -> dict[str, Any]:
    """Run CaptureCharge or VoidCharge; its payload."""
    answer = await charge.api.run(document, key=key, chargeId=charge.charge_id)
    (payload,) = answer.data.values()
    assert isinstance(payload, dict)
    return payload


async def becomes(charge: Paid, status: str, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while await status_of(charge.api, charge.charge_id) != status:
            await a_moment()


async def test_a_charge_holds_the_money_and_says_what_may_be_done(held: Paid) -> None:
    shown = await held.shown()
    assert shown["allowedActions"] == ["CAPTURE", "VOID", "RECONCILE"]
    assert (shown["refunded"]["amount"], shown["refundable"]["amount"]) == ("0.00", "0.00")
    refund = await held.refund("key")
    assert refund["userErrors"][0]["code"] == "ACTION_NOT_ALLOWED"
    assert refund["userErrors"][0]["allowedActions"] == ["CAPTURE", "VOID", "RECONCILE"]
    assert (await held.api.simulator.trade(held.order_no))["authStatus"] == "pending"


@pytest.mark.parametrize(("amount", "currency"), [("600", "JPY"), ("1.25", "KWD")])
async def test_a_capture_takes_all_of_it_once(
    api: Api, unique: str, amount: str, currency: str
) -> None:
    charge = await paid(api, unique, amount, currency)
    before = await api.simulator.calls()
    payload = await ended(charge, "CaptureCharge")
    after = await api.simulator.calls()
    assert (payload["userErrors"], payload["replayed"]) == ([], False)
    assert (payload["charge"]["status"], payload["charge"]["final"]) == ("SUCCEEDED", True)
    assert payload["charge"]["allowedActions"] == ["REFUND", "RECONCILE", "UPLOAD_SHIPMENT"]
    assert caused(before, after) == {END: 1}
    trade = await api.simulator.trade(unique)
    assert (trade["authStatus"], trade["amount"]) == ("capture", amount)
    again = await ended(charge, "CaptureCharge")
    assert (again["replayed"], again["charge"]) == (True, payload["charge"])
    assert (await api.simulator.calls())[END] == 1
    refund = await charge.refunded(unique)
    assert refund["amount"]["amount"] == amount


async def test_a_void_lets_go_of_it_once(held: Paid) -> None:
    payload = await ended(held, "VoidCharge")
    assert (payload["userErrors"], payload["charge"]["status"]) == ([], "VOIDED")
    assert payload["charge"]["allowedActions"] == ["RECONCILE"]
    again = await ended(held, "VoidCharge")
    assert (again["replayed"], again["charge"]) == (True, payload["charge"])
    other = await ended(held, "CaptureCharge")
    (error,) = other["userErrors"]
    assert (error["code"], error["__typename"]) == ("ACTION_NOT_ALLOWED", "NotAllowedError")
    assert error["allowedActions"] == ["RECONCILE"]
    assert other["charge"]["id"] == held.charge_id
    assert (await held.api.simulator.trade(held.order_no))["authStatus"] == "void"
    assert (await held.api.simulator.calls())[END] == 1


@pytest.mark.parametrize(
    ("document", "field"), [("CaptureCharge", "captureCharge"), ("VoidCharge", "voidCharge")]
)
async def test_each_costs_what_it_promises(held: Paid, document: str, field: str) -> None:
    before = await held.api.simulator.calls()
    answer = await held.api.run(document, chargeId=held.charge_id)
    seen = caused(before, await held.api.simulator.calls())
    assert sum(seen.values()) == answer.cost["upstreamCalls"] == 1 <= promised()[field]


@pytest.mark.parametrize(("document", "status"), ENDS)
async def test_twins_at_once_ask_once(held: Paid, document: str, status: str) -> None:
    payloads = await asyncio.gather(*(ended(held, document) for _ in range(20)))
    assert {payload["charge"]["status"] for payload in payloads} == {status}
    assert [payload["replayed"] for payload in payloads].count(False) == 1
    assert (await held.api.simulator.calls())[END] == 1


async def test_a_capture_and_a_void_at_once_do_one_of_them(held: Paid) -> None:
    documents = [document for document, _ in ENDS] * 5
    payloads = await asyncio.gather(*(ended(held, document) for document in documents))
    codes = {error["code"] for payload in payloads for error in payload["userErrors"]}
    assert codes == {"ACTION_NOT_ALLOWED"}
    assert (await held.api.simulator.calls())[END] == 1


@pytest.mark.parametrize(
    ("document", "status", "effect"),
    [(*ENDS[0], "drop_after"), (*ENDS[1], "status_500_after"), (*ENDS[1], "garbage")],
)
async def test_a_lost_answer_is_looked_up_and_never_sent_again(
    held: Paid, document: str, status: str, effect: str
) -> None:
    api = held.api
    await api.simulator.notifies("off")
    await api.simulator.fault(LOOK_UP, "status_500", times=1_000_000)
    await api.simulator.fault(END, effect)
    payload = await ended(held, document)
    assert payload["userErrors"] == []
    assert payload["charge"]["status"] == "AUTHORIZED"
    assert payload["charge"]["allowedActions"] == ["RECONCILE"]
    again = await ended(held, document)
    assert (again["replayed"], again["charge"]) == (True, payload["charge"])
    (other,) = {document for document, _ in ENDS} - {document}
    assert (await ended(held, other))["userErrors"][0]["code"] == "ACTION_NOT_ALLOWED"
    await api.simulator.mend()
    await becomes(held, status)
    assert (await history(api, held.charge_id))[-1][1] == "LOOKUP"
    assert (await api.simulator.calls())[END] == 1


async def test_a_lost_request_stays_in_doubt_until_the_books_have_had_their_time(
    held: Paid,
) -> None:
    """The book still shows the hold, which may be older than the capture."""
    api = held.api
    await api.simulator.fault(END, "drop_before")
    await ended(held, "CaptureCharge")
    reconciled = await api.run("Reconcile", id=held.charge_id)
    assert reconciled.data["reconcileCharge"]["charge"]["status"] == "AUTHORIZED"
    assert (await held.shown())["allowedActions"] == ["RECONCILE"]
    assert (await api.simulator.calls())[END] == 1


@pytest.mark.parametrize(("document", "status"), ENDS)
async def test_the_notification_ends_a_doubt(held: Paid, document: str, status: str) -> None:
    api = held.api
    await api.simulator.fault(LOOK_UP, "status_500", times=1_000_000)
    await api.simulator.fault(END, "drop_after")
    await ended(held, document)
    await becomes(held, status)
    assert (await history(api, held.charge_id))[-1][1] == "WEBHOOK"
    kind = {"CaptureCharge": "PREAUTH_CAPTURED", "VoidCharge": "PREAUTH_VOID"}[document]
    async with asyncio.timeout(10), streamed(api, "Events", after="0", types=[kind]) as stream:
        async for message in stream:
            told = message["data"]["events"]
            if told["charge"]["orderNo"] == held.order_no:
                assert told["charge"]["status"] == status
                break


async def test_what_was_done_at_asiabills_desk_is_heard_of(held: Paid) -> None:
    row = await held.api.simulator.trade(held.order_no)
    tried = hold_event(row, "captured", operationResult="Fail")
    assert (await signed(tried).send(held.api.http)).text == "success"
    assert await status_of(held.api, held.charge_id) == "AUTHORIZED"
    done = hold_event(row, "void")
    assert (await signed(done).send(held.api.http)).text == "success"
    await becomes(held, "VOIDED")


async def test_a_refused_capture_leaves_the_hold(held: Paid, holding_url: str) -> None:
    """It was voided at Asiabill's desk, of which no news came."""
    api = held.api
    await api.simulator.notifies("off")
    await voided_at_the_desk(holding_url, (await api.simulator.trade(held.order_no))["tradeNo"])
    payload = await ended(held, "CaptureCharge")
    (error,) = payload["userErrors"]
    assert (error["code"], error["outcome"]) == ("UPSTREAM_REJECTED", "REJECTED")
    assert payload["charge"]["status"] == "AUTHORIZED"
    assert payload["charge"]["allowedActions"] == ["CAPTURE", "VOID", "RECONCILE"]
    reconciled = await api.run("Reconcile", id=held.charge_id)
    assert reconciled.data["reconcileCharge"]["charge"]["status"] == "VOIDED"


async def test_only_the_shop_may(held: Paid) -> None:
    api = held.api
    token = await api.session(held.customer_id, "READ_CARDS", "PAY")
    for document, _ in ENDS:
        for key in (token, OPS):
            refused = await api.run(document, key=key, chargeId=held.charge_id)
            assert refused.codes == ["FORBIDDEN"]
        held_id, held.charge_id = held.charge_id, "ch_nothing"
        unknown = await ended(held, document)
        assert unknown["userErrors"][0]["code"] == "NOT_FOUND"
        held.charge_id = held_id
    assert END not in await api.simulator.calls()


async def test_a_buyer_at_the_bank_ends_with_a_hold(api: Api, unique: str) -> None:
    """The same notification announces a sale and a hold: the book tells them apart."""
    charge = await paid(api, unique, card=CHALLENGE)
    assert await status_of(api, charge.charge_id) == "REQUIRES_ACTION"
    await api.simulator.buyer_does(unique, "success")
    await becomes(charge, "AUTHORIZED")
    assert (await history(api, charge.charge_id))[-1][1] == "LOOKUP"


async def test_a_lost_answer_to_the_charge_is_found_to_be_a_hold(api: Api, unique: str) -> None:
    await api.simulator.notifies("off")
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await paid(api, unique)
    await becomes(charge, "AUTHORIZED")


async def test_late_news_of_the_hold_does_no_harm(held: Paid) -> None:
    """Asiabill's first notification comes again, after the end."""
    api = held.api
    row = await api.simulator.trade(held.order_no)
    for document, status in ENDS:
        charge = (
            held if document == "CaptureCharge" else await paid(api, f"{held.order_no}-2"[-50:])
        )
        row = await api.simulator.trade(charge.order_no)
        await ended(charge, document)
        before = await alarms(api)
        news = event(row, remark="again", orderStatus="Success")
        assert (await signed(news).send(api.http)).text == "success"
        assert await status_of(api, charge.charge_id) == status
        assert await alarms(api) == before


async def test_without_a_connection_the_hold_waits_for_the_same_call(
    holding_url: str, tmp_path: Path, unique: str
) -> None:
    """Captures go to an address at which nobody listens."""
    settings = asiabill_at(holding_url) | {
        "GATEWAY_ASIABILL_PRE_AUTHORIZES": "true",
        "GATEWAY_ASIABILL_OPEN_URL": f"http://127.0.0.1:{free_port()}/openApi/V2022-03",
        "GATEWAY_ASIABILL_AUTHORIZE_API": "open",
    }
    with running("serve", "--port", str(free_port()), cwd=tmp_path, **settings) as url:
        async with client(holding_url) as control, client(url) as http:
            charge = await paid(Api(http, Simulator(control)), unique)
            for _ in range(2):
                payload = await ended(charge, "CaptureCharge")
                (error,) = payload["userErrors"]
                assert (error["code"], error["outcome"]) == ("UPSTREAM_UNAVAILABLE", "NOT_SENT")
                assert payload["charge"]["allowedActions"][:2] == ["CAPTURE", "VOID"]


def hold_event(row: dict[str, Any], kind: str, **changed: Any) -> dict[str, Any]:
    """The message about a hold that ended. Source: contract 7."""
    data = {
        "orderAmount": row["amount"],
        "orderNo": row["orderNo"],
        "tradeNo": row["tradeNo"],
        "orderCurrency": row["currency"],
        "orderStatus": "success" if kind == "captured" else "fail",
        "operationResult": "Success",
    }
    return {"data": data | changed, "type": f"pre-authorized.{kind}"}


async def voided_at_the_desk(url: str, trade_no: str) -> None:
    """Let go of a hold without the gateway."""

    async def on_send(request_id: str) -> None:
        pass

    endpoints = Endpoints(f"{url}/V2022-03", f"{url}/openApi/V2022-03")
    async with Transport() as transport:
        desk = Asiabill(Credentials(GATEWAY_NO, SIGN_KEY), endpoints, transport)
        await desk.authorize(AuthorizeRequest(trade_no, AuthType.VOID), on_send)
