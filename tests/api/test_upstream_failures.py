"""What a caller is told where Asiabill refuses, is away, or its answer is lost."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BILLING, Api, client, raw_card, rejections, serving
from tests.conftest import free_port, running
from tests.far_side import LIST, Simulator

ADD = """mutation($customerId: ID!, $card: RawCard!, $billing: BillingInput, $once: String) {
  createPaymentMethod(
    customerId: $customerId, card: $card, billing: $billing, idempotencyKey: $once
  ) {
    paymentMethod { id }
    replayed
    userErrors {
      __typename code message path
      ... on UpstreamError { outcome retryAfterSeconds upstreamCode }
    }
  }
}"""
CREATE = "POST /payment_methods"


async def refused_add(api: Api, **variables: Any) -> dict[str, Any]:
    """The one user error of adding a card."""
    answer = await api.query(ADD, **{"card": raw_card(), "billing": BILLING, **variables})
    assert answer.data["createPaymentMethod"]["paymentMethod"] is None
    (error,) = answer.data["createPaymentMethod"]["userErrors"]
    assert isinstance(error, dict)
    return error


async def test_a_refusal_is_told_with_asiabills_code(api: Api) -> None:
    expired = {**raw_card(), "expYear": 2020}
    error = await refused_add(api, customerId=await api.customer(), card=expired)
    assert error["__typename"] == "UpstreamError"
    assert error["code"] == "UPSTREAM_REJECTED"
    assert error["outcome"] == "REJECTED"
    assert error["retryAfterSeconds"] is None
    assert error["upstreamCode"] == "P0001"
    assert (await api.simulator.calls())[CREATE] == 1


@pytest.mark.parametrize(
    "effect", ["drop_before", "drop_after", "status_500", "status_500_after", "garbage", "truncate"]
)
async def test_a_lost_answer_is_told_as_unknown_and_the_call_is_not_repeated(
    api: Api, effect: str
) -> None:
    customer_id = await api.customer()
    await api.simulator.fault(CREATE, effect)
    error = await refused_add(api, customerId=customer_id)
    assert (error["code"], error["outcome"]) == ("UPSTREAM_UNAVAILABLE", "UNKNOWN")
    assert error["retryAfterSeconds"] == 1
    assert (await api.simulator.calls())[CREATE] == 1


async def test_a_key_is_not_used_up_by_a_call_that_was_not_done(api: Api, unique: str) -> None:
    customer_id = await api.customer()
    await api.simulator.fault(CREATE, "status_503")
    await refused_add(api, customerId=customer_id, once=unique)
    again = await api.query(
        ADD, customerId=customer_id, card=raw_card(), billing=BILLING, once=unique
    )
    assert again.data["createPaymentMethod"]["userErrors"] == []
    assert again.data["createPaymentMethod"]["replayed"] is False


async def test_a_card_whose_answer_was_lost_is_shown_as_soon_as_it_is_there(api: Api) -> None:
    """The list that was read before must not hide it."""
    customer_id = await api.customer()
    await api.simulator.fault(CREATE, "drop_after")
    answer = await api.query(
        """mutation($customerId: ID!, $card: RawCard!, $unknown: ID!) {
          before: setDefaultCard(customerId: $customerId, paymentMethodId: $unknown) {
            userErrors { code }
          }
          createPaymentMethod(customerId: $customerId, card: $card) { userErrors { code } }
          after: setDefaultCard(customerId: $customerId, paymentMethodId: $unknown) {
            userErrors { code }
          }
        }""",
        customerId=customer_id,
        card=raw_card(),
        unknown="pm_0000000000000000404",
    )
    assert answer.data["createPaymentMethod"]["userErrors"] == [{"code": "UPSTREAM_UNAVAILABLE"}]
    assert (await api.simulator.calls())[LIST] == 2
    shown = await api.run("SavedCards", customerId=customer_id)
    assert len(shown.data["customer"]["savedCards"]) == 1


async def test_a_read_that_asiabill_does_not_answer_can_be_tried_again(api: Api) -> None:
    await api.simulator.fault("GET /customers", "status_500", times=3)
    failed = await api.run("Customers")
    assert failed.codes == ["UPSTREAM_UNAVAILABLE"]
    (error,) = failed.errors
    assert error["path"] == ["customers"]
    assert error["extensions"]["retryable"] is True
    assert error["extensions"]["retryAfterSeconds"] == 1
    assert "errors" not in (await api.run("Customers")).body


@pytest.fixture(scope="module")
def unlicensed_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A simulator for which saved cards are not enabled, and a gateway before it."""
    folder = tmp_path_factory.mktemp("unlicensed")
    with (
        running("simulator", "--port", str(free_port()), "--no-saved-cards", cwd=folder) as far,
        serving(folder, far) as near,
    ):
        yield far, near


