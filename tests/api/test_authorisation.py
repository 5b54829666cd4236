"""Who may use what on whose things: a line for each argument and each way from one thing to another.

The lines are compared with the schema that is printed. A new field or argument without a line fails
here, and a line is all that it needs.
"""

import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from graphql import FieldDefinitionNode, GraphQLObjectType, get_named_type

from resolvers.principal import ClientPermission
from resolvers.session import ClientSessions
from tests.api.conftest import BILLING, MERCHANT, OPS, SECRET, Api
from tests.api.roots import RootField, fields, roles_of, schema
from tests.far_side import LIST, caused

PERMISSIONS = ("READ_CARDS", "SAVE_CARD", "REMOVE_CARD", "SET_DEFAULT", "PAY")

# What a client session may name: of which kind, and a document with that argument as $asked. The
# other variables are the caller's own: $customer, $card, $intent, $billing.
NAMES = {
    "Query.customer(id)": (
        "customer",
        """query($asked: ID!) { customer(id: $asked) {
          id email savedCards { id } defaultCard { id } charges { nodes { id } }
        } }""",
    ),
    "Query.paymentMethod(id)": ("card", "query($asked: ID!) { paymentMethod(id: $asked) { id } }"),
    "Query.paymentIntent(id)": (
        "intent",
        "query($asked: ID!) { paymentIntent(id: $asked) { id status charges { id } } }",
    ),
    "Query.charge(by: id)": ("charge", "query($asked: ID!) { charge(by: {id: $asked}) { id } }"),
    "Query.charge(by: orderNo)": (
        "order",
        "query($asked: String!) { charge(by: {orderNo: $asked}) { id } }",
    ),
    "Query.charge(by: tradeNo)": (
        "trade",
        "query($asked: String!) { charge(by: {tradeNo: $asked}) { id } }",
    ),
    "Query.charge(by: idempotencyKey)": (
        "key",
        "query($asked: String!) { charge(by: {idempotencyKey: $asked}) { id } }",
    ),
    "Mutation.createCardSession(paymentIntentId)": (
        "intent",
        """mutation($asked: ID!) { createCardSession(paymentIntentId: $asked) {
          session { expiresAt } userErrors { code message path }
        } }""",
    ),
    "Mutation.createPaymentMethod(customerId)": (
        "customer",
        """mutation($asked: ID!, $card: ID!) {
          createPaymentMethod(customerId: $asked, hostedPaymentMethodId: $card) {
            paymentMethod { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.createPaymentMethod(hostedPaymentMethodId)": (
        "hosted",
        """mutation($asked: ID!) { createPaymentMethod(hostedPaymentMethodId: $asked) {
          paymentMethod { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.updatePaymentMethod(id)": (
        "card",
        """mutation($asked: ID!, $billing: BillingInput!) {
          updatePaymentMethod(id: $asked, billing: $billing) {
            paymentMethod { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.attachPaymentMethod(paymentMethodId)": (
        "card",
        """mutation($asked: ID!, $customer: ID!) {
          attachPaymentMethod(paymentMethodId: $asked, customerId: $customer) {
            paymentMethod { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.attachPaymentMethod(customerId)": (
        "customer",
        """mutation($asked: ID!, $card: ID!) {
          attachPaymentMethod(paymentMethodId: $card, customerId: $asked) {
            paymentMethod { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.detachPaymentMethod(paymentMethodId)": (
        "card",
        """mutation($asked: ID!) { detachPaymentMethod(paymentMethodId: $asked) {
          paymentMethod { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.setDefaultCard(customerId)": (
        "customer",
        """mutation($asked: ID!, $card: ID!) {
          setDefaultCard(customerId: $asked, paymentMethodId: $card) {
            customer { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.setDefaultCard(paymentMethodId)": (
        "card",
        """mutation($asked: ID!, $customer: ID!) {
          setDefaultCard(customerId: $customer, paymentMethodId: $asked) {
            customer { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.charge(customerId)": (
        "customer",
        """mutation($asked: ID!, $card: ID!, $intent: ID!) {
          charge(customerId: $asked, paymentMethodId: $card, paymentIntentId: $intent) {
            charge { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.charge(paymentMethodId)": (
        "card",
        """mutation($asked: ID!, $customer: ID!, $intent: ID!) {
          charge(customerId: $customer, paymentMethodId: $asked, paymentIntentId: $intent) {
            charge { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.charge(paymentIntentId)": (
        "intent",
        """mutation($asked: ID!, $customer: ID!, $card: ID!) {
          charge(customerId: $customer, paymentMethodId: $card, paymentIntentId: $asked) {
            charge { id } userErrors { code message path }
        } }""",
    ),
    "Mutation.createCheckout(paymentIntentId)": (
        "intent",
        """mutation($asked: ID!) {
          createCheckout(paymentIntentId: $asked, returnUrl: "https://shop.example/") {
            checkout { url } userErrors { code message path }
        } }""",
    ),
    "Subscription.chargeUpdated(id)": (
        "charge",
        "subscription($asked: ID!) { chargeUpdated(id: $asked) { id } }",
    ),
}
# Arguments of the same fields that name nothing of anybody's; keys are the caller's own, each in
# its own namespace, and positions in a list are looked for within the caller's list alone.
FREE = {
    "Query.charge(waitSeconds)",
    "Mutation.createPaymentMethod(card)",
    "Mutation.createPaymentMethod(billing)",
    "Mutation.createPaymentMethod(setAsDefault)",
    "Mutation.createPaymentMethod(onDuplicate)",
    "Mutation.createPaymentMethod(idempotencyKey)",
    "Mutation.updatePaymentMethod(billing)",
    "Mutation.charge(order)",
    "Mutation.charge(usage)",
    "Mutation.charge(returnUrl)",
    "Mutation.charge(idempotencyKey)",
    "Mutation.createCheckout(returnUrl)",
    "Mutation.createCheckout(method)",
    "Customer.charges(first)",
    "Customer.charges(after)",
}
# Ways from one thing to another that a client session can go, and why what it finds is its own.
WAYS = {
    "Viewer.customer": "the token's own",
    "Viewer.paymentIntent": "the token's own",
    "Customer.savedCards": "of a customer that the caller owns",
    "Customer.defaultCard": "of a customer that the caller owns",
    "Customer.charges": "of a customer that the caller owns",
    "PaymentIntent.charges": "those of other customers are left out",
    "PaymentIntent.paidBy": "null where another customer paid",
    "SavedCard.customer": "of a card in the caller's own list",
    "Charge.customer": "of a charge that the caller may see",
    "Charge.paymentMethod": "of the customer's own list",
    "Charge.refunds": "of a charge that the caller may see",
    "Charge.chargebacks": "of a charge that the caller may see",
    "Charge.shipment": "of a charge that the caller may see",
    "Refund.charge": "where the refund came from",
    "Chargeback.charge": "where the dispute came from",
    "Checkout.charge": "made by this call",
    "IdempotencyError.existingCharge": "made with the caller's own key",
    # Reached from fields for the shop's keys alone.
    "GatewayEvent.charge": "MERCHANT, OPS",
    "GatewayEvent.refund": "MERCHANT, OPS",
    "GatewayEvent.chargeback": "MERCHANT, OPS",
    "Transaction.charge": "MERCHANT, OPS",
}
# Inside types that a client session sees, what it does not.
HIDDEN = {
    "Charge.history": "history { note }",
    "Charge.upstream": "upstream { lastCode }",
    "Decline.merchantMessage": "decline { merchantMessage }",
    "Decline.upstreamCode": "decline { upstreamCode }",
    "UpstreamError.upstreamCode": "",
}
THINGS = {
    "Customer",
    "SavedCard",
    "PaymentIntent",
    "Charge",
    "ChargeConnection",
    "Refund",
    "Chargeback",
    "Shipment",
    "Transaction",
}
UNKNOWN = {
    "customer": "cus_0000000000000000404",
    "card": "pm_0000000000000000404",
    "hosted": "pm_0000000000000000404",
    "intent": "pi_00000000000000000000000000000404",
    "charge": "ch_00000000000000000000000000000404",
    "order": "an-order-of-nobody",
    "trade": "2026112300000000000000",
    "key": "a-key-of-nobody",
}
# What finding out may cost: a look at the caller's own list, and for a hosted card at itself, since
# only Asiabill knows those.
CALLS = {
    "card": {LIST},
    "hosted": {"GET /payment_methods/{customerPaymentMethodId}"},
}


@dataclass
class Buyer:
    """A customer with one of each thing, and its token."""

    token: str
    things: dict[str, str]


async def buyer(api: Api, number: str = "4242424242424242") -> Buyer:
    customer = await api.customer()
    card = await api.card(customer, number)
    order = {"amount": {"amount": "1.00", "currency": "USD"}}
    wanted = {"order": order, "customerId": customer, "returnUrl": "https://shop.example/"}
    paid, open_ = [
        (await api.run("CreateIntent", input=wanted, idempotencyKey=uuid4().hex)).data[
            "createPaymentIntent"
        ]["paymentIntent"]["id"]
        for _ in range(2)
    ]
    token = await api.session(customer, *PERMISSIONS)
    key = uuid4().hex
    made = await api.query(
        """mutation($customer: ID!, $card: ID!, $intent: ID!, $once: String) {
          charge(
            customerId: $customer, paymentMethodId: $card, paymentIntentId: $intent,
            idempotencyKey: $once
          ) { charge { id orderNo tradeNo } }
        }""",
        key=token,
        customer=customer,
        card=card,
        intent=paid,
        once=key,
    )
    charge = made.data["charge"]["charge"]
    things = {
        "customer": customer,
        "card": card,
        "hosted": card,
        "intent": open_,
        "charge": charge["id"],
        "order": charge["orderNo"],
        "trade": charge["tradeNo"],
        "key": key,
    }
    return Buyer(token, things)


@pytest.fixture
async def one(api: Api) -> Buyer:
    return await buyer(api)


@pytest.fixture
async def another(api: Api) -> Buyer:
    return await buyer(api)


def object_types() -> list[GraphQLObjectType]:
    return [
        kind
        for name, kind in schema().type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
    ]


def roots() -> set[str]:
    return {field.root for field in fields()}


def test_every_argument_that_a_client_session_can_give_has_a_line() -> None:
    given: set[str] = set()
    for kind in object_types():
        for name, field in kind.fields.items():
            assert isinstance(field.ast_node, FieldDefinitionNode)
            roles = roles_of(field.ast_node)
            if kind.name in roots() and "CUSTOMER" not in roles:
                continue
            for argument, declared in field.args.items():
                below = get_named_type(declared.type)
                if getattr(below, "is_one_of", False):
                    names = [f"{argument}: {member}" for member in below.fields]
                else:
                    names = [argument]
                given |= {f"{kind.name}.{name}({one})" for one in names}
    assert given == set(NAMES) | FREE


def test_every_way_from_one_thing_to_another_has_a_line() -> None:
    ways = {
        f"{kind.name}.{name}"
        for kind in object_types()
        for name, field in kind.fields.items()
        if kind.name not in roots()
        # A payload holds what its mutation made, and a page what its field asked for.
        and not kind.name.endswith(("Payload", "Connection", "Edge"))
        and get_named_type(field.type).name in THINGS
    }
    assert ways == set(WAYS)


def test_every_field_inside_a_type_that_is_not_for_all_has_a_line() -> None:
    hidden = set()
    for kind in object_types():
        for name, field in kind.fields.items():
            assert isinstance(field.ast_node, FieldDefinitionNode)
            roles = roles_of(field.ast_node)
            if kind.name not in roots() and roles and "CUSTOMER" not in roles:
                hidden.add(f"{kind.name}.{name}")
    assert hidden == set(HIDDEN)


def test_whatever_is_made_of_fields_is_a_thing_or_a_part_of_one() -> None:
    """A new type must be looked at: is it somebody's, and can it be reached by an id?"""
    named = {
        kind.name
        for kind in object_types()
        if any(name == "id" for name in kind.fields) and kind.name not in roots()
    }
    # An event is reached from a subscription for the shop's keys alone.
    assert named <= THINGS | {"GatewayEvent"}


async def asked(api: Api, document: str, token: str, things: dict[str, str], name: str) -> bytes:
    """The answer's bytes, without the id of the request."""
    variables: dict[str, Any] = {**things, "billing": BILLING, "asked": name}
    declared = document.partition("{")[0]
    streamed = declared.startswith("subscription")
    answer = await api.http.post(
        "/graphql",
        json={
            "query": document,
            "variables": {key: value for key, value in variables.items() if f"${key}:" in declared},
        },
        headers={
            "authorization": f"Bearer {token}",
            "accept": "text/event-stream" if streamed else "application/json",
        },
    )
    return answer.content.replace(answer.headers["x-request-id"].encode(), b"...")


@pytest.mark.parametrize("line", NAMES)
async def test_a_foreign_thing_answers_as_an_unknown_one(
    api: Api, one: Buyer, another: Buyer, line: str
) -> None:
    kind, document = NAMES[line]
    answers, calls = [], []
    for name in (another.things[kind], UNKNOWN[kind]):
        before = await api.simulator.calls()
        answers.append(await asked(api, document, one.token, one.things, name))
        calls.append(caused(before, await api.simulator.calls()))
    assert answers[0] == answers[1]
    assert another.things[kind].encode() not in answers[0]
    assert calls[0] == calls[1]
    assert set(calls[0]) <= CALLS.get(kind, set())

    # It is no line that refuses everything: the caller's own thing is another matter.
    own = await asked(api, document, one.token, one.things, one.things[kind])
    assert own != answers[0]
    # What was refused has left no trace on the other's side.
    shown = await api.run("SavedCards", key=another.token, customerId=another.things["customer"])
    assert [card["id"] for card in shown.data["customer"]["savedCards"]] == [another.things["card"]]


TIMED = {
    "Query.customer(id)",
    "Query.paymentMethod(id)",
    "Query.paymentIntent(id)",
    "Query.charge(by: id)",
    "Query.charge(by: orderNo)",
    "Mutation.setDefaultCard(customerId)",
    "Mutation.charge(customerId)",
    "Mutation.charge(paymentIntentId)",
}


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("line", sorted(TIMED))
async def test_a_foreign_thing_takes_as_long_as_an_unknown_one(
    api: Api, one: Buyer, another: Buyer, line: str
) -> None:
    """By the medians of turns, since a machine with other things to do has bad moments."""
    kind, document = NAMES[line]
    names = (another.things[kind], UNKNOWN[kind])
    spent: tuple[list[float], list[float]] = ([], [])
    for turn in range(300):
        for side in (0, 1) if turn % 2 else (1, 0):
            start = time.perf_counter()
            await asked(api, document, one.token, one.things, names[side])
            spent[side].append(time.perf_counter() - start)
    foreign, unknown = map(statistics.median, spent)
    print(f"\n{line}: foreign {foreign * 1000:.2f} ms, unknown {unknown * 1000:.2f} ms")
    assert 0.8 <= foreign / unknown <= 1.25


@pytest.mark.parametrize("line", [line for line in HIDDEN if HIDDEN[line]])
async def test_what_is_hidden_inside_a_type_is_open_to_its_roles_alone(
    shop: Api, line: str
) -> None:
    declined = await buyer_of_declined(shop)
    query = f"query($id: ID!) {{ charge(by: {{id: $id}}) {{ id {HIDDEN[line]} }} }}"
    for key in (MERCHANT, OPS):
        assert (await shop.query(query, key=key, id=declined["id"])).data["charge"]
    refused = await shop.query(query, key=declined["token"], id=declined["id"])
    assert set(refused.codes) == {"FORBIDDEN"}
    # Null, or nothing at all where the hidden field may not be null.
    data = refused.body["data"]["charge"]
    assert data is None or not any(map(bool, (data[HIDDEN[line].split()[0]] or {}).values()))


async def buyer_of_declined(shop: Api) -> dict[str, str]:
    """A charge that the bank refused, at the shop that takes no whole cards."""
    customer = await shop.customer()
    token = await shop.session(customer, *PERMISSIONS)
    session = (await shop.run("CardSession", key=token)).data["createCardSession"]["session"]
    card = await shop.simulator.hosted_card(session["sessionToken"], "4000000000000002")
    await shop.run("AddCard", key=token, hostedPaymentMethodId=card)
    charged = await shop.run(
        "Charge",
        customerId=customer,
        paymentMethodId=card,
        order={"amount": {"amount": "1.00", "currency": "USD"}},
        idempotencyKey=uuid4().hex,
    )
    return {"id": charged.data["charge"]["charge"]["id"], "token": token}


def dead() -> str:
    """A token of this service's own secret whose time is over."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    sessions = ClientSessions([SECRET], lambda: yesterday)
    ttl = timedelta(minutes=15)
    return sessions.mint("default", "cus_1", frozenset(ClientPermission), ttl).token


@pytest.mark.parametrize("field", fields(), ids=str)
async def test_an_expired_token_opens_nothing(shop: Api, field: RootField) -> None:
    query, variables = field.operation()
    before = await shop.simulator.calls()
    answer = await shop.query(query, key=dead(), **variables)
    assert answer.status == 401
    assert answer.codes == ["UNAUTHENTICATED"]
    assert "data" not in answer.body
    assert caused(before, await shop.simulator.calls()) == {}
