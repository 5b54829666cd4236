"""What a collector of traces is told: what an operation caused, in the trace that its caller began."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.api.conftest import MERCHANT, Api, client, serving
from tests.api.money.checkout import CHALLENGE
from tests.collector import Collector, collector
from tests.far_side import CONFIRM, LIST, LOOK_UP, Simulator

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CHARGE = """mutation Buy($c: ID!, $p: ID!, $k: String!) { charge(
  customerId: $c, paymentMethodId: $p, idempotencyKey: $k, order: {amount: {amount: "1.00", currency: "USD"}}
) { charge { id status } userErrors { code } } }"""
# What the simulator knows of a charge.
PRIVATE = ("orderNo", "tradeNo", "customerId", "customerPaymentMethodId")
CARDS = "query Wallets($ids: [ID!]!) { customersByIds(ids: $ids) { savedCards { last4 } } }"


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with collector(tmp_path_factory.mktemp("collector") / "spans") as running:
        yield running


@pytest.fixture(scope="module")
def traced_url(
    collected: Collector, simulator_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("traced"), simulator_url, **collected.settings) as url:
        yield url


@pytest.fixture
async def traced(traced_url: str, simulator: Simulator) -> AsyncIterator[Api]:
    async with client(traced_url) as http:
        yield Api(http, simulator)


async def trace(api: Api, query: str, trace_id: str, **variables: Any) -> Any:
    """Run it as a part of that trace."""
    answer = await api.http.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={
            "authorization": f"Bearer {MERCHANT}",
            "traceparent": f"00-{trace_id}-{PARENT}-01",
            "tracestate": "stranger=words",
        },
    )
    return answer.json()


async def spans_of(collected: Collector, trace_id: str) -> list[Span]:
    """All of that trace; the operation's own span comes last."""
    async with asyncio.timeout(30):
        while True:
            found = [span for span in collected.spans if span.trace_id.hex() == trace_id]
            if any(span.kind == Span.SPAN_KIND_SERVER for span in found):
                return found
            await asyncio.sleep(0.02)


def facts(span: Span) -> dict[str, Any]:
    return {
        each.key: getattr(each.value, str(each.value.WhichOneof("value")))
        for each in span.attributes
    }


def named(spans: list[Span], name: str) -> list[Span]:
    return [span for span in spans if span.name == name]


async def test_an_operation_and_what_it_causes_are_spans_of_its_callers_trace(
    traced: Api, collected: Collector
) -> None:
    ids = [await traced.customer(cards=1) for _ in range(3)]
    answer = await trace(traced, CARDS, TRACE, ids=ids)
    assert len(answer["data"]["customersByIds"]) == 3
    spans = await spans_of(collected, TRACE)
    (operation,) = named(spans, "query Wallets")
    assert operation.parent_span_id.hex() == PARENT
    assert operation.trace_state == ""
    told = facts(operation)
    assert told["gateway.outcome"] == "ok"
    assert told["gateway.role"] == "MERCHANT"
    assert len(told["gateway.request_id"]) == 32
    # Three customers are asked for in one dispatch, whose calls stand below it.
    lists = named(spans, LIST)
    assert len(lists) == 3
    (above,) = {span.parent_span_id for span in lists}
    (dispatch,) = [span for span in named(spans, "loader dispatch") if span.span_id == above]
    assert facts(dispatch) == {"gateway.keys": 3}
    assert dispatch.parent_span_id == operation.span_id
    assert {facts(span)["gateway.outcome"] for span in lists} == {"answered"}


async def test_a_charge_shows_its_transactions_around_the_call(
    traced: Api, collected: Collector, unique: str
) -> None:
    customer_id = await traced.customer()
    card_id = await traced.card(customer_id)
    trace_id = unique.removeprefix("test-")
    await trace(traced, CHARGE, trace_id, c=customer_id, p=card_id, k=unique)
    spans = await spans_of(collected, trace_id)
    (call,) = named(spans, CONFIRM)
    assert call.kind == Span.SPAN_KIND_CLIENT
    writes = named(spans, "ledger write")
    assert "Ledger.begin_charge" in {facts(span)["code.function.name"] for span in writes}
    before = [span for span in writes if span.end_time_unix_nano <= call.end_time_unix_nano]
    after = [span for span in writes if span.start_time_unix_nano >= call.end_time_unix_nano]
    assert before
    assert after
    known = {span.span_id for span in spans} | {bytes.fromhex(PARENT)}
    assert {span.parent_span_id for span in spans} <= known


