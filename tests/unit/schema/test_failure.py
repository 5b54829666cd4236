"""What a client is told of an error: foreseen ones in their own words, others not at all."""

import re
from time import perf_counter
from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.asiabill import AsiabillError, NoAnswer, NotSent, Refused
from ledger import LedgerUnavailable
from resolvers.failure import BadUserInput, Failure, Forbidden, LimitExceeded, Unauthenticated
from resolvers.rejection import ErrorCode, Rejection
from schema import root
from schema.failure import shown

CARD = "4242424242424242"
INSIDE = f"pm_1 of /srv/gateway.db with {CARD} and 12H4567r"


def told(cause: Exception | None, message: str = "x") -> tuple[dict[str, Any], list[BaseException]]:
    """What the client gets, and what the log gets."""
    logged: list[BaseException] = []
    error = GraphQLError(message, original_error=cause, path=["charge"])
    return shown(error, "request-1", logged.append), logged


@pytest.mark.parametrize(
    ("cause", "code", "retryable"),
    [
        (Unauthenticated("Sign in."), "UNAUTHENTICATED", False),
        (Forbidden("Not you."), "FORBIDDEN", False),
        (BadUserInput("first is wrong."), "BAD_USER_INPUT", False),
        (LimitExceeded("Too many."), "LIMIT_EXCEEDED", False),
    ],
)
def test_a_failure_is_told_in_its_own_words(cause: Failure, code: str, retryable: bool) -> None:
    error, logged = told(cause)
    assert error["message"] == str(cause)
    assert error["path"] == ["charge"]
    assert error["extensions"] == {
        "code": code,
        "requestId": "request-1",
        "retryable": retryable,
    }
    assert logged == []


@pytest.mark.parametrize(
    ("cause", "code", "retryable"),
    [
        (Refused("GET /x", "r", "P0001", INSIDE), "UPSTREAM_REJECTED", False),
        (Refused("GET /x", "r", "P0002", "Saved cards are not enabled"), None, False),
        (NoAnswer("GET /x", "r", INSIDE), "UPSTREAM_UNAVAILABLE", True),
        (NotSent("GET /x", "r", INSIDE), "UPSTREAM_UNAVAILABLE", True),
    ],
)
def test_asiabills_failure_is_told_without_its_words(
    cause: AsiabillError, code: str | None, retryable: bool
) -> None:
    error, logged = told(cause)
    assert error["extensions"]["code"] == (code or "SAVED_CARDS_NOT_ENABLED")
    assert error["extensions"]["retryable"] is retryable
    assert ("retryAfterSeconds" in error["extensions"]) is retryable
    assert INSIDE not in str(error)
    assert CARD not in str(error)
    assert logged == []


def test_a_rejection_of_a_read_is_told_as_wrong_input() -> None:
    error, logged = told(Rejection(ErrorCode.INVALID_INPUT, "first is wrong.", ("first",)))
    assert (error["message"], error["extensions"]["code"]) == ("first is wrong.", "BAD_USER_INPUT")
    assert logged == []


@pytest.mark.parametrize(
    "cause", [RuntimeError(INSIDE), KeyError(INSIDE), AssertionError(INSIDE), OSError(5, INSIDE)]
)
def test_what_nobody_foresaw_is_told_to_the_log_alone(cause: Exception) -> None:
    error, logged = told(cause, message=INSIDE)
    assert error["message"] == "Something went wrong in the gateway."
    assert error["extensions"]["code"] == "INTERNAL"
    for inside in ("pm_1", "/srv", CARD, type(cause).__name__):
        assert inside not in str(error)
    assert logged == [cause]


def test_a_database_that_is_away_may_come_back() -> None:
    error, logged = told(LedgerUnavailable(INSIDE))
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["retryable"] is True
    assert INSIDE not in str(error)
    assert len(logged) == 1


SCHEMA = root.build()
CREATE = """mutation($i: CustomerInput!) {
  createCustomer(input: $i, idempotencyKey: "k") { replayed } }"""
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
MARK = "zqx"


def marked(value: Any) -> Any:
    """The same value with a mark in each text, keys too, that stands for what a client typed."""
    if isinstance(value, str):
        return f"{value}{MARK} {CARD}"
    if isinstance(value, list):
        return [marked(one) for one in value]
    if isinstance(value, dict):
        return {f"{key}{CARD}": marked(one) for key, one in value.items()}
    return value


def messages(query: str, variables: dict[str, Any]) -> list[str]:
    result = SCHEMA.execute_sync(query, variable_values=variables)
    return [
        shown(error, "r", lambda cause: pytest.fail(repr(cause)))["message"]
        for error in result.errors or ()
    ]


