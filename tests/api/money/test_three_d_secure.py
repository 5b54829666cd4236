"""3-D Secure: the buyer goes to the bank and comes back; the gateway believes only Asiabill."""

import hmac
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.api.conftest import Api
from tests.api.money.bank import parameters, visited
from tests.api.money.checkout import BACK, Checkout, history, opened, settled, status_of
from tests.api.money.notification import GATEWAY_NO, SIGN_KEY
from tests.far_side import CONFIRM, LOOK_UP

SIGNED = [
    "code",
    "gatewayNo",
    "maskCardNo",
    "merNo",
    "message",
    "orderAmount",
    "orderCurrency",
    "orderInfo",
    "orderNo",
    "orderStatus",
    "tradeNo",
]


def come_back(row: dict[str, Any], **changed: str) -> dict[str, str]:
    """What Asiabill adds to the return address, with the right signature. Source: contract 4.5."""
    values = {
        "code": "0000",
        "gatewayNo": GATEWAY_NO,
        "maskCardNo": "400000***3155",
        "merNo": "12246",
        "message": "Success",
        "orderAmount": row["amount"],
        "orderCurrency": row["currency"],
        "orderInfo": "Transaction Approved",
        "orderNo": row["orderNo"],
        "orderStatus": "success",
        "tradeNo": row["tradeNo"],
    } | changed
    text = "".join(values[name] for name in SIGNED).encode()
    return values | {"signInfo": hmac.digest(SIGN_KEY.encode(), text, "sha256").hex().upper()}


async def visit(api: Api, charge_id: str, values: dict[str, str]) -> httpx.Response:
    return await api.http.get(f"/return/{charge_id}?{urlencode(values)}")


@pytest.mark.parametrize(
    ("result", "status", "reason"),
    [
        ("success", "SUCCEEDED", None),
        ("fail", "DECLINED", "AUTHENTICATION_FAILED"),
        ("cancel", "DECLINED", "CANCELED_BY_BUYER"),
    ],
)
async def test_the_buyer_goes_to_the_bank_and_comes_back_to_the_shop(
    challenged: Checkout, result: str, status: str, reason: str | None
) -> None:
    """Without any notification: the visit of the return page itself asks Asiabill."""
    api = challenged.api
    await api.simulator.notifies("off")
    charge = await challenged.paid()
    assert charge["status"] == "REQUIRES_ACTION"
    assert not charge["final"]
    assert charge["nextAction"]["returnUrl"] == BACK

    way = await visited(charge["nextAction"]["url"], result)

    assert [url.path for url in way] == [f"/return/{charge['id']}", "/thanks"]
    assert str(way[-1]) == f"{BACK}&charge_id={charge['id']}"
    # No wait: the status is there before the buyer is.
    assert await status_of(api, charge["id"]) == status
    again = await challenged.pay()
    if reason is None:
        assert again["userErrors"][0]["code"] == "INTENT_PAID"
        assert again["charge"]["nextAction"] is None
    else:
        by = {"id": charge["id"]}
        document = "query($by: ChargeLookup!) { charge(by: $by) { decline { code } nextAction {"
        document += " __typename } } }"
        found = (await api.query(document, key=challenged.token, by=by)).data["charge"]
        assert found == {"decline": {"code": reason}, "nextAction": None}


async def test_a_bank_may_decline_after_the_challenge(api: Api, unique: str) -> None:
    checkout = await opened(api, unique, card="4000008400001629")
    charge = await checkout.paid()
    await visited(charge["nextAction"]["url"], "success")
    assert await settled(api, charge["id"]) == "DECLINED"


async def test_without_the_return_page_the_notification_brings_the_end(
    challenged: Checkout,
) -> None:
    """The buyer closed the tab after the bank's page."""
    charge = await challenged.paid()
    await challenged.api.simulator.buyer_does(challenged.order_no, "success")
    assert await settled(challenged.api, charge["id"]) == "SUCCEEDED"
    sources = [source for _, source, _ in await history(challenged.api, charge["id"])]
    assert sources[-1] == "WEBHOOK"


