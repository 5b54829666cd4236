"""Plans against graphql-core on this service's own schema, with an Asiabill that fails as it likes."""

import asyncio
import os
import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import stamina
from graphql import parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes

from gateway.answer import body_of, errors_of
from gateway.app import Gateway
from gateway.settings import Settings
from ledger import migrate
from resolvers.context import Caller, Context
from resolvers.cost import account_to
from resolvers.principal import ClientPermission, Principal, Role
from schema import root
from tests.differential.documents import harder
from tests.differential.reference import every_failure, exactly, explain, nulled_around
from tests.unit.asiabill.far_side import FarSide, Seen, envelope, http, signed

# The quick run always asks the same; `make differential` always something new.
QUICK = "DIFFERENTIAL_DOCUMENTS" not in os.environ
DOCUMENTS = int(os.environ.get("DIFFERENTIAL_DOCUMENTS", "40"))
# graphql-core cancels what it has not yet begun to await; a plan begins nothing that early.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SCHEMA = root.build()
CORE = SCHEMA._schema
CUSTOMERS = ("cus_1", "cus_2", "cus_none", "cus_refused", "cus_down", "cus_garbage", "no id")
IDS = (*CUSTOMERS, "pm_18", "pm_19", "pm_none", "ch_none", "pi_none")
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    name: st.sampled_from([nodes.String(value) for value in values])
    for name, values in {
        "Decimal": ("10.99", "0", "1.999"),
        "BigInt": ("5",),
        "CurrencyCode": ("USD", "JPY"),
        "CountryCode": ("DE",),
        "URL": ("https://shop.example/x", "https://evil.example/x"),
        "DateTime": ("2026-01-01T00:00:00Z",),
        "RawCard": ("none",),
    }.items()
}
CALLERS = (
    Principal(Role.MERCHANT, "default", "shop"),
    Principal(Role.MERCHANT, "default", "shop"),
    Principal(Role.OPS, "default", "books"),
    Principal(Role.CUSTOMER, "default", "buyer", "cus_1", frozenset(ClientPermission)),
    Principal(Role.CUSTOMER, "default", "buyer", "cus_refused", frozenset(ClientPermission)),
    Principal(Role.CUSTOMER, "default", "buyer", "cus_2", frozenset()),
    None,
)
_BILLING = {"firstName": "Ada", "email": "a@example.com", "address": {"city": "London"}}


def _card(number: int) -> dict[str, Any]:
    return {
        "customerPaymentMethodId": f"pm_{number}",
        "card": {"brand": "visa", "last4": 4242, "cardExpireMonth": "12"},
        "billingDetail": _BILLING if number % 2 else None,
        "customerId": "cus_1",
    }


async def _answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """By the path alone, so that both ways meet the same."""
    if "cus_down" in seen.path or "pm_none" in seen.path:
        writer.write(http(b"", "503 Service Unavailable"))
    elif "cus_garbage" in seen.path:
        writer.write(http(b"<html>"))
    elif "cus_refused" in seen.path:
        writer.write(signed(seen, envelope(None, "P0009", "no")))
    elif "cus_none" in seen.path:
        writer.write(signed(seen, envelope(None, "P0001", "unknown")))
    elif "/payment_methods/list/" in seen.path:
        writer.write(
            signed(seen, envelope([_card(18), _card(19), {"customerPaymentMethodId": "x"}]))
        )
    elif "/payment_methods/" in seen.path:
        writer.write(signed(seen, envelope(_card(18))))
    elif "/customers/" in seen.path:
        writer.write(signed(seen, envelope({"customerId": "cus_1", "email": "a@example.com"})))
    else:
        writer.write(
            signed(seen, envelope({"list": [], "customerId": "cus_9", "sessionToken": "s"}))
        )


@asynccontextmanager
async def _gateway(folder: Path, far: FarSide) -> AsyncIterator[Gateway]:
    folder.mkdir()  # noqa: ASYNC240 nothing else runs
    url = f"sqlite+aiosqlite:///{folder}/gateway.db"
    await migrate(url)
    made = Gateway(
        Settings(
            _env_file=None,  # type: ignore[call-arg]
            database_url=url,  # type: ignore[arg-type]
            asiabill_payment_url=f"http://127.0.0.1:{far.port}/V2022-03",
        )
    )
    async with made.opened():
        # Its failures are a part of this test, and too few beside these to open the circuit.
        account = made.shops["default"].account
        await asyncio.gather(*(account.asiabill.payment_methods("cus_1") for _ in range(200)))
        yield made


