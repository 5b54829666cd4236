"""The endpoints of /customers."""

import re

from tests.contract.simulator.merchant import Merchant

_ONE = "/customers/{customerId}"


def test_a_customer_is_made_read_and_deleted(either: Merchant) -> None:
    given = {
        "description": "VIP / 客户",
        "email": "jo@example.com",
        "firstName": "Jo",
        "lastName": "Li",
        "phone": "",
    }
    made = either.data("POST", "/customers", body=given)
    assert re.fullmatch(r"cus_[0-9]{19}", made["customerId"])
    assert {name: made[name] for name in given} == given
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", made["created"])
    assert either.data("GET", _ONE, {"customerId": made["customerId"]}) == made

    either.data("DELETE", _ONE, {"customerId": made["customerId"]})
    for method in ("GET", "DELETE"):
        answer = either.call(method, _ONE, {"customerId": made["customerId"]})
        assert (answer["code"], answer["data"]) == ("P0002", None)


def test_customers_come_in_pages(either: Merchant) -> None:
    ids = [either.new_customer() for _ in range(5)]
    query = {"pageIndex": "2", "pageSize": "2"}
    second = either.data("GET", "/customers", query=query)
    assert second["page"] == {"total": 5, "pageSize": 2, "pageIndex": 2}
    assert [customer["customerId"] for customer in second["list"]] == ids[2:4]
    assert len(either.data("GET", "/customers")["list"]) == 5


def test_a_page_that_is_no_number_is_a_param_error(merchant: Merchant) -> None:
    assert merchant.call("GET", "/customers", query={"pageIndex": "x"})["code"] == "P0001"


def test_no_field_is_required(merchant: Merchant) -> None:
    assert merchant.data("POST", "/customers", body={})["customerId"]


def test_the_cards_of_a_deleted_customer_are_gone(merchant: Merchant) -> None:
    customer_id = merchant.new_customer()
    merchant.new_card(customer_id=customer_id)
    assert len(merchant.cards(customer_id)) == 1
    merchant.data("DELETE", _ONE, {"customerId": customer_id})
    assert merchant.cards(customer_id) == []