@pytest.fixture
async def unlicensed(unlicensed_url: tuple[str, str]) -> AsyncIterator[Api]:
    far, near = unlicensed_url
    async with (
        client(far) as control,
        client(near) as http,
    ):
        simulator = Simulator(control)
        await simulator.reset()
        yield Api(http, simulator)


async def test_a_shop_without_saved_cards_is_told_so(unlicensed: Api) -> None:
    customer_id = await unlicensed.customer()
    error = await refused_add(unlicensed, customerId=customer_id)
    assert error["code"] == "SAVED_CARDS_NOT_ENABLED"
    assert error["outcome"] == "REJECTED"

    shown = await unlicensed.run("SavedCards", customerId=customer_id)
    assert shown.codes == ["SAVED_CARDS_NOT_ENABLED"]
    assert shown.body["data"]["customer"] == {"id": customer_id, "savedCards": None}

    session = (await unlicensed.run("CardSession")).data["createCardSession"]["session"]
    hosted_id = await unlicensed.simulator.hosted_card(session["sessionToken"])
    token = await unlicensed.session(customer_id, "SAVE_CARD")
    answer = await unlicensed.run("AddCard", key=token, hostedPaymentMethodId=hosted_id)
    assert rejections(answer, "createPaymentMethod") == [("SAVED_CARDS_NOT_ENABLED", None)]


async def test_a_shop_without_saved_cards_can_delete_its_customers(unlicensed: Api) -> None:
    customer_id = await unlicensed.customer()
    answer = await unlicensed.run("DeleteCustomer", id=customer_id)
    assert answer.data["deleteCustomer"] == {"deletedId": customer_id, "userErrors": []}
    assert (await unlicensed.run("Customer", id=customer_id)).data == {"customer": None}


@pytest.fixture(scope="module")
def alone_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A gateway whose Asiabill can't be reached, and its folder."""
    folder = tmp_path_factory.mktemp("alone")
    with serving(folder, f"http://127.0.0.1:{free_port()}") as url:
        yield url, folder


@pytest.fixture
async def alone(alone_url: tuple[str, Path]) -> AsyncIterator[Api]:
    url, _ = alone_url
    async with (
        client(url) as http,
        client("") as nobody,
    ):
        yield Api(http, Simulator(nobody))


async def test_nothing_was_sent_where_asiabill_can_not_be_reached(alone: Api) -> None:
    error = await refused_add(alone, customerId="cus_1")
    assert (error["code"], error["outcome"]) == ("UPSTREAM_UNAVAILABLE", "NOT_SENT")
    assert (await alone.run("SavedCards", customerId="cus_1")).codes == ["UPSTREAM_UNAVAILABLE"]


async def test_the_gateway_is_up_while_asiabill_is_away(alone: Api) -> None:
    assert (await alone.query("{ viewer { role } }")).data == {"viewer": {"role": "MERCHANT"}}
    assert (await alone.http.get("/healthz")).status_code == 200
    assert (await alone.http.get("/readyz")).status_code == 200


async def test_a_fault_of_the_gateway_shows_nothing_of_its_inside(
    alone: Api, alone_url: tuple[str, Path]
) -> None:
    """Here the database is damaged under the running service."""
    _, folder = alone_url
    with sqlite3.connect(folder / "gateway.db") as connection:
        connection.execute("ALTER TABLE requests RENAME TO nowhere")
    connection.close()
    answer = await alone.query(ADD, customerId="cus_1", card=raw_card(), once="key-of-a-fault")
    assert answer.status == 200
    assert answer.codes == ["INTERNAL"]
    (error,) = answer.errors
    for inside in ("requests", "sqlite", "table", "SELECT", "INSERT", "Traceback", ".py", "key-of"):
        assert inside.lower() not in str(answer.body).lower()
    # The log tells the cause, once, under the id that the client was given.
    log = (folder / "serve.log").read_text()
    request_id = error["extensions"]["requestId"]
    faults = [line for line in log.splitlines() if "unexpected error" in line]
    assert [request_id in line for line in faults] == [True]
    assert raw_card()["number"] not in log