def generated(count: int) -> list[tuple[str, dict[str, Any]]]:
    """Documents that are valid, with their variables."""
    found: list[tuple[str, dict[str, Any]]] = []

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=QUICK,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(from_schema(SCHEMA.as_str(), custom_scalars=SCALARS), st.integers(0, 2**32))
    def collect(text: str, seed: int) -> None:
        if text.startswith("subscription"):
            return
        document, variables = harder(CORE, text, seed, IDS)
        if not validate(CORE, parse(document)):
            found.append((document, variables))

    collect()
    return found


_MADE = re.compile(
    r"\b(?:ch|pi|re|co)_[0-9a-zA-Z]{8,}|\d{4}-\d\d-\d\dT[0-9:.]+Z|eyJ[\w.-]+|[0-9a-f]{32}"
)


def _begun(gateway: Gateway, caller: Principal | None) -> Context:
    account = gateway.shops["default"].account if caller else None
    context = gateway.begin(Caller("request", caller, account, ip="203.0.113.7"))
    account_to(context.cost)
    return context


def _comparable(body: Any) -> Any:
    """Without what each way makes for itself: ids, times and tokens."""
    return msgspec.json.decode(_MADE.sub("...", msgspec.json.encode(body).decode()))


async def _background_ended() -> None:
    """What graphql-core goes on with for parts that are null already is a read of Asiabill too,
    which the next document must not find on its way and share."""
    running = {
        task
        for task in asyncio.all_tasks()
        if getattr(task.get_coro(), "__qualname__", "").startswith("Executor.")
    }
    if running:
        await asyncio.wait(running, timeout=30)


async def _both_ways(
    gateways: tuple[Gateway, Gateway], text: str, variables: Any, caller: Principal | None
) -> bool:
    """Run a document both ways and compare. Whether there was a plan."""
    context = _begun(gateways[0], caller)
    planned = await SCHEMA.run(text, variables, context, None)
    if planned is None:
        return False
    by_plan = _comparable(body_of(planned, context))
    context = _begun(gateways[1], caller)
    core = await SCHEMA.execute(text, variable_values=variables, context_value=context)
    by_core = _comparable(body_of(core, context))
    await _background_ended()
    if "data" not in by_core:
        assert by_plan == by_core
        return True
    data = by_core["data"]
    assert repr(by_plan["data"]) == repr(data)  # with the order of keys
    told, expected = by_plan.get("errors", []), by_core.get("errors", [])
    assert exactly(data, told) == exactly(data, expected)
    around = nulled_around(data, told)
    assert around == nulled_around(data, expected)
    if not around:
        # What is ended early has asked Asiabill or not, by the turns of the loop.
        assert by_plan["extensions"] == by_core["extensions"]
        return True
    node = parse(text)
    if text.startswith("mutation"):
        # Not to be tried a third time. One after the other, they fail in one order.
        assert told == expected
        return True
    failures, must = await every_failure(CORE, node, variables, _begun(gateways[1], caller))
    await _background_ended()
    possible = _comparable(errors_of(failures, "request"))
    explain(data, told, possible, must)
    explain(data, expected, possible, must)
    return True


@pytest.mark.anyio
@pytest.mark.timeout(3000)
async def test_generated_documents_give_the_same_answer_errors_and_cost(tmp_path: Path) -> None:
    """Two gateways with ledgers of their own, so that mutations find the same state."""
    documents = generated(DOCUMENTS)
    planned = 0
    with stamina.set_testing(True, attempts=3, cap=True):
        async with AsyncExitStack() as stack:
            far = await stack.enter_async_context(FarSide(_answer).listening())
            one = await stack.enter_async_context(_gateway(tmp_path / "one", far))
            two = await stack.enter_async_context(_gateway(tmp_path / "two", far))
            chance = random.Random(7)
            for text, variables in documents:
                caller = chance.choice(CALLERS)
                try:
                    planned += await _both_ways((one, two), text, variables, caller)
                except AssertionError as difference:
                    difference.add_note(f"{caller}\n{text}\n{variables}")
                    raise
    # Some ask for too much, and are refused before either way.
    assert planned > len(documents) * 0.3, (planned, len(documents))


def test_every_document_of_the_front_ends_has_a_plan() -> None:
    folder = Path(__file__).parent.parent / "documents"
    for file in sorted(folder.glob("*.graphql")):
        (operation,) = SCHEMA.documents.read(file.read_text()).operations.values()
        streamed = operation.node.operation.value == "subscription"
        assert (operation.planned.get() is None) is streamed, file.name