async def test_what_failed_is_marked_and_not_quoted(
    traced: Api, collected: Collector, unique: str
) -> None:
    trace_id = unique.removeprefix("test-")
    await traced.simulator.fault(LIST, "garbage", times=3)
    customer_id = await traced.customer()
    answer = await trace(traced, CARDS, trace_id, ids=[customer_id])
    assert answer["errors"]
    spans = await spans_of(collected, trace_id)
    for span in (*named(spans, LIST), *named(spans, "query Wallets")):
        assert span.status.code == Status.STATUS_CODE_ERROR
        assert span.status.message == ""
        assert not span.events


async def work_of(
    collected: Collector, since: int, name: str, cause: str
) -> tuple[Span, list[Span]]:
    """The first span of that name below which there is one of the name of `cause`, and all below it.
    `since` is in nanoseconds."""
    async with asyncio.timeout(30):
        while True:
            spans = [span for span in collected.spans if span.start_time_unix_nano >= since]
            for work in named(spans, name):
                below = [span for span in spans if span.trace_id == work.trace_id and span != work]
                if named(below, cause):
                    return work, below
            await asyncio.sleep(0.02)


async def test_what_nobody_asked_for_is_a_trace_of_its_own(
    traced: Api, collected: Collector, unique: str
) -> None:
    """A look-up, the buyer's return and a notification, without what they are about."""
    work_here = partial(work_of, collected, time.time_ns())
    customer_id = await traced.customer()
    card_id = await traced.card(customer_id, CHALLENGE)
    await traced.simulator.notifies("hold")
    variables = {"c": customer_id, "p": card_id, "k": unique}
    waiting = (await traced.query(CHARGE, **variables)).data["charge"]["charge"]
    await traced.http.get(f"/return/{waiting['id']}")
    await traced.simulator.fault(CONFIRM, "drop_after")
    lost = (await traced.query(CHARGE, **variables | {"k": f"{unique}-2"})).data["charge"]
    assert lost["charge"]["status"] == "UNKNOWN"
    returned = await work_here("look up for the return page", LOOK_UP)
    looked_up = await work_here("look up charges", LOOK_UP)
    assert await traced.simulator.flush() > 0
    notified = await work_here("notification", "ledger write")
    assert facts(returned[0]) == {"gateway.account": "default"}
    assert facts(looked_up[0])["gateway.charges"] >= 1
    assert facts(notified[0]) == {"gateway.account": "default", "gateway.family": "transaction"}
    private = [row[name] for row in await traced.simulator.transactions() for name in PRIVATE]
    for work, below in (returned, looked_up, notified):
        assert work.parent_span_id == b""
        known = {span.span_id for span in (work, *below)}
        assert {span.parent_span_id for span in below} <= known
        told = str([work, *below])
        assert not [value for value in (unique, waiting["id"], *private) if value in told]


async def test_a_caller_that_samples_nothing_is_heeded(
    traced: Api, collected: Collector, unique: str
) -> None:
    unsampled, sampled = unique.removeprefix("test-"), unique.removeprefix("test-")[::-1]
    header = {"traceparent": f"00-{unsampled}-{PARENT}-00"}
    await traced.http.post("/graphql", json={"query": "{ viewer { role } }"}, headers=header)
    await trace(traced, "{ viewer { role } }", sampled)
    await spans_of(collected, sampled)
    assert unsampled not in {span.trace_id.hex() for span in collected.spans}


async def test_spans_are_sent_before_the_end(simulator_url: str, tmp_path: Path) -> None:
    """A gateway that would wait for an hour sends what it has when it is stopped."""
    with collector(tmp_path / "spans") as late:
        patient = late.settings | {"OTEL_BSP_SCHEDULE_DELAY": "3600000"}
        with serving(tmp_path, simulator_url, **patient) as url:
            async with client(url) as http:
                await http.post("/graphql", json={"query": "query Last { viewer { role } }"})
        assert [span.kind for span in late.spans] == [Span.SPAN_KIND_SERVER]
