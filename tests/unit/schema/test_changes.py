"""What changed between two schemas, by whom it hurts."""

import pytest
from graphql import GraphQLError

from schema import changes

BEFORE = """
type Query { card(id: ID!, first: Int = 10): Card }
type Card { id: ID! brand: Brand last4: String }
enum Brand { VISA AMEX }
input Order { amount: String! note: String }
type Mutation { pay(order: Order!): Card }
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("last4: String", ""),
        ("last4: String", "last4: Int"),
        ("id: ID! brand", "id: ID brand"),
        ("VISA AMEX", "VISA"),
        ("card(id: ID!, first", "card(id: ID!, kind: ID!, first"),
        ("note: String }", "note: String shop: ID! }"),
        ("note: String }", "}"),
        ("type Mutation { pay(order: Order!): Card }", "type Mutation { pay: Card }"),
    ],
)
def test_what_breaks_a_client_is_breaking(old: str, new: str) -> None:
    found = changes.between(BEFORE, BEFORE.replace(old, new))
    assert found.breaking
    assert all(": " in line for line in found.breaking)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("VISA AMEX", "VISA AMEX JCB"),
        ("first: Int = 10", "first: Int = 20"),
        ("first: Int = 10", "first: Int = 10, kind: ID"),
        ("note: String }", "note: String shop: ID }"),
    ],
)
def test_what_may_surprise_a_client_is_dangerous(old: str, new: str) -> None:
    found = changes.between(BEFORE, BEFORE.replace(old, new))
    assert found.breaking == []
    assert found.dangerous


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("last4: String", "last4: String billing: String"),
        ("last4: String", "last4: String!"),
        ("enum Brand", "type New { id: ID } enum Brand"),
        ("type Card", '"Stored." type Card'),
    ],
)
def test_what_no_client_notices_is_safe(old: str, new: str) -> None:
    found = changes.between(BEFORE, BEFORE.replace(old, new))
    assert (found.breaking, found.dangerous) == ([], [])
    assert found.safe


def test_the_same_schema_has_not_changed() -> None:
    assert changes.between(BEFORE, BEFORE) == changes.Changes([], [], [])


def test_what_is_no_schema_is_an_error() -> None:
    with pytest.raises(GraphQLError):
        changes.between("type {", BEFORE)
