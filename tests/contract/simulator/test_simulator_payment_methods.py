"""The endpoints of /payment_methods."""

import re

import pytest

from tests.contract.simulator.merchant import Merchant, card_body, charge_body
from tests.contract.simulator.simulation import simulation

_ONE = "/payment_methods/{customerPaymentMethodId}"
_ATTACH = "/payment_methods/{customerPaymentMethodId}/{customerId}/attach"
_LIST = "/payment_methods/list/{customerId}"
_DETACH = "/payment_methods/{customerPaymentMethodId}/detach"


def test_a_card_is_made_and_read_back_with_code_0(either: Merchant) -> None:
    made = either.data("POST", "/payment_methods", body=card_body())
    assert re.fullmatch(r"pm_[0-9]{19}", made["customerPaymentMethodId"])
    assert made["card"] == {"brand": "Visa", "last4": "4242"}
    billing = card_body()["billingDetail"]
    assert made["billingDetail"] == billing
    # The official plugin compares key by key, in this order.
    assert list(made["billingDetail"]) == list(billing)
    assert list(made["billingDetail"]["address"]) == list(billing["address"])
    ids = {"customerPaymentMethodId": made["customerPaymentMethodId"]}
    assert either.data("GET", _ONE, ids, code="0") == made


def test_a_card_made_for_a_customer_is_bound_at_once(either: Merchant) -> None:
    customer_id = either.new_customer()
    card_id = either.new_card(customer_id=customer_id)
    assert [card["customerPaymentMethodId"] for card in either.cards(customer_id)] == [card_id]
    assert either.cards(customer_id)[0]["card"] == {"brand": "Visa", "last4": "4242"}


def test_an_unknown_customer_has_no_cards(either: Merchant) -> None:
    assert either.cards("cus_0000000000000000000") == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_card_is_attached_and_detached(either: Merchant, method: str) -> None:
    customer_id, card_id = either.new_customer(), either.new_card()
    ids = {"customerPaymentMethodId": card_id, "customerId": customer_id}
    for _ in range(2):
        either.data(method, _ATTACH, ids)
        assert len(either.cards(customer_id)) == 1
    for _ in range(2):
        either.data(method, _DETACH, {"customerPaymentMethodId": card_id})
        assert either.cards(customer_id) == []
    assert either.call(method, _ATTACH, ids)["code"] == "P0002"
    assert either.call("GET", _ONE, {"customerPaymentMethodId": card_id})["code"] == "P0002"


def test_head_neither_reads_nor_detaches(merchant: Merchant) -> None:
    customer_id = merchant.new_customer()
    card_id = merchant.new_card(customer_id=customer_id)
    merchant.send("HEAD", _DETACH, {"customerPaymentMethodId": card_id})
    assert len(merchant.cards(customer_id)) == 1


def test_a_bound_card_cannot_become_anothers(merchant: Merchant) -> None:
    owner, stranger = merchant.new_customer(), merchant.new_customer()
    card_id = merchant.new_card(customer_id=owner)
    ids = {"customerPaymentMethodId": card_id, "customerId": stranger}
    assert merchant.call("GET", _ATTACH, ids)["code"] == "P0002"
    assert (len(merchant.cards(owner)), len(merchant.cards(stranger))) == (1, 0)


def test_the_billing_address_is_updated(either: Merchant) -> None:
    card_id = either.new_card()
    billing = card_body()["billingDetail"]
    billing["address"]["line1"] = "新路 1/2"
    body = {"customerPaymentMethodId": card_id, "billingDetail": billing}
    assert either.data("POST", "/payment_methods/update", body=body)["billingDetail"] == billing
    read = either.data("GET", _ONE, {"customerPaymentMethodId": card_id}, code="0")
    assert read["billingDetail"] == billing


def test_zip_and_a_capital_address_are_understood(merchant: Merchant) -> None:
    body = {**card_body(), "billingDetail": {"Address": {"zip": "13811"}}}
    billing = merchant.data("POST", "/payment_methods", body=body)["billingDetail"]
    assert billing["address"]["postalCode"] == "13811"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cardNo", "4242424242424241"),
        ("cardNo", "4242"),
        ("cardNo", "4242 4242 4242 4242"),
        ("cardExpireMonth", "13"),
        ("cardExpireMonth", "1"),
        ("cardExpireYear", "29"),
        ("cardExpireYear", "2020"),
        ("cardSecurityCode", "12"),
    ],
)
def test_wrong_card_data_is_a_param_error_that_repeats_none_of_it(
    merchant: Merchant, field: str, value: str
) -> None:
    body = card_body()
    body["card"][field] = value
    answer = merchant.call("POST", "/payment_methods", body=body)
    assert answer["code"] == "P0001"
    assert value not in answer["message"]


@pytest.mark.parametrize("field", ["cardNo", "cardExpireMonth", "cardExpireYear"])
def test_an_empty_field_counts_as_missing(merchant: Merchant, field: str) -> None:
    body = card_body()
    body["card"][field] = ""
    assert merchant.call("POST", "/payment_methods", body=body)["code"] == "P0002"


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("5555555555554444", "MasterCard"),
        ("2223003122003222", "MasterCard"),
        ("378282246310005", "Amex"),
        ("3566002020360505", "JCB"),
        ("6011111111111117", "Discover"),
        ("6200000000000005", "UnionPay"),
        ("30569309025904", "Diners"),
    ],
)
def test_the_brand_follows_from_the_number(merchant: Merchant, number: str, brand: str) -> None:
    made = merchant.data("POST", "/payment_methods", body=card_body(number))
    assert made["card"] == {"brand": brand, "last4": number[-4:]}


def test_a_gateway_without_pci_takes_no_card_data() -> None:
    with simulation(pci=False) as running:
        merchant = Merchant(running.origin, running.http)
        answer = merchant.call("POST", "/payment_methods", body=card_body())
        assert (answer["code"], "PCI" in answer["message"]) == ("P0002", True)
        inline = {**charge_body(""), "customerPaymentMethod": card_body()}
        assert merchant.call("POST", "/confirmCharge", body=inline)["code"] == "P0002"
        assert running.charges() == []


def test_a_gateway_without_saved_cards_says_so_but_still_charges() -> None:
    with simulation(saved_cards=False) as running:
        merchant = Merchant(running.origin, running.http)
        customer_id, card_id = merchant.new_customer(), merchant.new_card()
        ids = {"customerPaymentMethodId": card_id, "customerId": customer_id}
        bound_card = {**card_body(), "customerId": customer_id}
        binding_charge = charge_body(card_id, customerId=customer_id)
        for answer in (
            merchant.call("GET", _LIST, {"customerId": customer_id}),
            merchant.call("GET", _ATTACH, ids),
            merchant.call("POST", "/payment_methods", body=bound_card),
            merchant.call("POST", "/confirmCharge", body=binding_charge),
        ):
            assert answer["code"] == "P0002"
            assert "Saved cards are not enabled" in answer["message"]
        assert running.charges() == []
        assert merchant.charge(card_id)["orderStatus"] == "success"
