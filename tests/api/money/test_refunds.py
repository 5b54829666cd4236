"""Money goes back once for each key, never more than was taken, and nothing of it is forgotten."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import OPS, Api, client
from tests.api.money.checkout import settled
from tests.api.money.gateways import Gateway, another
from tests.api.money.listening import streamed
from tests.api.money.notification import event, signed, silent
from tests.api.money.paid import Paid, paid, refund_becomes, refund_status
from tests.conftest import asiabill_at, free_port, running
from tests.far_side import CONFIRM, REFUND, REFUND_RECORD, Simulator, caused


@pytest.fixture
async def charge(api: Api, unique: str) -> Paid:
    """10.99 USD that were taken."""
    return await paid(api, unique)


def rejection(payload: dict[str, Any]) -> tuple[str, list[str] | None]:
    (error,) = payload["userErrors"]
    return error["code"], error["path"]


# What is asked for


async def test_without_an_amount_all_of_it_goes_back(charge: Paid, unique: str) -> None:
    api = charge.api
    await api.simulator.refunds_end("hold")
    before = await api.simulator.calls()
    payload = await charge.refund(unique)
    after = await api.simulator.calls()

    assert (payload["userErrors"], payload["replayed"]) == ([], False)
    refund = payload["refund"]
    assert refund["status"] == "PENDING"
    assert refund["amount"] == {"amount": "10.99", "currency": "USD", "minorUnits": "1099"}
    assert payload["charge"]["refundable"]["amount"] == "0.00"
    assert payload["charge"]["refunded"]["amount"] == "0.00"
    assert "REFUND" not in payload["charge"]["allowedActions"]
    (made,) = await api.simulator.refunds()
    assert made["merTrackNo"] == refund["id"]
    assert made["batchNo"] == refund["batchNo"]
    assert (made["amount"], made["orderNo"]) == ("10.99", charge.order_no)
    assert caused(before, after) == {REFUND: 1}

    await api.simulator.end_refund(refund["batchNo"], "success")
    await refund_becomes(api, refund["id"], "SUCCEEDED")
    assert await charge.left() == ("10.99", "0.00")


async def test_several_parts_go_back_and_the_rest_is_what_is_left(
    charge: Paid, unique: str
) -> None:
    for number, amount in enumerate(("3", "0.50")):
        refund = await charge.refunded(f"{unique}-{number}", amount)
        await refund_becomes(charge.api, refund["id"], "SUCCEEDED")
    assert await charge.left() == ("3.50", "7.49")
    rest = await charge.refunded(f"{unique}-rest")
    assert rest["amount"]["amount"] == "7.49"
    await refund_becomes(charge.api, rest["id"], "SUCCEEDED")
    assert await charge.left() == ("10.99", "0.00")
    over = await charge.refund(f"{unique}-over")
    assert rejection(over) == ("REFUND_EXCEEDS_BALANCE", ["amount"])
    trade = await charge.api.simulator.trade(charge.order_no)
    assert trade["refunded"] == "10.99"


async def test_what_is_pending_counts_until_it_has_failed(charge: Paid, unique: str) -> None:
    api = charge.api
    await api.simulator.refunds_end("hold")
    first = await charge.refunded(unique, "8.00")
    assert await charge.left() == ("0.00", "2.99")
    over = await charge.refund(f"{unique}-2", "3.00")
    assert rejection(over) == ("REFUND_EXCEEDS_BALANCE", ["amount"])
    assert "2.99" in over["userErrors"][0]["message"]
    assert len(await api.simulator.refunds()) == 1
    await api.simulator.end_refund(first["batchNo"], "fail")
    await refund_becomes(api, first["id"], "FAILED")
    assert await charge.left() == ("0.00", "10.99")
    # Nothing went back, so this one is of the whole amount again.
    again = await charge.refunded(f"{unique}-3")
    assert again["amount"]["amount"] == "10.99"


async def test_racing_refunds_never_give_back_more_than_was_taken(
    charge: Paid, unique: str
) -> None:
    await charge.api.simulator.refunds_end("hold")
    payloads = await asyncio.gather(
        *(charge.refund(f"{unique}-{number}", "4.00") for number in range(10))
    )
    made = [payload for payload in payloads if payload["refund"]]
    refused = [rejection(payload)[0] for payload in payloads if not payload["refund"]]
    assert len(made) == 2
    assert refused == ["REFUND_EXCEEDS_BALANCE"] * 8
    assert len(await charge.api.simulator.refunds()) == 2


@pytest.mark.parametrize(
    ("taken", "currency", "part", "rest", "minor"),
    [
        ("600", "JPY", "599", "1", "1"),
        ("50000", "KRW", "1", "49999", "49999"),
        ("1.25", "KWD", "0.5", "0.75", "750"),
    ],
)
async def test_currencies_without_two_decimals_go_back_as_they_are(
    api: Api, unique: str, taken: str, currency: str, part: str, rest: str, minor: str
) -> None:
    charge = await paid(api, unique, taken, currency)
    await charge.refunded(unique, part)
    last = await charge.refunded(f"{unique}-2")
    assert last["amount"] == {"amount": rest, "currency": currency, "minorUnits": minor}
    assert [row["amount"] for row in await api.simulator.refunds()] == [part, rest]
    await refund_becomes(api, last["id"], "SUCCEEDED")
    shown = await charge.shown()
    assert shown["refundable"]["minorUnits"] == "0"


@pytest.mark.parametrize(
    ("amount", "currency", "code", "path"),
    [
        ("1.999", "USD", "AMOUNT_PRECISION", ["amount", "amount"]),
        ("0.00", "USD", "INVALID_INPUT", ["amount", "amount"]),
        ("-1", "USD", "INVALID_INPUT", ["amount", "amount"]),
        ("5.00", "EUR", "INVALID_INPUT", ["amount", "currency"]),
        ("5", "XXX", "CURRENCY_NOT_SUPPORTED", ["amount", "currency"]),
        ("1.5", "JPY", "AMOUNT_PRECISION", ["amount", "amount"]),
        ("1.125", "KWD", "AMOUNT_PRECISION", ["amount", "amount"]),
        ("11.00", "USD", "REFUND_EXCEEDS_BALANCE", ["amount"]),
    ],
)
async def test_an_amount_that_cannot_go_back_names_its_argument(
    charge: Paid, unique: str, amount: str, currency: str, code: str, path: list[str]
) -> None:
    payload = await charge.refund(unique, amount, currency)
    assert rejection(payload) == (code, path)
    assert payload["refund"] is None
    assert await charge.api.simulator.refunds() == []


async def test_only_money_that_was_taken_goes_back(api: Api, unique: str) -> None:
    declined = await paid(api, unique, card="4000000000009995")
    payload = await declined.refund(unique)
    assert rejection(payload) == ("ACTION_NOT_ALLOWED", ["chargeId"])
    (error,) = payload["userErrors"]
    assert error["__typename"] == "NotAllowedError"
    assert error["allowedActions"] == ["RECONCILE"]
    assert payload["charge"]["id"] == declined.charge_id
    declined.charge_id = "ch_nothing"
    assert rejection(await declined.refund(unique)) == ("NOT_FOUND", ["chargeId"])


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "card 4242 4242 4242 4242"}, "reason"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
        ({"idempotencyKey": "k" * 129}, "idempotencyKey"),
    ],
)
async def test_what_is_no_reason_and_no_key_is_refused(
    charge: Paid, unique: str, changed: dict[str, str], path: str
) -> None:
    payload = await charge.refund(unique, **changed)
    assert rejection(payload) == ("INVALID_INPUT", [path])
    assert await charge.api.simulator.refunds() == []


# Once


async def test_the_same_key_gives_the_same_refund_and_asks_nobody(
    charge: Paid, unique: str
) -> None:
    await charge.api.simulator.refunds_end("hold")
    first = await charge.refund(unique, "3.00")
    before = await charge.api.simulator.calls()
    again = await charge.refund(unique, "3.00")
    assert again["replayed"] is True
    assert again["refund"] == first["refund"]
    assert caused(before, await charge.api.simulator.calls()) == {}


async def test_fifty_twins_at_once_make_one_refund(charge: Paid, unique: str) -> None:
    await charge.api.simulator.refunds_end("hold")
    payloads = await asyncio.gather(*(charge.refund(unique) for _ in range(50)))
    assert len({payload["refund"]["id"] for payload in payloads}) == 1
    assert {payload["refund"]["status"] for payload in payloads} == {"PENDING"}
    assert [payload["replayed"] for payload in payloads].count(False) == 1
    assert (await charge.api.simulator.calls())[REFUND] == 1


async def test_a_key_with_other_arguments_is_refused_and_shows_what_it_made(
    charge: Paid, unique: str
) -> None:
    api = charge.api
    first = await charge.refunded(unique, "3.00")
    other = await paid(api, f"{unique}-2"[-50:])
    changes: list[dict[str, Any]] = [
        {"amount": "3.01"},
        {"amount": None},
        {"reason": "other"},
        {"chargeId": other.charge_id},
    ]
    for change in changes:
        payload = await charge.refund(unique, **({"amount": "3.00"} | change))
        assert rejection(payload) == ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"]), change
        assert payload["refund"]["id"] == first["id"]
    assert len(await api.simulator.refunds()) == 1


# What is lost


@pytest.mark.parametrize(
    ("effect", "done"),
    [
        ("drop_before", False),
        ("drop_after", True),
        ("status_500", False),
        ("status_500_after", True),
        ("garbage", True),
        ("truncate", True),
    ],
)
async def test_a_lost_answer_is_unknown_and_never_sent_again(
    charge: Paid, unique: str, effect: str, done: bool
) -> None:
    api = charge.api
    await api.simulator.notifies("hold")
    await api.simulator.fault(REFUND, effect)
    payload = await charge.refund(unique, "3.00")
    refund = payload["refund"]
    assert (refund["status"], refund["batchNo"]) == ("UNKNOWN", None)
    assert payload["userErrors"] == []
    assert await charge.left() == ("0.00", "7.99")
    again = await charge.refund(unique, "3.00")
    assert (again["replayed"], again["refund"]) == (True, refund)
    assert await refund_status(api, refund["id"]) == "UNKNOWN"
    assert len(await api.simulator.refunds()) == done
    assert (await api.simulator.calls())[REFUND] == 1
    # Asiabill's notification names it by our number, and brings its own. On before the flush, or what
    # comes between the two would be held for ever.
    await api.simulator.notifies("on")
    await api.simulator.flush()
    if done:
        await refund_becomes(api, refund["id"], "SUCCEEDED")
        assert (await charge.shown())["refunds"][0]["batchNo"]


async def test_a_notification_without_our_number_finds_the_one_refund_that_it_can_mean(
    charge: Paid, unique: str
) -> None:
    """merTrackNo is in Asiabill's table and not in its example."""
    api = charge.api
    await api.simulator.notifies("off")
    await api.simulator.fault(REFUND, "drop_after")
    refund = await charge.refunded(unique, "3.00")
    (row,) = await api.simulator.refunds()
    other = await charge.refunded(f"{unique}-2", "2.00")
    news = refund_event(row, status="success")
    del news["data"]["merTrackNo"]
    assert (await signed(news).send(api.http)).text == "success"
    await refund_becomes(api, refund["id"], "SUCCEEDED")
    shown = {one["id"]: one["batchNo"] for one in (await charge.shown())["refunds"]}
    assert shown == {refund["id"]: row["batchNo"], other["id"]: other["batchNo"]}


