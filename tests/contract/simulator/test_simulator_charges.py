"""POST /confirmCharge."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator.test_cards import BEHAVIOURS, TEST_CARDS
from tests.contract.simulator.merchant import Merchant, card_body, charge_body
from tests.contract.simulator.simulation import Simulation


def _refused(merchant: Merchant, card_id: str, **fields: object) -> str:
    answer = merchant.call("POST", "/confirmCharge", body=charge_body(card_id, **fields))
    assert answer["data"] is None
    return str(answer["code"])


def test_an_approved_charge_is_told_whole(either: Merchant, simulated: Simulation) -> None:
    card_id = either.new_card()
    data = either.charge(card_id, orderNo="A-1", remark="SKU 1/2")
    trade_no = data.pop("tradeNo")
    assert re.fullmatch(r"20[0-9]{20}", trade_no)
    assert data == {
        "redirectUrl": "",
        "orderStatus": "success",
        "orderInfo": "Transaction Approved",
        "remark": "SKU 1/2",
        "orderNo": "A-1",
        "orderAmount": "63.65",
        "orderCurrency": "EUR",
        "riskInfos": "",
        "maskCardNo": "424242***4242",
    }
    (made,) = simulated.charges()
    assert {name: made[name] for name in list(made)[:9]} == {
        "orderNo": "A-1",
        "tradeNo": trade_no,
        "customerId": "",
        "customerPaymentMethodId": card_id,
        "amount": "63.65",
        "currency": "EUR",
        "status": "success",
        "authStatus": "sale",
        "refunded": "0",
    }


def test_a_charge_with_both_ids_binds_the_card(either: Merchant) -> None:
    customer_id, card_id = either.new_customer(), either.new_card()
    assert either.cards(customer_id) == []
    either.charge(card_id, customerId=customer_id)
    assert [card["customerPaymentMethodId"] for card in either.cards(customer_id)] == [card_id]
    either.charge(card_id, customerId=customer_id)
    assert len(either.cards(customer_id)) == 1


def test_a_listed_card_is_charged_without_its_customer(either: Merchant) -> None:
    card_id = either.new_card(customer_id=either.new_customer())
    assert either.charge(card_id, customerId="")["orderStatus"] == "success"


@pytest.mark.parametrize("card", TEST_CARDS, ids=lambda card: f"{card.number}-{card.behaviour}")
def test_each_test_card_does_what_the_table_says(merchant: Merchant, card: object) -> None:
    number, behaviour = card.number, BEHAVIOURS[card.behaviour]  # type: ignore[attr-defined]
    data = merchant.charge(merchant.new_card(number))
    if behaviour.challenge or behaviour.waits:
        assert data["orderStatus"] == "pending"
        assert bool(data["redirectUrl"]) == behaviour.challenge
    else:
        expected = "success" if behaviour.info == "Transaction Approved" else "fail"
        assert (data["orderStatus"], data["orderInfo"]) == (expected, behaviour.info)
        assert data["redirectUrl"] == ""


def test_a_decline_is_a_success_code_and_binds_nothing(either: Merchant) -> None:
    customer_id, card_id = either.new_customer(), either.new_card("4000000000009995")
    data = either.charge(card_id, customerId=customer_id)
    assert (data["orderStatus"], data["orderInfo"]) == ("fail", "Decline")
    assert re.fullmatch(r"[0-9]{22}", data["tradeNo"])
    assert either.cards(customer_id) == []


def test_an_order_number_is_charged_once(either: Merchant, simulated: Simulation) -> None:
    card_id = either.new_card()
    assert either.charge(card_id, orderNo="SAME")["orderStatus"] == "success"
    again = either.charge(card_id, orderNo="SAME", orderAmount="1.00")
    assert (again["orderStatus"], again["orderInfo"]) == ("fail", "I0061:Duplicate Order")
    assert again["tradeNo"] == ""
    assert [charge["amount"] for charge in simulated.charges()] == ["63.65"]


def test_an_order_that_is_pending_is_not_charged_again(merchant: Merchant) -> None:
    merchant.charge(merchant.new_card("4000002500003155"), orderNo="SAME")
    again = merchant.charge(merchant.new_card(), orderNo="SAME")
    assert again["orderInfo"] == "I0061:Duplicate Order"


def test_an_order_that_was_declined_may_be_tried_again(
    merchant: Merchant, simulated: Simulation
) -> None:
    assert merchant.charge(merchant.new_card("4000000000000002"), orderNo="SAME")[
        "orderStatus"
    ] == ("fail")
    assert merchant.charge(merchant.new_card(), orderNo="SAME")["orderStatus"] == "success"
    assert [charge["status"] for charge in simulated.charges()] == ["fail", "success"]


def test_twenty_at_once_with_one_order_number_make_one_charge(
    merchant: Merchant, simulated: Simulation
) -> None:
    card_id = merchant.new_card()
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: merchant.charge(card_id, orderNo="X"), range(20)))
    assert sorted(answer["orderStatus"] for answer in answers) == ["fail"] * 19 + ["success"]
    assert len(simulated.charges()) == 1


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("100.99", "USD"),
        ("0.01", "EUR"),
        ("600", "USD"),
        ("80", "JPY"),
        ("5", "BYR"),
        ("1.5", "KWD"),
    ],
)
def test_amounts_come_back_as_they_were_written(
    either: Merchant, amount: str, currency: str
) -> None:
    data = either.charge(either.new_card(), orderAmount=amount, orderCurrency=currency)
    assert (data["orderAmount"], data["orderCurrency"]) == (amount, currency)


@pytest.mark.parametrize(("amount", "text"), [(600, "600"), (100.5, "100.5"), (100.0, "100.0")])
def test_amounts_may_be_numbers(merchant: Merchant, amount: float, text: str) -> None:
    assert merchant.charge(merchant.new_card(), orderAmount=amount)["orderAmount"] == text


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("80.5", "JPY"),
        ("80.00", "JPY"),
        ("1.0", "KRW"),
        ("1.0", "CLP"),
        ("1.0", "BYR"),
        ("1.001", "USD"),
        ("1.001", "KWD"),
        ("-1", "USD"),
        ("0", "USD"),
        ("0.00", "USD"),
        ("1e3", "USD"),
        ("1,00", "USD"),
        ("٣", "USD"),
        ("1.", "USD"),
        (".5", "USD"),
        ("12345678901234567", "USD"),
        (True, "USD"),
        ("1.00", "usd"),
        ("1.00", "ZZZ"),
    ],
)
def test_a_wrong_amount_or_currency_is_a_param_error(
    merchant: Merchant, simulated: Simulation, amount: object, currency: str
) -> None:
    code = _refused(merchant, merchant.new_card(), orderAmount=amount, orderCurrency=currency)
    assert code == "P0001"
    assert simulated.charges() == []


@pytest.mark.parametrize("field", ["orderNo", "orderAmount", "orderCurrency", "returnUrl"])
@pytest.mark.parametrize("empty", ["", None])
def test_a_required_field_that_is_empty_is_missing(
    merchant: Merchant, field: str, empty: object
) -> None:
    assert _refused(merchant, merchant.new_card(), **{field: empty}) == "P0002"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("orderNo", "x" * 51),
        ("remark", "x" * 501),
        ("returnUrl", "https://shop.example.com/" + "x" * 1000),
        ("returnUrl", "https://shop.example.com/\r\nset-cookie: a=b"),
        ("callbackUrl", "ftp://shop.example.com"),
        ("webSite", "x" * 201),
        ("tokenType", "Other"),
        ("isMobile", "9"),
        ("goodsDetails", "tea"),
        ("orderNo", {"a": 1}),
    ],
)
def test_a_field_out_of_its_bounds_is_a_param_error(
    merchant: Merchant, field: str, value: object
) -> None:
    assert _refused(merchant, merchant.new_card(), **{field: value}) == "P0001"


def test_unknown_fields_and_empty_ones_are_ignored(either: Merchant) -> None:
    more = {"paymentMethod": "Credit Card", "shipping": [], "goodsDetails": "", "isMobile": "1"}
    assert either.charge(either.new_card(), **more)["orderStatus"] == "success"


def test_an_unknown_card_or_customer_is_p0002(merchant: Merchant) -> None:
    assert _refused(merchant, "") == "P0002"
    assert _refused(merchant, "pm_0000000000000000000") == "P0002"
    unknown = "cus_0000000000000000000"
    assert _refused(merchant, merchant.new_card(), customerId=unknown) == "P0002"


def test_a_detached_card_and_a_deleted_customers_card_are_p0002(
    merchant: Merchant, simulated: Simulation
) -> None:
    detached = merchant.new_card()
    path = "/payment_methods/{customerPaymentMethodId}/detach"
    merchant.data("GET", path, {"customerPaymentMethodId": detached})
    assert _refused(merchant, detached) == "P0002"
    customer_id = merchant.new_customer()
    orphaned = merchant.new_card(customer_id=customer_id)
    merchant.data("DELETE", "/customers/{customerId}", {"customerId": customer_id})
    assert _refused(merchant, orphaned) == "P0002"
    assert simulated.charges() == []


def test_a_card_of_another_customer_is_p0002(merchant: Merchant) -> None:
    card_id = merchant.new_card(customer_id=merchant.new_customer())
    assert _refused(merchant, card_id, customerId=merchant.new_customer()) == "P0002"


def test_card_data_may_come_with_the_charge(either: Merchant) -> None:
    customer_id = either.new_customer()
    data = either.charge("", customerPaymentMethod=card_body(), customerId=customer_id)
    assert data["orderStatus"] == "success"
    assert len(either.cards(customer_id)) == 1


def test_a_series_begins_with_a_challenge_and_goes_on_without(
    merchant: Merchant, simulated: Simulation
) -> None:
    customer_id, card_id = merchant.new_customer(), merchant.new_card()
    first = merchant.charge(card_id, customerId=customer_id, tokenType="InitRecurring")
    assert (first["orderStatus"], bool(first["redirectUrl"])) == ("pending", True)
    simulated.control(f"/3ds/{first['tradeNo']}", result="success")
    later = merchant.charge(card_id, customerId=customer_id, tokenType="Recurring", returnUrl="")
    assert (later["orderStatus"], later["redirectUrl"]) == ("success", "")
    assert _refused(merchant, card_id, tokenType="Recurring") == "P0002"


@pytest.mark.parametrize("result", ["", "fail", "cancel"])
def test_a_series_that_did_not_begin_does_not_go_on(
    merchant: Merchant, simulated: Simulation, result: str
) -> None:
    customer_id, card_id = merchant.new_customer(), merchant.new_card()
    later = {"customerId": customer_id, "tokenType": "Recurring"}
    merchant.charge(card_id, customerId=customer_id)
    assert _refused(merchant, card_id, **later) == "P0001"
    first = merchant.charge(card_id, customerId=customer_id, tokenType="InitRecurring")
    if result:
        simulated.control(f"/3ds/{first['tradeNo']}", result=result)
    assert _refused(merchant, card_id, **later) == "P0001"
    assert len(simulated.charges()) == 2


def test_a_series_is_of_one_customer_and_one_card(
    merchant: Merchant, simulated: Simulation
) -> None:
    customer_id, other_id = merchant.new_customer(), merchant.new_customer()
    card_id = merchant.new_card()
    first = merchant.charge(card_id, customerId=customer_id, tokenType="InitRecurring")
    simulated.control(f"/3ds/{first['tradeNo']}", result="success")
    for owner, card in ((customer_id, merchant.new_card()), (other_id, merchant.new_card())):
        assert _refused(merchant, card, customerId=owner, tokenType="Recurring") == "P0001"
    again = merchant.charge(card_id, customerId=customer_id, tokenType="Recurring")
    assert again["orderStatus"] == "success"


def test_accounts_know_nothing_of_each_other(merchant: Merchant, other_merchant: Merchant) -> None:
    customer_id, card_id = merchant.new_customer(), merchant.new_card()
    data = merchant.charge(card_id, customerId=customer_id, orderNo="SAME")
    assert other_merchant.cards(customer_id) == []
    assert _refused(other_merchant, card_id) == "P0002"
    answer = other_merchant.call("GET", "/orderInfo/{tradeNo}", {"tradeNo": data["tradeNo"]})
    assert answer["code"] == "P0002"
    assert other_merchant.data("GET", "/transactions", query={"orderNo": "SAME"})["list"] == []
    again = other_merchant.charge(other_merchant.new_card(), orderNo="SAME")
    assert again["orderStatus"] == "success"
