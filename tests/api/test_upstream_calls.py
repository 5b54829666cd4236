"""What a field promises with @upstream is the most that it costs, and the cost told is the true one."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from graphql import IntValueNode

from tests.api.conftest import BILLING, Answer, Api, raw_card
from tests.api.roots import fields
from tests.far_side import LOOK_UP, caused

BACK = "https://shop.example/back"

# One operation, with everything that it needs made before.
Ready = Callable[[], Awaitable[Answer]]


def promised() -> dict[str, int]:
    """The number of @upstream of each field of a root that has one, as the schema prints it."""
    return {
        field.name: int(argument.value.value)
        for field in fields()
        for directive in field.node.directives or ()
        if directive.name.value == "upstream"
        for argument in directive.arguments or ()
        if isinstance(argument.value, IntValueNode)
    }


async def _saved(api: Api) -> tuple[str, str]:
    customer_id = await api.customer()
    return customer_id, await api.card(customer_id)


async def _loose(api: Api) -> str:
    session = (await api.run("CardSession")).data["createCardSession"]["session"]
    return await api.simulator.hosted_card(session["sessionToken"])


async def customer(api: Api, unique: str) -> Ready:
    return partial(api.run, "Customer", id=await api.customer())


async def cards_of_customer(api: Api, unique: str) -> Ready:
    customer_id, _ = await _saved(api)
    return partial(api.run, "SavedCards", customerId=customer_id)


async def customers_by_ids(api: Api, unique: str) -> Ready:
    query = "query($ids: [ID!]!) { customersByIds(ids: $ids) { email } }"
    return partial(api.query, query, ids=[await api.customer()])


async def customers(api: Api, unique: str) -> Ready:
    await api.customer()
    return partial(api.run, "Customers")


async def payment_method(api: Api, unique: str) -> Ready:
    _, card_id = await _saved(api)
    return partial(api.run, "PaymentMethod", id=card_id)


async def create_customer(api: Api, unique: str) -> Ready:
    given = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Byron"}
    return partial(api.run, "CreateCustomer", input=given, idempotencyKey=unique)


async def delete_customer(api: Api, unique: str) -> Ready:
    customer_id = await api.customer(cards=20)
    return partial(api.run, "DeleteCustomer", id=customer_id)


async def create_card_session(api: Api, unique: str) -> Ready:
    return partial(api.run, "CardSession")


async def create_payment_method(api: Api, unique: str) -> Ready:
    token = await api.session(await api.customer(), "READ_CARDS", "SAVE_CARD", "SET_DEFAULT")
    hosted_id = await _loose(api)
    return partial(
        api.run, "AddCard", key=token, hostedPaymentMethodId=hosted_id, setAsDefault=True
    )


async def create_raw_payment_method(api: Api, unique: str) -> Ready:
    return partial(
        api.run,
        "AddCard",
        customerId=await api.customer(),
        card=raw_card(),
        billing=BILLING,
        setAsDefault=True,
        idempotencyKey=unique,
    )


async def update_payment_method(api: Api, unique: str) -> Ready:
    customer_id, card_id = await _saved(api)
    token = await api.session(customer_id, "SAVE_CARD")
    return partial(api.run, "UpdateCard", key=token, id=card_id, billing=BILLING)


async def attach_payment_method(api: Api, unique: str) -> Ready:
    return partial(
        api.run, "AttachCard", paymentMethodId=await _loose(api), customerId=await api.customer()
    )


async def detach_payment_method(api: Api, unique: str) -> Ready:
    _, card_id = await _saved(api)
    # The cards that are left are another field's answer, with a promise of its own.
    query = "mutation($id: ID!) { detachPaymentMethod(paymentMethodId: $id) { __typename } }"
    return partial(api.query, query, id=card_id)


async def set_default_card(api: Api, unique: str) -> Ready:
    customer_id, card_id = await _saved(api)
    return partial(api.run, "SetDefaultCard", customerId=customer_id, paymentMethodId=card_id)


async def charge(api: Api, unique: str) -> Ready:
    customer_id, card_id = await _saved(api)
    return partial(
        api.run,
        "Charge",
        customerId=customer_id,
        paymentMethodId=card_id,
        order={"amount": {"amount": "10.99", "currency": "USD"}},
        idempotencyKey=unique,
    )


async def reconcile_charge(api: Api, unique: str) -> Ready:
    await api.simulator.fault("POST /confirmCharge", "drop_after")
    charged = await (await charge(api, unique))()
    charge_id = charged.data["charge"]["charge"]["id"]
    query = "mutation($id: ID!) { reconcileCharge(chargeId: $id) { charge { status } } }"
    return partial(api.query, query, id=charge_id)


async def create_checkout(api: Api, unique: str) -> Ready:
    order = {"amount": {"amount": "10.99", "currency": "USD"}}
    made = await api.run(
        "CreateIntent", input={"order": order, "returnUrl": BACK}, idempotencyKey=unique
    )
    intent_id = made.data["createPaymentIntent"]["paymentIntent"]["id"]
    return partial(api.run, "CreateCheckout", paymentIntentId=intent_id, returnUrl=BACK)


async def _paid(api: Api, unique: str) -> str:
    charged = await (await charge(api, unique))()
    charge_id: str = charged.data["charge"]["charge"]["id"]
    return charge_id


async def refund_charge(api: Api, unique: str) -> Ready:
    charge_id = await _paid(api, unique)
    return partial(
        api.run, "RefundCharge", chargeId=charge_id, reason="broken", idempotencyKey=unique
    )


async def refund(api: Api, unique: str) -> Ready:
    await api.simulator.refunds_end("hold")
    made = await (await refund_charge(api, unique))()
    return partial(api.run, "Refund", id=made.data["refundCharge"]["refund"]["id"])


SPAN = {"from": "2026-01-01T00:00:00Z", "to": "2039-01-01T00:00:00Z"}


async def chargebacks(api: Api, unique: str) -> Ready:
    await (await charge(api, unique))()
    return partial(api.run, "Chargebacks", **SPAN)


async def transactions(api: Api, unique: str) -> Ready:
    await (await charge(api, unique))()
    return partial(api.run, "Transactions", filter=SPAN)


PARCEL = {"trackingNumber": "RR123456785CN", "trackingSite": "https://track.example"}


async def upload_shipment(api: Api, unique: str) -> Ready:
    return partial(api.run, "UploadShipment", chargeId=await _paid(api, unique), input=PARCEL)


USES = {
    "customer": [customer, cards_of_customer],
    "customersByIds": [customers_by_ids],
    "customers": [customers],
    "paymentMethod": [payment_method],
    "createCustomer": [create_customer],
    "deleteCustomer": [delete_customer],
    "createCardSession": [create_card_session],
    "createPaymentMethod": [create_payment_method, create_raw_payment_method],
    "updatePaymentMethod": [update_payment_method],
    "attachPaymentMethod": [attach_payment_method],
    "detachPaymentMethod": [detach_payment_method],
    "setDefaultCard": [set_default_card],
    "charge": [charge],
    "createCheckout": [create_checkout],
    "refundCharge": [refund_charge],
    "refund": [refund],
    "chargebacks": [chargebacks],
    "uploadShipment": [upload_shipment],
}


def test_every_field_with_a_promise_is_tried() -> None:
    # The last two need an account that holds money: tests/api/money/test_holds.py.
    tried = {*USES, *LOOKING, "captureCharge", "voidCharge"}
    assert set(promised()) == tried, "each field with @upstream needs a use here"


@pytest.mark.parametrize(
    ("field", "use"), [(field, use) for field, uses in USES.items() for use in uses]
)
async def test_a_field_costs_what_it_tells_and_at_most_what_it_promises(
    api: Api, unique: str, field: str, use: Callable[[Api, str], Awaitable[Ready]]
) -> None:
    run = await use(api, unique)
    before = await api.simulator.calls()
    answer = await run()
    seen = sum(caused(before, await api.simulator.calls()).values())

    assert answer.data
    assert seen == answer.cost["upstreamCalls"]
    assert 1 <= seen <= promised()[field]
    assert seen <= answer.cost["upstreamCallsAtMost"] <= answer.cost["limit"] == 50


LOOKING = {"reconcileCharge": reconcile_charge, "transactions": transactions}


@pytest.mark.parametrize("field", LOOKING)
async def test_a_look_up_that_a_caller_asks_for_is_counted(
    api: Api, unique: str, field: str
) -> None:
    """Apart from the others: the resolver of doubts may look for the same charge at any moment."""
    run = await LOOKING[field](api, unique)
    before = (await api.simulator.calls()).get(LOOK_UP, 0)
    answer = await run()
    seen = (await api.simulator.calls()).get(LOOK_UP, 0) - before

    assert answer.data
    assert 1 <= answer.cost["upstreamCalls"] <= min(seen, promised()[field])
    by = {"idempotencyKey": unique}
    assert (await api.run("ChargeBy", by=by)).data["charge"]["status"] == "SUCCEEDED"