async def test_a_guess_never_frees_money(charge: Paid, unique: str) -> None:
    """That a refund failed is believed of a refund that is named; else its number is asked for."""
    api = charge.api
    await api.simulator.notifies("off")
    await api.simulator.refunds_end("hold")
    await api.simulator.fault(REFUND, "drop_after")
    refund = await charge.refunded(unique, "3.00")
    (row,) = await api.simulator.refunds()
    news = refund_event(row, status="fail")
    del news["data"]["merTrackNo"]
    assert (await signed(news).send(api.http)).text == "success"
    await refund_becomes(api, refund["id"], "PENDING")
    assert await charge.left() == ("0.00", "7.99")
    await api.simulator.end_refund(row["batchNo"], "fail")
    # The look-up by that number says so too.
    assert await refund_status(api, refund["id"]) == "FAILED"
    assert await charge.left() == ("0.00", "10.99")


async def test_a_hundred_that_nobody_can_place_hold_no_other_news_up(
    charge: Paid, unique: str
) -> None:
    """Two refunds of one amount may be meant by each; they wait for what tells the two apart."""
    api = charge.api
    await api.simulator.notifies("off")
    await api.simulator.fault(REFUND, "drop_after", times=2)
    for number in range(2):
        await charge.refunded(f"{unique}-{number}", "3.00")
    row = (await api.simulator.refunds())[0]
    for number in range(101):
        news = refund_event(row | {"batchNo": f"9{number:05d}"})
        del news["data"]["merTrackNo"]
        assert (await signed(news).send(api.http)).text == "success"
    # News of an order that is not known yet, and of which nothing else is ever heard.
    await silent(api.simulator)
    order_no = f"{unique}-early"
    told = {"orderNo": order_no, "tradeNo": f"T{unique}", "amount": "10.99", "currency": "USD"}
    assert (await signed(event(told)).send(api.http)).text == "success"
    await api.simulator.fault(CONFIRM, "drop_before")
    early = await paid(api, order_no)
    assert await settled(api, early.charge_id, seconds=60) == "SUCCEEDED"


