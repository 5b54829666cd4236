"""No card number and no security code is ever told, logged or kept, wherever a client put it."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import BILLING, MERCHANT, Api

# No number that any other test uses; all pass the check digit. The code is as rare as it can be.
NUMBER = "4929000000006"
SPACED = "4929 1234 5678 9015"
DASHED = "5105-1051-0510-5100"
MASTERCARD = "5105105105105100"
CODE = "7391"
CANARIES = (NUMBER, SPACED, SPACED.replace(" ", ""), DASHED, MASTERCARD, f"5105.{CODE}")

CARD = {"number": MASTERCARD, "expMonth": 1, "expYear": 2039, "securityCode": CODE}

ADD = (
    "mutation($c: RawCard!) { createPaymentMethod(customerId: CUSTOMER, card: $c) { __typename } }"
)
CREATE = """mutation($i: CustomerInput!) {
  createCustomer(input: $i, idempotencyKey: KEY) { userErrors { message } } }"""


def documents() -> dict[str, tuple[str, dict[str, Any]]]:
    """A document and its variables for each place where a client can put a text."""
    wrong_cards: dict[str, Any] = {
        "a misspelt field": {**CARD, "cvv": CODE},
        "a missing field": {"number": MASTERCARD, "securityCode": CODE},
        "a wrong check digit": {**CARD, "number": "5105105105105101"},
        "a wrong month": {**CARD, "expMonth": CODE},
        "a number as text": MASTERCARD + CODE,
        "a number": int(MASTERCARD),
        "a list": [MASTERCARD, CODE],
        "a nested number": {**CARD, "number": {"pan": MASTERCARD, "cvv": CODE}},
        "a trick": f"x; Expected {MASTERCARD}; found: y' does not exist {CODE}",
    }
    literal = f'{{number: "{MASTERCARD}", expMonth: 1, expYear: 2039, securityCode: "{CODE}"}}'
    wrong_customers: dict[str, Any] = {
        "a text": f"{MASTERCARD} {CODE}",
        "a list": [SPACED, CODE],
        "a field of no name": {MASTERCARD: CODE, "email": "a@b.c"},
        "a number": {"email": int(MASTERCARD), "firstName": int(CODE), "lastName": 1.5},
        "an object": {"email": {"pan": SPACED, "cvv": CODE}, "firstName": "A", "lastName": "B"},
    }
    named = {"email": "a@b.c", "firstName": "A", "lastName": "B"}
    found: dict[str, tuple[str, dict[str, Any]]] = {
        **{f"card: {name}": (ADD, {"c": card}) for name, card in wrong_cards.items()},
        **{f"customer: {name}": (CREATE, {"i": given}) for name, given in wrong_customers.items()},
        **{
            f"customer's {name}": (CREATE, {"i": {**named, name: f"{value}"}})
            for name, value in zip(
                ("firstName", "lastName", "phone", "description", "email"),
                (SPACED, DASHED, MASTERCARD, f"card {NUMBER} ok", f"{MASTERCARD}@b.c"),
                strict=True,
            )
        },
        "card as a literal": (
            f"mutation {{ createPaymentMethod(card: {literal}) {{ __typename }} }}",
            {},
        ),
        "card as another's literal": (f"{{ customer(id: {literal}) {{ id }} }}", {}),
        "card as a literal text": (
            f'mutation {{ createPaymentMethod(card: "{SPACED} {CODE}") {{ __typename }} }}',
            {},
        ),
        "card as a default": (
            f"query($c: RawCard = {literal}) {{ viewer {{ role }} }}",
            {},
        ),
        "an object for an id": ("query($i: ID!) { customer(id: $i) { id } }", {"i": CARD}),
        "a float for an id": ("query($i: ID!) { customer(id: $i) { id } }", {"i": 5105.7391}),
        "a list for ids": ("query($i: [ID!]!) { customersByIds(ids: $i) { id } }", {"i": [CARD]}),
        "a number for a page": (
            "query($f: Int) { customers(first: $f) { totalCount } }",
            {"f": int(MASTERCARD)},
        ),
        "a cursor": ("query($a: String) { customers(after: $a) { totalCount } }", {"a": SPACED}),
        "a customer's id": ("query($i: ID!) { customer(id: $i) { id } }", {"i": MASTERCARD}),
        "customers' ids": (
            "query($i: [ID!]!) { customersByIds(ids: $i) { id } }",
            {"i": [MASTERCARD, int(MASTERCARD), NUMBER]},
        ),
        "a card's id": ("query($i: ID!) { paymentMethod(id: $i) { id } }", {"i": MASTERCARD}),
        "an id in a lookup": (
            "query($b: ChargeLookup!) { charge(by: $b) { id } }",
            {"b": {"orderNo": MASTERCARD}},
        ),
        "two ids in a lookup": (
            "query($b: ChargeLookup!) { charge(by: $b) { id } }",
            {"b": {"orderNo": MASTERCARD, "tradeNo": CODE}},
        ),
        "an order's number": (
            """mutation($o: OrderInput!) { charge(customerId: CUSTOMER, paymentMethodId: CARD,
              order: $o, idempotencyKey: KEY) { charge { orderNo } userErrors { message } } }""",
            {"o": {"amount": {"amount": "1.00", "currency": "USD"}, "orderNo": MASTERCARD}},
        ),
        "an order's note": (
            """mutation($o: OrderInput!) { charge(customerId: CUSTOMER, paymentMethodId: CARD,
              order: $o, idempotencyKey: KEY) { charge { orderNo } userErrors { message } } }""",
            {"o": {"amount": {"amount": "1.00", "currency": "USD"}, "remark": SPACED}},
        ),
        "an amount": (
            """mutation($o: OrderInput!) { charge(customerId: CUSTOMER, paymentMethodId: CARD,
              order: $o, idempotencyKey: KEY) { charge { orderNo } userErrors { message } } }""",
            {"o": {"amount": {"amount": int(MASTERCARD), "currency": CODE}}},
        ),
        "a key": (
            """mutation($k: String!) { createCustomer(input: {email: "a@b.c", firstName: "A",
              lastName: "B"}, idempotencyKey: $k) { userErrors { message } } }""",
            {"k": DASHED},
        ),
        "a key of a charge": (
            """mutation($k: String!) { charge(customerId: CUSTOMER, paymentMethodId: CARD,
              order: {amount: {amount: "1.00", currency: "USD"}}, idempotencyKey: $k) {
              charge { orderNo } userErrors { message } } }""",
            {"k": MASTERCARD},
        ),
        "a session's customer": (
            "mutation($i: ClientSessionInput!) { createClientSession(input: $i) { __typename } }",
            {"i": {"customerId": MASTERCARD}},
        ),
        "a permission": (
            "mutation($i: ClientSessionInput!) { createClientSession(input: $i) { __typename } }",
            {"i": {"customerId": "cus_1", "permissions": [f"{MASTERCARD} {CODE}"]}},
        ),
        "a billing name": (
            """mutation($b: BillingInput!) { updatePaymentMethod(id: CARD, billing: $b) {
              userErrors { message } } }""",
            {"b": {**BILLING, "firstName": SPACED}},
        ),
        "a country": (
            """mutation($b: BillingInput!) { updatePaymentMethod(id: CARD, billing: $b) {
              userErrors { message } } }""",
            {"b": {**BILLING, "address": {**_ADDRESS, "country": f"{SPACED} {CODE}"}}},
        ),
        "a name that is none": (f"{{ x{CODE}: viewr_{CODE} {{ a{MASTERCARD} }} }}", {}),
        "a variable that is none": (f"{{ customer(id: $v{MASTERCARD}) {{ id }} }}", {}),
        "a directive that is none": (f"{{ viewer @d{CODE} {{ role }} }}", {}),
        "a wrong place": (f'query "{SPACED}" "{CODE}" {{ viewer {{ role }} }}', {}),
        "a stray number": (f"{{ viewer {MASTERCARD} {CODE} }}", {}),
        "a comment": (f"# {SPACED} {CODE}\n{{ viewer {{ role }} }}", {}),
    }
    return found


_ADDRESS = {"line1": "1 High St", "city": "London", "postalCode": "N1", "country": "GB"}
DOCUMENTS = documents()


def told(text: str) -> list[str]:
    """The canaries that a text holds.

    A code's four digits come by chance in ids, times, ports and whatever else is counted: there they
    are a part of something longer.
    """
    text = re.sub(
        r"\b(cus|pm|ch|pi|rf|cb)_\w+|[0-9a-f]{32,}|\d{4}-\d\d-\d\d[T ][\d:.]+|127\.0\.0\.1:\d+",
        "",
        text,
    )
    found = [canary for canary in CANARIES if canary in text]
    return found + re.findall(rf"(?<![\d.]){CODE}(?!\.?\d)", text)


def test_a_code_is_seen_where_it_stands_for_itself() -> None:
    for text in (
        CODE,
        f"cvv:{CODE}",
        f'"{CODE}"',
        f"x{CODE}",
        f"{MASTERCARD} {CODE}.",
        f"-{CODE},",
    ):
        assert CODE in told(text), text
    for text in (f"5{CODE}.0", f"{CODE}.0", f"0.00{CODE}", f"1.6{CODE}e+09", "127.0.0.1:7391"):
        assert told(text) == [], text


@pytest.fixture(scope="module", autouse=True)
def nothing_is_kept(folder: Path) -> Any:
    """After all of it, the log and the database of the gateway that was asked hold none."""
    yield
    assert told((folder / "serve.log").read_text()) == []
    database = folder / "gateway.db"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        dump = "\n".join(connection.iterdump())
    assert "INSERT INTO" in dump
    assert told(dump) == []


@pytest.fixture
async def filled(api: Api, unique: str) -> dict[str, str]:
    customer_id = await api.customer()
    return {
        "CUSTOMER": f'"{customer_id}"',
        "CARD": f'"{await api.card(customer_id)}"',
        "KEY": f'"{unique}"',
    }


@pytest.mark.parametrize("place", DOCUMENTS)
async def test_no_answer_tells_a_card(api: Api, filled: dict[str, str], place: str) -> None:
    query, variables = DOCUMENTS[place]
    for word, value in filled.items():
        query = query.replace(word, value)
    answer = await api.query(query, **variables)
    assert "INTERNAL" not in answer.codes
    assert told(str(answer.body)) == []
    assert told(str(answer.headers)) == []
    assert await api.simulator.transactions() == []


async def test_no_answer_tells_a_card_that_was_no_variable_at_all(api: Api) -> None:
    headers = {"authorization": f"Bearer {MERCHANT}", "content-type": "application/json"}
    bodies = [
        f'{{"query": "{{ viewer {{ role }} }}", "operationName": "{SPACED} {CODE}"}}',
        f'{{"query": "{{ viewer {{ role }} }}", "operationName": {MASTERCARD}}}',
        f'{{"query": {MASTERCARD}, "variables": {CODE}}}',
        f'{{"query": "{{ viewer {{ role }} }}", "variables": "{SPACED} {CODE}"}}',
        f'{{"query": "{{ viewer {{ role }} }}", "{MASTERCARD}": {CODE}}}',
        f'{{"{MASTERCARD}": {CODE},',
        f"{MASTERCARD} {CODE}",
    ]
    for body in bodies:
        answer = await api.http.post("/graphql", content=body, headers=headers)
        assert told(answer.text) == []
    by_header = await api.http.post(
        "/graphql",
        json={"query": "{ viewer { role } }"},
        headers={"authorization": f"Bearer {MASTERCARD}{CODE}"},
    )
    assert told(by_header.text) == []
    by_address = await api.http.get("/graphql", params={"card": MASTERCARD, "cvv": CODE})
    assert told(by_address.text) == []


async def test_a_good_card_goes_to_asiabill_and_nowhere_else(api: Api) -> None:
    customer_id = await api.customer()
    answer = await api.run(
        "AddCard", customerId=customer_id, card=CARD, billing=BILLING, idempotencyKey=customer_id
    )
    payload = answer.data["createPaymentMethod"]
    assert payload["paymentMethod"]["last4"] == MASTERCARD[-4:]
    assert told(str(answer.body)) == []


async def test_a_refused_card_is_not_told_either(api: Api) -> None:
    """Asiabill's own words may repeat what was sent."""
    customer_id = await api.customer()
    for effect in ("status_500_after", "garbage", "html"):
        await api.simulator.fault("POST /payment_methods", effect)
        answer = await api.run("AddCard", customerId=customer_id, card=CARD, billing=BILLING)
        assert told(str(answer.body)) == []
    expired = await api.run(
        "AddCard", customerId=customer_id, card={**CARD, "expYear": 2020}, billing=BILLING
    )
    assert told(str(expired.body)) == []


async def test_keys_and_tokens_are_not_logged(api: Api, folder: Path) -> None:
    token = await api.session(await api.customer(), "READ_CARDS")
    await api.run("Viewer", key=token)
    await api.run("Viewer", key=token + "x")
    logs = "".join((folder / name).read_text() for name in ("serve.log", "simulator.log"))
    for secret in (MERCHANT, token, "12H4567r", token.split(".")[2]):
        assert secret not in logs


async def test_metrics_tell_no_card(api: Api) -> None:
    page: httpx.Response = await api.http.get("/metrics")
    assert told(page.text) == []
