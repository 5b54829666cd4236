"""The endpoints of /customers. Source: contract 5.2."""

from typing import Any

from simulator.book import Account
from simulator.endpoint import Call
from simulator.fields import Refusal
from simulator.numbers import stamp
from simulator.page import read_page
from simulator.records import Customer


def create_customer(call: Call) -> dict[str, Any]:
    """No field is required: the real service's own rules were not recovered."""
    body = call.body
    customer = Customer(
        id=call.sandbox.numbers.customer_id(),
        email=body.text("email"),
        first_name=body.text("firstName"),
        last_name=body.text("lastName"),
        phone=body.text("phone"),
        description=body.text("description"),
        created_at=call.now,
    )
    call.account.add_customer(customer)
    return _shown(customer)


def get_customer(call: Call) -> dict[str, Any]:
    return _shown(known_customer(call.account, call.path["customerId"]))


def list_customers(call: Call) -> dict[str, Any]:
    page = read_page(call.query)
    customers = list(call.account.customers.values())
    return page.of([_shown(customer) for customer in page.cut(customers)], len(customers))


def delete_customer(call: Call) -> dict[str, Any]:
    """The customer's cards are detached with it. Source: contract 12."""
    customer = known_customer(call.account, call.path["customerId"])
    call.account.remove_customer(customer.id)
    return {"customerId": customer.id}


def known_customer(account: Account, customer_id: str) -> Customer:
    """Raises Refusal P0002 for a customer that this gateway number does not have."""
    customer = account.customers.get(customer_id)
    if customer is None:
        raise Refusal.incorrect("customerId")
    return customer


def _shown(customer: Customer) -> dict[str, Any]:
    return {
        "customerId": customer.id,
        "email": customer.email,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "phone": customer.phone,
        "description": customer.description,
        "created": stamp(customer.created_at),
    }
