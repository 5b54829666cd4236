"""Doubts: what became of a charge is asked, never guessed, and the charge is never sent again."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from anyio import to_thread

from tests.api.conftest import OPS, Api, client
from tests.api.money.checkout import (
    CHALLENGE,
    Checkout,
    alarms,
    history,
    opened,
    session,
    settled,
    status_of,
)
from tests.api.money.gateways import Gateway, another, gateway
from tests.api.money.notification import silent
from tests.conftest import asiabill_at, free_port, running
from tests.far_side import CONFIRM, LIST, LOOK_UP, Simulator
from tests.looking import a_moment

DECLINED = "4000000000009995"
# Whether Asiabill acted on a request that met the fault.
LOST = {
    "drop_before": False,
    "drop_after": True,
    "status_500": False,
    "status_503": False,
    "status_429": False,
    "status_500_after": True,
    "garbage": True,
    "html": True,
    "truncate": True,
    "act_late": True,
}


async def reconciled(api: Api, charge_id: str, key: str | None = None) -> str:
    """What reconcileCharge says of it."""
    answer = await api.run("Reconcile", id=charge_id, **({"key": key} if key else {}))
    payload = answer.data["reconcileCharge"]
    assert payload["userErrors"] == []
    status: str = payload["charge"]["status"]
    return status


async def test_every_lost_answer_is_found_out_by_asking(api: Api, unique: str) -> None:
    """All faults at once, without notifications: the ledger comes to say what Asiabill says."""
    await api.simulator.notifies("off")
    charges: dict[str, str] = {}
    for card, name in (("4242424242424242", "paid"), (DECLINED, "declined")):
        for effect in LOST:
            order_no = f"{unique}-{name}-{effect}"[-50:]
            checkout = await opened(api, order_no, card=card)
            await api.simulator.fault(CONFIRM, effect, match=order_no, delayMs=100)
            charge = await checkout.paid()
            assert charge["status"] == "UNKNOWN", effect
            assert not charge["final"]
            charges[order_no] = charge["id"]
    done = [order_no for order_no in charges if LOST[order_no.rpartition("-")[2]]]
    async with asyncio.timeout(5):
        while len(await api.simulator.transactions()) < len(done):
            await a_moment()
    truth = {
        row["orderNo"]: {"success": "SUCCEEDED", "fail": "DECLINED"}[row["status"]]
        for row in await api.simulator.transactions()
    }
    assert sorted(truth) == sorted(done)
    for order_no, status in truth.items():
        assert await settled(api, charges[order_no]) == status
        assert (await history(api, charges[order_no]))[-1][1] == "LOOKUP"
    for order_no in set(charges) - set(truth):
        # Not known to Asiabill yet is no proof that it never will be.
        assert await reconciled(api, charges[order_no]) == "UNKNOWN"
    assert (await api.simulator.calls())[CONFIRM] == len(charges)


async def test_an_answer_with_another_amount_is_not_believed(checkout: Checkout) -> None:
    api = checkout.api
    await api.simulator.notifies("off")
    before = (await alarms(api)).get("mismatch", 0)
    await api.simulator.fault(CONFIRM, "wrong_amount")
    payload = await checkout.pay()
    assert payload["charge"]["status"] not in ("SUCCEEDED", "FAILED", "DECLINED")
    assert (await alarms(api))["mismatch"] == before + 1
    # The look-up shows the right amount, and settles it.
    assert await reconciled(api, payload["charge"]["id"]) == "SUCCEEDED"


async def test_a_look_that_shows_another_amount_settles_nothing(api: Api, unique: str) -> None:
    await api.simulator.notifies("off")
    before = (await alarms(api)).get("mismatch", 0)
    checkout = await opened(api, unique)
    await api.simulator.fault(LOOK_UP, "wrong_amount", times=1_000_000)
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    assert await reconciled(api, charge["id"]) == "UNKNOWN"
    assert (await alarms(api))["mismatch"] > before
    status, source, note = (await history(api, charge["id"]))[-1]
    assert (status, source) == ("UNKNOWN", "LOOKUP")
    assert "not ours" in note
    await api.simulator.mend()
    assert await reconciled(api, charge["id"]) == "SUCCEEDED"


async def test_a_stale_look_is_no_proof(checkout: Checkout) -> None:
    """Asiabill's books may be behind: an order that they do not show is not given up."""
    api = checkout.api
    await api.simulator.notifies("off")
    await api.simulator.fault(LOOK_UP, "stale", times=1_000_000, delayMs=600_000)
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    for _ in range(4):
        assert await reconciled(api, charge["id"]) == "UNKNOWN"
    again = await checkout.pay()
    assert again["charge"]["id"] == charge["id"]
    await api.simulator.mend()
    assert await reconciled(api, charge["id"]) == "SUCCEEDED"
    assert (await api.simulator.calls())[CONFIRM] == 1


