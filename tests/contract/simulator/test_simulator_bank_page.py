"""3-D Secure: the bank's page, the way back, and the buyer played over the control interface."""

from typing import Any

import pytest

from tests.contract.simulator.buyer import Form, checked_return
from tests.contract.simulator.merchant import Merchant
from tests.contract.simulator.simulation import Simulation

_CHALLENGED = "4000002500003155"


def _pending(merchant: Merchant, **fields: object) -> dict[str, Any]:
    data = merchant.charge(merchant.new_card(_CHALLENGED), **fields)
    assert data["orderStatus"] == "pending"
    return data


def test_the_page_needs_no_script_and_allows_none(merchant: Merchant) -> None:
    data = _pending(merchant, orderNo='<b>"A"</b>')
    page = merchant.http.get(data["redirectUrl"])
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "&lt;b&gt;" in page.text
    assert "<b>" not in page.text
    form = Form()
    form.feed(page.text)
    assert form.method == "post"
    assert form.buttons == [("result", "success"), ("result", "fail"), ("result", "cancel")]
    assert "script" not in form.tags
    assert '<html lang="en">' in page.text
    assert "no real money" in page.text


@pytest.mark.parametrize(
    ("result", "status", "info"),
    [
        ("success", "success", "Transaction Approved"),
        ("fail", "fail", "3D Secure authentication failed"),
        ("cancel", "fail", "E0008:Customer Cancel"),
    ],
)
def test_the_buyer_comes_back_with_the_signed_result(
    merchant: Merchant, simulated: Simulation, result: str, status: str, info: str
) -> None:
    data = _pending(merchant, orderNo="A-1", returnUrl="https://shop.example.com/back?cart=7#top")
    back = merchant.http.post(data["redirectUrl"], data={"result": result})
    assert back.status_code == 303
    location = back.headers["location"]
    assert location.startswith("https://shop.example.com/back?cart=7&")
    assert location.endswith("#top")
    values = checked_return(location)
    values.pop("signInfo")
    assert values == {
        "cart": "7",
        "code": "0000",
        "gatewayNo": "12246002",
        "maskCardNo": "400000***3155",
        "merNo": "12246",
        "message": "Success",
        "orderAmount": "63.65",
        "orderCurrency": "EUR",
        "orderInfo": info,
        "orderNo": "A-1",
        "orderStatus": status,
        "tradeNo": data["tradeNo"],
    }
    assert [charge["status"] for charge in simulated.charges()] == [status]
    (entry,) = merchant.data("GET", "/transactions", query={"orderNo": "A-1"})["list"]
    assert (entry["tradeStatus"], entry["tradeInfo"]) == (status, info)


def test_deciding_twice_changes_nothing(merchant: Merchant, simulated: Simulation) -> None:
    data = _pending(merchant)
    first = merchant.http.post(data["redirectUrl"], data={"result": "success"})
    second = merchant.http.post(data["redirectUrl"], data={"result": "cancel"})
    assert second.headers["location"] == first.headers["location"]
    assert simulated.control(f"/3ds/{data['tradeNo']}", result="fail")["orderStatus"] == "success"
    page = merchant.http.get(data["redirectUrl"])
    assert "This payment is settled" in page.text
    assert [charge["status"] for charge in simulated.charges()] == ["success"]


def test_until_the_buyer_decides_the_order_is_pending(merchant: Merchant) -> None:
    data = _pending(merchant)
    assert data["redirectUrl"].endswith(f"/3ds/{data['tradeNo']}")
    for wrong in ({}, {"result": "other"}, {"result": ["success", "fail"]}):
        assert merchant.http.post(data["redirectUrl"], data=wrong).status_code == 400
    found = merchant.data("GET", "/orderInfo/{tradeNo}", {"tradeNo": data["tradeNo"]})
    assert found["tradeStatus"] == "pending"


def test_the_card_is_bound_by_success_alone(merchant: Merchant, simulated: Simulation) -> None:
    for result, bound in (("fail", 0), ("success", 1)):
        customer_id = merchant.new_customer()
        data = _pending(merchant, customerId=customer_id)
        assert merchant.cards(customer_id) == []
        simulated.control(f"/3ds/{data['tradeNo']}", result=result)
        assert len(merchant.cards(customer_id)) == bound


def test_a_card_that_was_detached_or_bound_meanwhile_stays_so(
    merchant: Merchant, simulated: Simulation
) -> None:
    customer_id, other_id = merchant.new_customer(), merchant.new_customer()
    for path in ("detach", "{customerId}/attach"):
        card_id = merchant.new_card(_CHALLENGED)
        data = merchant.charge(card_id, customerId=customer_id)
        ids = {"customerPaymentMethodId": card_id}
        if "attach" in path:
            ids["customerId"] = other_id
        merchant.data("GET", f"/payment_methods/{{customerPaymentMethodId}}/{path}", ids)
        decided = simulated.control(f"/3ds/{data['tradeNo']}", result="success")
        assert decided["orderStatus"] == "success"
    assert merchant.cards(customer_id) == []
    assert len(merchant.cards(other_id)) == 1


def test_the_bank_may_decline_after_the_challenge(
    merchant: Merchant, simulated: Simulation
) -> None:
    data = merchant.charge(merchant.new_card("4000008400001629"))
    decided = simulated.control(f"/3ds/{data['tradeNo']}", result="success")
    assert (decided["orderStatus"], decided["orderInfo"]) == ("fail", "Do not honor")
    assert checked_return(decided["returnUrl"])["orderStatus"] == "fail"


def test_a_charge_that_is_pending_without_a_page_has_none(
    merchant: Merchant, simulated: Simulation
) -> None:
    data = merchant.charge(merchant.new_card("4000000000000622"))
    assert merchant.http.get(f"{simulated.origin}/3ds/{data['tradeNo']}").status_code == 404
    decided = simulated.control(f"/3ds/{data['tradeNo']}", result="success")
    assert decided["orderStatus"] == "success"


def test_an_unknown_trade_number_has_no_page(merchant: Merchant, simulated: Simulation) -> None:
    assert merchant.http.get(f"{simulated.origin}/3ds/{'2' * 22}").status_code == 404
    answer = simulated.http.post("/_simulator/3ds/1", json={"result": "success"})
    assert answer.status_code == 404
