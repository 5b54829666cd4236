"""What an operator sees: a line and a count for each operation, and nothing of what it said."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ledger import Alarm
from tests.api.conftest import MERCHANT, Api, client, raw_card
from tests.api.money.checkout import CHALLENGE, opened, settled
from tests.api.money.listening import socket
from tests.conftest import asiabill_at, free_port
from tests.far_side import CONFIRM, Simulator
from tests.looking import a_moment
from tests.processes import program

NUMBER = "5555555555554444"


def lines(folder: Path, event: str, request_id: str) -> list[dict[str, Any]]:
    """The lines of the gateways' log about one request."""
    written = (folder / "serve.log").read_text(encoding="utf-8").splitlines()
    parsed = [json.loads(line) for line in written if request_id in line and line.startswith("{")]
    return [line for line in parsed if line["event"] == event and line["request_id"] == request_id]


async def line(folder: Path, event: str, request_id: str) -> dict[str, Any]:
    """The one line of that kind; it may be written a moment after the answer."""
    async with asyncio.timeout(10):
        while not (found := lines(folder, event, request_id)):
            await a_moment()
    (only,) = found
    return only


async def count(api: Api, series: str) -> float:
    """A series of `/metrics` by its name and labels; 0 where it is not there yet."""
    page = (await api.http.get("/metrics")).raise_for_status().text
    return sum(float(row.rpartition(" ")[2]) for row in page.splitlines() if row.startswith(series))


async def test_a_read_makes_one_line_that_says_who_what_and_how_long(
    api: Api, folder: Path
) -> None:
    customer_id = await api.customer(cards=1)
    before = await count(api, 'gateway_operations_total{operation="SavedCards",outcome="ok"}')
    answer = await api.run("SavedCards", customerId=customer_id)
    told = await line(folder, "operation", answer.headers["x-request-id"])
    assert told["operation"] == "SavedCards"
    assert (told["kind"], told["way"], told["outcome"]) == ("query", "http", "ok")
    assert (told["role"], told["account"], told["upstream_calls"]) == ("MERCHANT", "default", 1)
    assert 0 < told["ms"] < 60_000
    assert len(told["document"]) == 32
    # No argument of it, no card, no key.
    assert customer_id not in json.dumps(told)
    after = await count(api, 'gateway_operations_total{operation="SavedCards",outcome="ok"}')
    assert after == before + 1
    assert await count(api, 'gateway_operation_seconds_count{operation="SavedCards"}') >= 1


async def test_a_charge_is_found_by_its_request_and_by_its_order(
    api: Api, folder: Path, unique: str
) -> None:
    checkout = await opened(api, unique)
    answer = await api.run(
        "Pay",
        key=checkout.token,
        customerId=checkout.customer_id,
        paymentMethodId=checkout.card_id,
    )
    charge = answer.data["charge"]["charge"]
    request_id = answer.headers["x-request-id"]
    told = await line(folder, "operation", request_id)
    assert (told["kind"], told["role"], told["outcome"]) == ("mutation", "CUSTOMER", "ok")
    assert told["charge_id"] == charge["id"]
    assert told["order_no"] == checkout.order_no
    trade = await api.simulator.trade(checkout.order_no)
    assert told["trade_no"] == trade["tradeNo"]
    # Each transition, and the call itself, bear the same request.
    states = [row["status"] for row in lines(folder, "charge", request_id)]
    assert states[0] == "PROCESSING"
    assert states[-1] == "SUCCEEDED"
    call = await line(folder, "call", request_id)
    assert (call["endpoint"], call["outcome"]) == (CONFIRM, "answered")
    assert call["upstream_request_id"]


async def test_what_is_no_operation_has_an_id_too(api: Api, folder: Path) -> None:
    """The answer's id leads to the line of a refused notification."""
    answer = await api.http.post("/webhooks/asiabill", content=b"{}")
    assert answer.status_code == 401
    told = await line(folder, "webhook refused", answer.headers["x-request-id"])
    assert told["outcome"] == "forged"
    ids = {(await api.http.get(path)).headers["x-request-id"] for path in ("/healthz", "/nowhere")}
    assert len(ids) == 2


async def test_what_went_wrong_is_the_outcome(api: Api, folder: Path) -> None:
    customer_id = await api.customer()
    for _ in range(3):
        await api.simulator.fault("GET /payment_methods/list/{customerId}", "status_500")
    failed = await api.run("SavedCards", customerId=customer_id)
    assert failed.codes == ["UPSTREAM_UNAVAILABLE"]
    told = await line(folder, "operation", failed.headers["x-request-id"])
    assert (told["outcome"], told["operation"]) == ("upstream_unavailable", "SavedCards")
    stranger = await api.query("{ viewer { role } }", key="mk_of_nobody")
    told = await line(folder, "operation", stranger.headers["x-request-id"])
    assert (told["outcome"], told["role"], told["operation"]) == ("unauthenticated", None, "")
    typo = await api.query("query Typo { viewer { rolle } }")
    told = await line(folder, "operation", typo.headers["x-request-id"])
    assert told["outcome"] == "bad_user_input"
    assert "Typo" not in json.dumps(told)