@settings(max_examples=40, deadline=None)
@given(ANY)
def test_a_wrong_variable_is_never_repeated(value: Any) -> None:
    for given_value in (
        marked(value),
        {"email": marked(value), "firstName": marked(value)},
        {"email": "a@b.c", "firstName": "A", "lastName": "B", f"{MARK}{CARD}": marked(value)},
    ):
        found = messages(CREATE, {"i": given_value})
        assert found
        for message in found:
            assert CARD not in message
            # A made-up field's own name is told, so that a typo can be found.
            assert MARK not in message.replace(f"'{MARK}...'", "")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30))
def test_a_wrong_literal_is_never_repeated(text: str) -> None:
    literal = '"' + "".join(f"\\u{ord(one):04x}" for one in f"{MARK}{text}" if ord(one) < 0xD800)
    for query in (
        f'mutation {{ createCustomer(input: {literal}", idempotencyKey: "k") {{ replayed }} }}',
        f'{{ customers(first: {literal}") {{ totalCount }} }}',
        f'{{ customer(id: {{a: {literal}"}}) {{ id }} }}',
        f'{{ viewer {literal}" }}',
    ):
        found = messages(query, {})
        assert found
        assert not any(MARK in message for message in found)


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        (
            CREATE,
            {"i": {"email": 1, "firstName": "A", "lastName": "B"}},
            "Variable '$i' has invalid value at .email: String cannot represent a non string value.",
        ),
        (
            CREATE,
            {"i": {"email": "a@b.c", "firstName": "A"}},
            "Variable '$i' has invalid value: Expected value of type 'CustomerInput' to include "
            "required field 'lastName'.",
        ),
        ("{ viewr { role } }", {}, "Cannot query field 'viewr' on type 'Query'."),
    ],
)
def test_a_typo_can_still_be_found_by_its_message(
    query: str, variables: dict[str, Any], message: str
) -> None:
    (found,) = messages(query, variables)
    assert found.startswith(message)


def test_no_name_is_suggested_where_the_schema_is_not_to_be_explored() -> None:
    closed, open_ = root.build(introspection=False), root.build()
    for query in ("{ viewer { rol } }", '{ customer(idd: "x") { id } }', "query($a: Charg) { x }"):
        assert "Did you mean" in str(open_.execute_sync(query).errors)
        assert "Did you mean" not in str(closed.execute_sync(query).errors)


# What somebody who guesses can hit, and what graphql-core would tell beside it.
INTENT = """mutation($input: %s!) {
  createPaymentIntent(input: $input, idempotencyKey: "k") { replayed }
}"""
GUESSES: list[tuple[str, dict[str, object], str]] = [
    ("{ viewer }", {}, "Viewer"),
    ("{ viewer { role { x } } }", {}, "Role"),
    ("{ viewer { x } }", {}, "Viewer"),
    ("{ x }", {}, "Query"),
    ("{ customer { id } }", {}, "ID"),
    ("{ customer(id: 1.5) { id } }", {}, "ID"),
    ("mutation { createPaymentIntent(input: {}) { replayed } }", {}, "order"),
    ("query($i: Int) { customer(id: $i) { id } }", {"i": 1}, "ID"),
    ("{ viewer { ... on Charge { id } } }", {}, "Viewer"),
    (INTENT % "PaymentIntentInput", {"input": {}}, "order"),
    (INTENT % "PaymentIntentInput", {"input": {"order": {}}}, "amount"),
    (INTENT % "Int", {"input": 1}, "PaymentIntentInput"),
]


@pytest.fixture(scope="module")
def open_() -> root.Schema:
    return root.build()


@pytest.fixture(scope="module")
def closed() -> root.Schema:
    return root.build(introspection=False)


@pytest.mark.parametrize(("query", "variables", "beside"), GUESSES)
def test_a_right_guess_tells_no_further_name(
    open_: root.Schema,
    closed: root.Schema,
    query: str,
    variables: dict[str, object],
    beside: str,
) -> None:
    def named(schema: root.Schema) -> set[str]:
        errors = schema.execute_sync(query, variable_values=variables).errors
        assert errors
        told = re.findall(r"'[^']*'|\w+(?= cannot represent)", " ".join(e.message for e in errors))
        return set(re.findall(r"\w+", " ".join(told)))

    assert beside in named(open_)
    assert named(closed) <= set(re.findall(r"\w+", f"{query} {variables} …"))


@pytest.mark.parametrize(
    "text", ["a" * 60_000, " Did you mean" * 4_600, "'a" * 30_000, "a " * 30_000]
)
def test_names_are_taken_out_of_long_messages_in_no_time(closed: root.Schema, text: str) -> None:
    """graphql-core quotes a wrong literal whole, and the loop waits while its message is read."""
    before = perf_counter()
    query = '{ charges(first: "' + text + '") { edges { cursor } } }'
    errors = closed.execute_sync(query).errors
    # A tenth of that on an idle machine; in quadratic time a minute and more.
    assert perf_counter() - before < 3
    assert errors
    assert errors[0].message.startswith(f'… cannot represent non-integer value: "{text}')
