"""The hosted page: cards and local methods, the way back, and what is kept."""

import re
from typing import Any

import pytest

from simulator.test_cards import TEST_CARDS
from tests.contract.simulator.buyer import Form, checked_return
from tests.contract.simulator.delivery import checked
from tests.contract.simulator.merchant import Merchant, checkout_body
from tests.contract.simulator.simulation import Receiver, Simulation

_APPROVED = "4242424242424242"
_DECLINED = "4000000000000002"
_CHALLENGED = "4000002500003155"
_WAITS = "4000000000000622"


def _hosted(merchant: Merchant, **fields: object) -> dict[str, Any]:
    body = checkout_body(**fields)  # type: ignore[arg-type]
    data: dict[str, Any] = merchant.data("POST", "/checkout/payment", body=body, code="0000")
    return data


def _local(merchant: Merchant, **fields: object) -> dict[str, Any]:
    body = checkout_body("Klarna", **fields)
    data: dict[str, Any] = merchant.data("POST", "/local_payment", body=body)
    return data


def _pay(merchant: Merchant, page: str, number: str = _APPROVED) -> str:
    """Where the buyer is sent after paying with that card."""
    back = merchant.http.post(page, data={"act": "pay", "card": number})
    assert back.status_code == 303
    return str(back.headers["location"])


@pytest.mark.parametrize("path", ["/checkout/payment", "/local_payment"])
def test_an_order_is_pending_until_the_buyer_pays(
    either: Merchant, simulated: Simulation, path: str
) -> None:
    data = (_hosted if path == "/checkout/payment" else _local)(either, orderNo="A-1", remark="r")
    trade_no = data.pop("tradeNo")
    assert re.fullmatch(r"20[0-9]{20}", trade_no)
    assert data == {
        "redirectUrl": f"{simulated.origin}/checkout/{trade_no}",
        "orderNo": "A-1",
        "orderAmount": "63.65",
        "orderCurrency": "EUR",
        "orderStatus": "pending",
        "orderInfo": "Pending",
        "remark": "r",
    }
    assert either.listed("A-1")["tradeStatus"] == "pending"


@pytest.mark.parametrize("method", ["Credit Card", "<b>Klarna</b>"])
def test_the_page_needs_no_script_and_allows_none(merchant: Merchant, method: str) -> None:
    page = merchant.http.get(_hosted(merchant, method=method, orderNo="<i>A</i>")["redirectUrl"])
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "<b>" not in page.text
    assert "<i>" not in page.text
    assert "no real money" in page.text
    form = Form()
    form.feed(page.text)
    assert form.method == "post"
    assert "script" not in form.tags
    assert "input" not in form.tags


def test_the_page_offers_every_test_card_or_every_end(merchant: Merchant) -> None:
    cards, local = Form(), Form()
    cards.feed(merchant.http.get(_hosted(merchant)["redirectUrl"]).text)
    assert cards.options == [card.number for card in TEST_CARDS]
    assert cards.buttons == [("act", "pay"), ("act", "cancel")]
    local.feed(merchant.http.get(_local(merchant)["redirectUrl"]).text)
    ends = ["success", "fail", "cancel", "pending"]
    assert local.buttons == [("act", end) for end in ends]


@pytest.mark.parametrize(
    ("number", "status", "info"),
    [(_APPROVED, "success", "Transaction Approved"), (_DECLINED, "fail", "Do not honor")],
)
def test_a_card_payment_is_told_by_return_and_webhook(
    merchant: Merchant, shop: Receiver, number: str, status: str, info: str
) -> None:
    data = _hosted(merchant, orderNo="A-1", callbackUrl=shop.url)
    values = checked_return(_pay(merchant, data["redirectUrl"], number))
    assert (values["orderStatus"], values["orderInfo"]) == (status, info)
    assert values["maskCardNo"] == f"{number[:6]}***{number[-4:]}"
    assert values["cart"] == "7"
    kinds = [checked(shop.next())["type"] for _ in range(2)]
    assert kinds == ["transaction.pending", f"transaction.{status}"]
    entry = merchant.listed("A-1")
    assert (entry["tradeStatus"], entry["tradeInfo"]) == (status, info)