async def test_no_card_gets_into_the_log_or_a_label(api: Api, folder: Path) -> None:
    customer_id = await api.customer()
    await api.run(
        "AddCard", customerId=customer_id, card=raw_card(NUMBER), billing={"email": NUMBER}
    )
    for name in (f"N{NUMBER}", "N5555_5555_5555_4444"):
        await api.query(f"query {name} {{ viewer {{ role }} }}")
    page = (await api.http.get("/metrics")).text
    assert NUMBER not in (folder / "serve.log").read_text(encoding="utf-8")
    assert NUMBER not in page
    assert "5555_5555" not in page


async def test_names_that_clients_choose_are_counted_apart_up_to_a_number(api: Api) -> None:
    customer_id = await api.customer()
    token = await api.session(customer_id, "READ_CARDS")
    await asyncio.gather(
        *(api.query(f"query Mine{number} {{ __typename }}", key=token) for number in range(130))
    )
    page = (await api.http.get("/metrics")).text
    named = set(re.findall(r'gateway_operations_total{operation="(Mine\d+)"', page))
    assert 90 <= len(named) <= 100
    assert await count(api, 'gateway_operations_total{operation="other",outcome="ok"}') >= 30
    # The shop's own names find a place all the same.
    await api.query("query TheShopsOwn { __typename }", key=MERCHANT)
    assert await count(api, 'gateway_operations_total{operation="TheShopsOwn",outcome="ok"}') == 1


async def test_subscribers_are_counted_while_they_listen(
    api: Api, folder: Path, unique: str
) -> None:
    checkout = await opened(api, unique, card=CHALLENGE)
    charge = await checkout.paid()
    series = 'gateway_subscribers{way="socket"}'
    before = await count(api, series)
    async with socket(api) as listener:
        await listener.init()
        await listener.subscribe("1", "ChargeUpdated", id=charge["id"])
        assert (await listener.hear())["type"] == "next"
        assert await count(api, series) == before + 1
    async with asyncio.timeout(10):
        while await count(api, series) != before:
            await a_moment()
    assert await count(api, 'gateway_operations_total{operation="ChargeUpdated",outcome="ok"}') >= 1
    await api.simulator.buyer_does(checkout.order_no, "success")
    assert await settled(api, charge["id"]) == "SUCCEEDED"


async def test_the_age_of_the_oldest_unsettled_charge_is_told(api: Api, unique: str) -> None:
    series = 'gateway_unsettled_oldest_seconds{account="default",kind="charge",status="UNKNOWN"}'
    checkout = await opened(api, unique)
    await api.simulator.notifies("off")
    await api.simulator.fault("GET /transactions", "status_500", times=1_000_000)
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    assert charge["status"] == "UNKNOWN"
    async with asyncio.timeout(15):
        while await count(api, series) <= 0:
            await a_moment()
    assert (
        await count(api, 'gateway_unsettled{account="default",kind="charge",status="UNKNOWN"}') >= 1
    )
    assert await count(api, "gateway_ledger_up") == 1
    await api.simulator.mend()
    assert await settled(api, charge["id"], 40) == "SUCCEEDED"


async def test_what_an_alert_waits_for_is_counted_from_the_start(api: Api) -> None:
    """Prometheus sees no increase in a series that begins with its first event."""
    page = (await api.http.get("/metrics")).raise_for_status().text
    expected = {
        *(
            f'gateway_{kind}_alarms_total{{alarm="{alarm.value}"}}'
            for kind in ("charge", "refund")
            for alarm in Alarm
        ),
        *(
            f'gateway_lookups_total{{outcome="{outcome}"}}'
            for outcome in ("answered", "unanswered")
        ),
        *(
            f'gateway_webhooks_total{{outcome="{outcome}",type=""}}'
            for outcome in ("forged", "malformed")
        ),
        'gateway_webhooks_total{outcome="unavailable",type="refund"}',
    }
    assert expected <= {row.rpartition(" ")[0] for row in page.splitlines()}


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
async def test_the_pages_of_the_operator_need_no_key(api: Api, path: str) -> None:
    assert (await api.http.get(path)).status_code == 200


@pytest.mark.slow
async def test_several_workers_are_counted_together(
    simulator_url: str, tmp_path: Path, simulator: Simulator
) -> None:
    """Whichever worker answers `/metrics`, it tells of all."""
    settings = asiabill_at(simulator_url)
    arguments = ("serve", "--port", str(free_port()), "--workers", "2")
    with program(*arguments, cwd=tmp_path, environment=settings) as process:
        url = process.ready()
        series = 'gateway_operations_total{operation="Together",outcome="ok"}'
        for _ in range(24):
            async with client(url) as http:
                answer = await Api(http, simulator).query("query Together { __typename }")
                assert answer.data
        for _ in range(6):
            async with client(url) as http:
                api = Api(http, simulator)
                assert await count(api, series) == 24
                assert await count(api, "gateway_operations_in_flight") == 0
                assert await count(api, "gateway_ledger_up") == 1