async def test_the_return_page_settles_nothing_while_asiabill_says_pending(
    challenged: Checkout,
) -> None:
    """Forged, altered or rightly signed: a visit is a reason to ask, and no answer."""
    api = challenged.api
    charge = await challenged.paid()
    row = await api.simulator.trade(challenged.order_no)
    true = come_back(row)
    info, number = "Transaction Approved", row["orderNo"]
    visits = [
        {},
        true,
        true | {"signInfo": "0" * 64},
        true | {"signInfo": ""},
        true | {"orderNo": "another"},
        true | {"orderAmount": "0.01"},
        true | {"orderStatus": "1"},
        true | {"gatewayNo": "12246001"},
        come_back(row, orderStatus="fail"),
        come_back(row, orderAmount="0.01"),
        come_back(row, orderNo="another"),
        come_back(row, orderStatus="successsuccess"),
        # The signed text has no borders: what is cut off one value is put before the next.
        true | {"orderNo": number[-1:], "orderInfo": info + number[:-1]},
        true | {"orderNo": number[1:], "orderInfo": info + number[:1]},
        true | {"orderAmount": row["amount"][1:], "message": "Success" + row["amount"][:1]},
        true | {"orderStatus": "", "orderNo": number + "success"},
        true | {"orderStatus": "success" + row["tradeNo"][:1], "tradeNo": row["tradeNo"][1:]},
    ]
    for values in visits:
        answer = await visit(api, charge["id"], values)
        assert answer.status_code == 303, values
        assert answer.headers["location"] == f"{BACK}&charge_id={charge['id']}"
        assert await status_of(api, charge["id"]) == "REQUIRES_ACTION", values
    assert len(await api.simulator.transactions()) == 1
    assert (await api.simulator.calls())[CONFIRM] == 1
    # The history tells a true visit from a false one, and the end still comes.
    notes = {
        note for _, source, note in await history(api, charge["id"]) if source == "RETURN_PAGE"
    }
    assert notes == {"the buyer came back", "a visit without a valid signature"}
    await api.simulator.buyer_does(challenged.order_no, "fail")
    assert await settled(api, charge["id"]) == "DECLINED"


async def test_a_true_visit_of_a_lie_settles_to_the_truth(challenged: Checkout) -> None:
    """The address says success, with a signature; Asiabill, asked, says fail."""
    api = challenged.api
    await api.simulator.notifies("off")
    charge = await challenged.paid()
    await api.simulator.buyer_does(challenged.order_no, "fail")
    row = await api.simulator.trade(challenged.order_no)
    await visit(api, charge["id"], come_back(row))
    assert await status_of(api, charge["id"]) == "DECLINED"


@pytest.mark.parametrize("charge_id", ["ch_" + "0" * 32, "x", "%00", "%ff", "a" * 101, "a" * 3000])
async def test_a_payment_that_nobody_made_has_no_page(api: Api, charge_id: str) -> None:
    answer = await api.http.get(f"/return/{charge_id}")
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_a_settled_charge_sends_the_buyer_on_and_asks_nobody(checkout: Checkout) -> None:
    api = checkout.api
    charge = await checkout.paid()
    asked = (await api.simulator.calls()).get(LOOK_UP, 0)
    row = await api.simulator.trade(checkout.order_no)
    answer = await visit(api, charge["id"], come_back(row, orderStatus="fail"))
    assert answer.status_code == 303
    assert parameters(answer.headers["location"])["charge_id"] == [charge["id"]]
    assert await status_of(api, charge["id"]) == "SUCCEEDED"
    assert (await api.simulator.calls()).get(LOOK_UP, 0) == asked


async def test_the_page_says_nothing_of_the_payment_to_others(challenged: Checkout) -> None:
    charge = await challenged.paid()
    row = await challenged.api.simulator.trade(challenged.order_no)
    answer = await visit(challenged.api, charge["id"], come_back(row))
    assert set(parameters(answer.headers["location"])) == {"cart", "charge_id"}
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


async def test_an_unreachable_asiabill_does_not_keep_the_buyer(challenged: Checkout) -> None:
    """The buyer goes on at once; what became of the charge comes later."""
    api = challenged.api
    charge = await challenged.paid()
    await api.simulator.notifies("off")
    await api.simulator.fault(LOOK_UP, "status_500", times=1_000_000)
    way = await visited(charge["nextAction"]["url"], "success")
    assert way[-1].host == "shop.example"
    assert await status_of(api, charge["id"]) == "REQUIRES_ACTION"
    await api.simulator.mend()
    found = await api.run("Reconcile", id=charge["id"])
    assert found.data["reconcileCharge"]["charge"]["status"] == "SUCCEEDED"