@pytest.mark.parametrize(
    ("act", "status", "info"),
    [
        ("success", "success", "Transaction Approved"),
        ("fail", "fail", "Decline"),
        ("cancel", "fail", "E0008:Customer Cancel"),
        ("pending", "pending", "Pending"),
    ],
)
def test_a_local_payment_ends_as_the_buyer_chooses(
    merchant: Merchant, simulated: Simulation, act: str, status: str, info: str
) -> None:
    data = _local(merchant)
    back = merchant.http.post(data["redirectUrl"], data={"act": act})
    assert back.status_code == 303
    values = checked_return(back.headers["location"])
    assert (values["orderStatus"], values["orderInfo"]) == (status, info)
    assert values["maskCardNo"] == ""
    assert [charge["status"] for charge in simulated.charges()] == [status]


def test_a_local_payment_that_was_left_pending_may_still_succeed(
    merchant: Merchant, simulated: Simulation
) -> None:
    data = _local(merchant)
    merchant.http.post(data["redirectUrl"], data={"act": "pending"})
    simulated.control(f"/3ds/{data['tradeNo']}", result="success")
    assert [charge["status"] for charge in simulated.charges()] == ["success"]


def test_a_card_that_is_challenged_leads_to_the_bank(
    merchant: Merchant, simulated: Simulation
) -> None:
    data = _hosted(merchant, orderNo="A-1")
    bank = _pay(merchant, data["redirectUrl"], _CHALLENGED)
    assert bank == f"/3ds/{data['tradeNo']}"
    assert merchant.http.get(data["redirectUrl"]).headers["location"] == bank
    assert merchant.listed("A-1")["tradeStatus"] == "pending"
    back = merchant.http.post(bank, data={"result": "success"})
    assert checked_return(back.headers["location"])["orderStatus"] == "success"
    assert "This payment is settled" in merchant.http.get(data["redirectUrl"]).text


def test_a_card_that_waits_is_chosen_for_good(merchant: Merchant, simulated: Simulation) -> None:
    data = _hosted(merchant)
    back = _pay(merchant, data["redirectUrl"], _WAITS)
    assert checked_return(back)["orderStatus"] == "pending"
    assert _pay(merchant, data["redirectUrl"], _APPROVED) == back
    assert "being processed" in merchant.http.get(data["redirectUrl"]).text
    simulated.control(f"/3ds/{data['tradeNo']}", result="success")
    assert "This payment is settled" in merchant.http.get(data["redirectUrl"]).text


def test_choosing_twice_changes_nothing(merchant: Merchant, simulated: Simulation) -> None:
    data = _hosted(merchant)
    first = _pay(merchant, data["redirectUrl"], _APPROVED)
    assert _pay(merchant, data["redirectUrl"], _DECLINED) == first
    again = merchant.http.post(data["redirectUrl"], data={"act": "cancel"})
    assert again.headers["location"] == first
    assert [charge["status"] for charge in simulated.charges()] == ["success"]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"act": "pay"},
        {"act": "pay", "card": "4111111111111111"},
        {"act": "success"},
        {"act": ["pay", "cancel"], "card": _APPROVED},
        {"act": "pay", "card": _APPROVED, "more": "x" * 2000},
    ],
)
def test_what_the_page_does_not_offer_changes_nothing(
    merchant: Merchant, simulated: Simulation, form: dict[str, object]
) -> None:
    page = _hosted(merchant)["redirectUrl"]
    assert merchant.http.post(page, data=form).status_code == 400
    assert [charge["status"] for charge in simulated.charges()] == ["pending"]