async def test_news_of_a_refund_that_was_not_made_here_changes_nothing(
    charge: Paid, unique: str
) -> None:
    api = charge.api
    await api.simulator.notifies("off")
    refund = await charge.refunded(unique, "3.00")
    (row,) = await api.simulator.refunds()
    row |= {"batchNo": "999999", "merTrackNo": ""}
    assert (await signed(refund_event(row, status="fail")).send(api.http)).text == "success"
    assert (await charge.shown())["refunds"][0]["batchNo"] == refund["batchNo"]
    async with asyncio.timeout(10), streamed(api, "Events", after="0") as stream:
        async for message in stream:
            told = message["data"]["events"]
            ours = told["charge"] and told["charge"]["orderNo"] == charge.order_no
            if ours and told["type"] == "REFUND_FAIL":
                assert told["refund"] is None
                break


@pytest.mark.parametrize("changed", [{"amount": "3.01"}, {"currency": "EUR"}, {"amount": ""}])
async def test_news_of_another_amount_settles_nothing(
    charge: Paid, unique: str, changed: dict[str, str]
) -> None:
    api = charge.api
    await api.simulator.notifies("off")
    await api.simulator.refunds_end("hold")
    before = await refund_alarms(api)
    refund = await charge.refunded(unique, "3.00")
    (row,) = await api.simulator.refunds()
    assert (await signed(refund_event(row | changed)).send(api.http)).text == "success"
    assert await refund_status(api, refund["id"]) == "PENDING"
    assert await refund_alarms(api) == before + 1