async def test_a_trade_that_the_book_does_not_show_is_asked_for_by_its_number(
    challenged: Checkout,
) -> None:
    api = challenged.api
    await api.simulator.notifies("off")
    charge = await challenged.paid()
    await api.simulator.fault(LOOK_UP, "stale", times=1_000_000, delayMs=600_000)
    await api.simulator.buyer_does(charge["orderNo"], "success")
    await api.simulator.fault("GET /orderInfo/{tradeNo}", "stale", times=1, delayMs=600_000)
    assert await reconciled(api, charge["id"]) == "REQUIRES_ACTION"
    assert await reconciled(api, charge["id"]) == "SUCCEEDED"


async def test_what_asiabill_did_late_is_found(checkout: Checkout) -> None:
    """The connection broke, the look found nothing, and the charge was made after that."""
    api = checkout.api
    await api.simulator.notifies("off")
    await api.simulator.fault(CONFIRM, "act_late", delayMs=700)
    charge = await checkout.paid()
    assert await reconciled(api, charge["id"]) == "UNKNOWN"
    assert await settled(api, charge["id"]) == "SUCCEEDED"


async def test_a_charge_in_doubt_keeps_its_intent(checkout: Checkout) -> None:
    """Another card is not charged while the first may have been."""
    api = checkout.api
    await silent(api.simulator)
    await api.simulator.notifies("off")
    other = await api.card(checkout.customer_id, "5555555555554444")
    await api.simulator.fault(CONFIRM, "drop_before")
    charge = await checkout.paid()
    assert charge["status"] == "UNKNOWN"
    busy = await checkout.pay(paymentMethodId=other)
    assert busy["userErrors"][0]["code"] == "CHARGE_IN_PROGRESS"
    assert busy["charge"]["id"] == charge["id"]
    assert await api.simulator.transactions() == []


@pytest.fixture
def quiet_url(tmp_path: Path) -> Iterator[str]:
    """A simulator that no other gateway speaks to, so that every call is counted to its cause."""
    with running("simulator", "--port", str(free_port()), cwd=tmp_path) as url:
        yield url


async def test_several_doubts_of_one_time_are_one_page(
    quiet_url: str, new_database: Callable[[], str], tmp_path: Path, unique: str
) -> None:
    """Eight charges, and one look-up for them all."""
    database_url = await to_thread.run_sync(new_database)
    with gateway(tmp_path, asiabill_at(quiet_url), database_url) as serving:
        async with (
            client(quiet_url) as control,
            client(serving.url) as http,
        ):
            api = Api(http, Simulator(control))
            await api.simulator.notifies("off")
            checkouts = [await opened(api, f"{unique}-{number}") for number in range(8)]
            await api.simulator.fault(LOOK_UP, "status_500", times=1_000_000)
            await api.simulator.fault(CONFIRM, "drop_after", times=8)
            charges = [await checkout.paid() for checkout in checkouts]
            assert {charge["status"] for charge in charges} == {"UNKNOWN"}
            # A gateway that starts looks at everything that is unsettled at once.
            serving.kill()
            await api.simulator.mend()
            asked = (await api.simulator.calls()).get(LOOK_UP, 0)
            with another(serving, port=http.base_url.port):
                for charge in charges:
                    assert await settled(api, charge["id"]) == "SUCCEEDED"
            assert (await api.simulator.calls())[LOOK_UP] == asked + 1