@pytest.mark.parametrize("number", [_APPROVED, _CHALLENGED])
def test_a_card_is_kept_for_the_customer_that_was_named(
    merchant: Merchant, simulated: Simulation, number: str
) -> None:
    customer_id = merchant.new_customer()
    data = _hosted(merchant, customerId=customer_id)
    _pay(merchant, data["redirectUrl"], number)
    if number == _CHALLENGED:
        assert merchant.cards(customer_id) == []
        simulated.control(f"/3ds/{data['tradeNo']}", result="success")
    (card,) = merchant.cards(customer_id)
    assert card["card"]["last4"] == number[-4:]
    assert card["billingDetail"]["address"]["line1"] == "4348 Calico Drive"
    assert card["billingDetail"]["address"]["postalCode"] == "13811"
    (made,) = simulated.charges()
    assert made["customerPaymentMethodId"] == card["customerPaymentMethodId"]
    again = merchant.charge(card["customerPaymentMethodId"], customerId=customer_id)
    assert again["maskCardNo"] == f"{number[:6]}***{number[-4:]}"


def test_nothing_is_kept_without_a_customer_or_without_success(
    merchant: Merchant, simulated: Simulation
) -> None:
    customer_id = merchant.new_customer()
    _pay(merchant, _hosted(merchant, customerId=customer_id)["redirectUrl"], _DECLINED)
    _pay(merchant, _hosted(merchant)["redirectUrl"])
    local = _hosted(merchant, method="Alipay", customerId=customer_id)
    merchant.http.post(local["redirectUrl"], data={"act": "success"})
    assert merchant.cards(customer_id) == []
    assert [charge["status"] for charge in simulated.charges()] == ["fail", "success", "success"]
    assert simulated.charges()[1]["customerPaymentMethodId"] == ""


def test_a_local_payment_knows_no_customer(merchant: Merchant, simulated: Simulation) -> None:
    _local(merchant, customerId="cus_0000000000000000000")
    assert simulated.charges()[0]["customerId"] == ""


def test_an_order_number_is_taken_once(merchant: Merchant, simulated: Simulation) -> None:
    page = _hosted(merchant, orderNo="SAME")["redirectUrl"]
    for again in (_hosted(merchant, orderNo="SAME"), _local(merchant, orderNo="SAME")):
        assert (again["orderStatus"], again["orderInfo"]) == ("fail", "I0061:Duplicate Order")
        assert (again["redirectUrl"], again["tradeNo"]) == ("", "")
    merchant.http.post(page, data={"act": "cancel"})
    assert _hosted(merchant, orderNo="SAME")["orderStatus"] == "pending"
    assert len(simulated.charges()) == 2


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("/checkout/payment", {"paymentMethod": ""}, "P0002"),
        ("/checkout/payment", {"returnUrl": ""}, "P0002"),
        ("/checkout/payment", {"orderNo": ""}, "P0002"),
        ("/checkout/payment", {"customerId": "cus_0000000000000000000"}, "P0002"),
        ("/checkout/payment", {"orderAmount": "1.001"}, "P0001"),
        ("/checkout/payment", {"billingAddress": "Newark"}, "P0001"),
        ("/checkout/payment", {"deliveryAddress": "Newark"}, "P0001"),
        ("/local_payment", {"paymentMethod": "Credit Card"}, "P0001"),
        ("/local_payment", {"paymentMethod": ""}, "P0002"),
    ],
)
def test_a_wrong_request_makes_no_order(
    merchant: Merchant, simulated: Simulation, path: str, fields: dict[str, object], code: str
) -> None:
    body = {**checkout_body("Klarna"), **fields}
    assert merchant.call("POST", path, body=body)["code"] == code
    assert simulated.charges() == []


def test_only_an_order_of_the_hosted_page_has_one(
    merchant: Merchant, simulated: Simulation
) -> None:
    charged = merchant.charge(merchant.new_card())["tradeNo"]
    for trade_no in (charged, "2" * 22):
        page = f"{simulated.origin}/checkout/{trade_no}"
        assert merchant.http.get(page).status_code == 404
        assert merchant.http.post(page, data={"act": "cancel"}).status_code == 404