async def test_where_no_notification_comes_the_number_is_asked_for(
    charge: Paid, unique: str
) -> None:
    api = charge.api
    await api.simulator.notifies("off")
    await api.simulator.refunds_end("hold")
    refund = await charge.refunded(unique)
    assert await refund_status(api, refund["id"]) == "PENDING"
    await api.simulator.end_refund(refund["batchNo"], "success")
    asked = (await api.simulator.calls()).get(REFUND_RECORD, 0)
    answer = await api.run("Refund", key=OPS, id=refund["id"])
    assert answer.data["refund"]["status"] == "SUCCEEDED"
    assert answer.cost["upstreamCalls"] == 1
    # Of what has ended nobody is asked.
    assert await refund_status(api, refund["id"]) == "SUCCEEDED"
    assert (await api.simulator.calls())[REFUND_RECORD] == asked + 1


async def test_a_look_that_is_not_answered_leaves_the_refund_as_it_was(
    charge: Paid, unique: str
) -> None:
    api = charge.api
    await api.simulator.notifies("off")
    await api.simulator.refunds_end("hold")
    refund = await charge.refunded(unique)
    await api.simulator.fault(REFUND_RECORD, "status_500", times=10)
    assert await refund_status(api, refund["id"]) == "PENDING"
    await api.simulator.mend()
    await api.simulator.fault(REFUND_RECORD, "wrong_amount", times=10)
    await api.simulator.end_refund(refund["batchNo"], "success")
    assert await refund_status(api, refund["id"]) == "PENDING"
    await api.simulator.mend()
    assert await refund_status(api, refund["id"]) == "SUCCEEDED"