# Asking on demand


async def test_the_shop_and_the_books_may_ask_and_nobody_else(checkout: Checkout) -> None:
    api = checkout.api
    await api.simulator.notifies("off")
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    refused = await api.run("Reconcile", key=checkout.token, id=charge["id"])
    assert refused.codes == ["FORBIDDEN"]
    assert await reconciled(api, charge["id"], OPS) == "SUCCEEDED"
    assert await reconciled(api, charge["id"]) == "SUCCEEDED"
    unknown = (await api.run("Reconcile", id="ch_nothing")).data["reconcileCharge"]
    assert unknown["charge"] is None
    assert unknown["userErrors"][0]["code"] == "NOT_FOUND"


async def test_where_asiabill_cannot_be_asked_the_charge_is_as_it_was(checkout: Checkout) -> None:
    api = checkout.api
    await api.simulator.notifies("off")
    await silent(api.simulator)
    await api.simulator.fault(CONFIRM, "drop_after")
    charge = await checkout.paid()
    payload = (await api.run("Reconcile", id=charge["id"])).data["reconcileCharge"]
    assert payload["userErrors"][0]["code"] == "UPSTREAM_UNAVAILABLE"
    assert payload["charge"] == {"id": charge["id"], "status": "UNKNOWN"}
    await api.simulator.mend()
    assert await reconciled(api, charge["id"]) == "SUCCEEDED"


async def test_asking_is_safe_to_repeat(checkout: Checkout) -> None:
    api = checkout.api
    charge = await checkout.paid()
    answers = await asyncio.gather(*(reconciled(api, charge["id"]) for _ in range(10)))
    assert set(answers) == {"SUCCEEDED"}
    assert len(await api.simulator.transactions()) == 1


# The process ends


async def test_a_killed_gateway_finds_its_charges_again(
    own_gateway: Gateway, own_api: Api, unique: str
) -> None:
    """Killed while Asiabill held one answer back, a buyer was at the bank, and a third card was
    only being looked for."""
    api = own_api
    await api.simulator.notifies("off")
    at_bank = await opened(api, f"{unique}-bank", card=CHALLENGE)
    challenged = await at_bank.paid()
    unsent = await opened(api, f"{unique}-unsent")
    checkout = await opened(api, unique)
    await api.simulator.fault(CONFIRM, "hang_after", delayMs=60_000)
    paying = asyncio.create_task(checkout.pay())
    await api.simulator.received(CONFIRM, 2)
    sent = (await api.run("ChargeBy", by={"orderNo": unique})).data["charge"]
    assert sent["status"] == "PROCESSING"
    listed = (await api.simulator.calls())[LIST]
    await api.simulator.fault(LIST, "hang_before", delayMs=60_000)
    looking = asyncio.create_task(unsent.pay())
    await api.simulator.received(LIST, listed + 1)

    own_gateway.kill()
    for cut_off in (paying, looking):
        with pytest.raises(httpx.TransportError):
            await cut_off
    await api.simulator.buyer_does(f"{unique}-bank", "success")

    with another(own_gateway, port=api.http.base_url.port):
        assert await settled(api, sent["id"]) == "SUCCEEDED"
        assert await settled(api, challenged["id"]) == "SUCCEEDED"
        again = await checkout.pay()
        assert again["userErrors"][0]["code"] == "INTENT_PAID"
        assert (await unsent.paid())["status"] == "SUCCEEDED"
    assert (await api.simulator.calls())[CONFIRM] == 3


async def test_a_customers_session_reads_its_own_doubt_alone(checkout: Checkout) -> None:
    api = checkout.api
    charge = await checkout.paid()
    stranger = await session(api, await api.customer())
    for by in ({"id": charge["id"]}, {"orderNo": checkout.order_no}):
        foreign = await api.run("WaitForCharge", key=stranger, by=by, waitSeconds=5)
        assert foreign.data == {"charge": None}
        own = await api.run("WaitForCharge", key=checkout.token, by=by)
        assert own.data["charge"]["id"] == charge["id"]
    assert await status_of(api, charge["id"]) == "SUCCEEDED"