async def test_a_refused_refund_has_failed_and_frees_its_money(charge: Paid, unique: str) -> None:
    """Asiabill says of a refund that it failed, and knows nothing of that when asked for another."""
    api = charge.api
    await api.simulator.notifies("off")
    first = await charge.refunded(unique)
    (made,) = await api.simulator.refunds()
    news = refund_event(made, status="fail")
    assert (await signed(news).send(api.http)).text == "success"
    await refund_becomes(api, first["id"], "FAILED")
    payload = await charge.refund(f"{unique}-2")
    (error,) = payload["userErrors"]
    assert (error["code"], error["outcome"]) == ("UPSTREAM_REJECTED", "REJECTED")
    assert error["upstreamCode"] == "P0001"
    assert payload["refund"]["status"] == "FAILED"
    assert payload["charge"]["refundable"]["amount"] == "10.99"
    again = await charge.refund(f"{unique}-2")
    assert (again["replayed"], again["refund"]["status"]) == (True, "FAILED")
    assert (await api.simulator.calls())[REFUND] == 2


async def test_a_charge_without_asiabills_number_is_looked_up_first(api: Api, unique: str) -> None:
    await api.simulator.notifies("off")
    await api.simulator.fault("POST /confirmCharge", "drop_after")
    await api.simulator.fault("GET /transactions", "status_500", times=1_000_000)
    charge = await paid(api, unique)
    news = event(await api.simulator.trade(unique), tradeNo="")
    assert (await signed(news).send(api.http)).text == "success"
    payload = await charge.refund(unique)
    assert rejection(payload) == ("UPSTREAM_UNAVAILABLE", None)
    assert payload["userErrors"][0]["outcome"] == "NOT_SENT"
    assert (await charge.shown())["refunds"] == []
    await api.simulator.mend()
    refund = await charge.refunded(unique)
    assert refund["batchNo"]


async def test_without_a_connection_the_refund_waits_for_the_same_call(
    simulator_url: str, simulator: Simulator, tmp_path: Path, unique: str
) -> None:
    """Refunds go to an address at which nobody listens."""
    settings = asiabill_at(simulator_url) | {
        "GATEWAY_ASIABILL_OPEN_URL": f"http://127.0.0.1:{free_port()}/openApi/V2022-03"
    }
    with running("serve", "--port", str(free_port()), cwd=tmp_path, **settings) as url:
        async with client(url) as http:
            charge = await paid(Api(http, simulator), unique)
            payloads = [await charge.refund(unique, "3.00") for _ in range(2)]
            shown = await charge.shown()
    for payload in payloads:
        (error,) = payload["userErrors"]
        assert (error["code"], error["outcome"]) == ("UPSTREAM_UNAVAILABLE", "NOT_SENT")
        assert error["retryAfterSeconds"] >= 1
        assert payload["refund"]["status"] == "PENDING"
    assert payloads[0]["refund"]["id"] == payloads[1]["refund"]["id"]
    # Its money is kept for it.
    assert shown["refundable"]["amount"] == "7.99"
    assert REFUND not in await simulator.calls()


# Who may


async def test_only_the_shop_moves_money_and_the_books_read_it(charge: Paid, unique: str) -> None:
    api = charge.api
    token = await api.session(charge.customer_id, "READ_CARDS", "PAY")
    variables = {"chargeId": charge.charge_id, "reason": "x", "idempotencyKey": unique}
    for key in (token, OPS):
        refused = await api.run("RefundCharge", key=key, **variables)
        assert refused.codes == ["FORBIDDEN"]
    assert await api.simulator.refunds() == []
    refund = await charge.refunded(unique)
    assert (await api.run("Refund", key=token, id=refund["id"])).codes == ["FORBIDDEN"]
    seen = await api.run("Refund", key=OPS, id=refund["id"])
    assert seen.data["refund"]["charge"] == {"id": charge.charge_id, "orderNo": charge.order_no}
    assert (await api.run("Refund", id="rf_nothing")).data == {"refund": None}
    own = await api.run("Refunds", key=token, by={"id": charge.charge_id})
    assert [one["id"] for one in own.data["charge"]["refunds"]] == [refund["id"]]


# The shop's server


async def test_events_carry_the_refund_as_the_news_left_it(charge: Paid, unique: str) -> None:
    api = charge.api
    await api.simulator.refunds_end("hold")
    first = await charge.refunded(unique, "3.00")
    second = await charge.refunded(f"{unique}-2", "4.00")
    found: list[tuple[str, str, str]] = []
    async with asyncio.timeout(15), streamed(api, "Events") as stream:
        listening = asyncio.create_task(_refund_events(stream, charge.order_no, found))
        await api.simulator.end_refund(first["batchNo"], "success")
        await api.simulator.end_refund(second["batchNo"], "fail")
        await listening
    assert sorted(found) == sorted(
        [
            ("REFUND_SUCCESS", first["id"], "SUCCEEDED"),
            ("REFUND_FAIL", second["id"], "FAILED"),
        ]
    )


async def _refund_events(stream: Any, order_no: str, found: list[tuple[str, str, str]]) -> None:
    async for message in stream:
        told = message["data"]["events"]
        if told["refund"] and told["charge"]["orderNo"] == order_no:
            found.append((told["type"], told["refund"]["id"], told["refund"]["status"]))
        if len(found) == 2:
            return


# The process ends


async def test_a_killed_gateway_neither_forgets_nor_repeats_a_refund(
    own_gateway: Gateway, own_api: Api, unique: str
) -> None:
    """One was taken on and one was being sent when it died, and no notification comes."""
    api = own_api
    charge = await paid(api, unique)
    await api.simulator.notifies("off")
    await api.simulator.refunds_end("hold")
    taken_on = await charge.refunded(unique, "3.00")
    await api.simulator.fault(REFUND, "hang_after", delayMs=60_000)
    sending = asyncio.create_task(charge.refund(f"{unique}-2", "4.00"))
    await api.simulator.received(REFUND, 2)
    own_gateway.kill()
    with pytest.raises(httpx.TransportError):
        await sending
    for row in await api.simulator.refunds():
        await api.simulator.end_refund(row["batchNo"], "success")

    with another(own_gateway, port=api.http.base_url.port):
        await refund_becomes(api, taken_on["id"], "SUCCEEDED")
        again = await charge.refund(f"{unique}-2", "4.00")
        assert again["replayed"] is True
        assert again["refund"]["status"] == "UNKNOWN"
        # Its answer is gone for good: what frees it is Asiabill's notification.
        (row,) = [row for row in await api.simulator.refunds() if row["amount"] == "4.00"]
        assert (await signed(refund_event(row)).send(api.http)).text == "success"
        await refund_becomes(api, again["refund"]["id"], "SUCCEEDED")
    assert (await api.simulator.calls())[REFUND] == 2


def refund_event(row: dict[str, Any], status: str = "success") -> dict[str, Any]:
    """The message about a refund of the simulator's. Source: contract 7."""
    data = {
        "reason": "came broken",
        "amount": row["amount"],
        "batchNo": row["batchNo"],
        "orderAmount": "10.99",
        "orderNo": row["orderNo"],
        "tradeNo": row["tradeNo"],
        "orderCurrency": row["currency"],
        "noticeDate": "2026-11-25 17:47:18",
        "currency": row["currency"],
        "merTrackNo": row["merTrackNo"],
    }
    return {"data": data, "type": f"refund.{status}"}


async def refund_alarms(api: Api) -> float:
    """How often a person was asked to look at a refund."""
    lines = (await api.http.get("/metrics")).text.splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("gateway_refund_alarms_total{")
    )
