"""Plans against graphql-core on a schema in which every kind of field can fail."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema

from resolvers.principal import Principal, Role
from schema.plan import Planned
from tests.differential.documents import harder
from tests.differential.reference import every_failure, exactly, explain, nulled_around
from tests.differential.synthetic import Branch, Leaf, Mutation, Query

# graphql-core cancels what it has not yet begun to await; a plan begins nothing that early.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SCHEMA = strawberry.Schema(Query, Mutation, types=[Leaf, Branch])
CORE = SCHEMA._schema
IDS = [
    f"{kind}{number}"
    for kind in ("ok", "null", "fail", "slow-fail", "slow-null")
    for number in range(9)
]
SDL = SCHEMA.as_str()
# The quick run always asks the same; `make differential` always something new.
QUICK = "DIFFERENTIAL_DOCUMENTS" not in os.environ
DOCUMENTS = int(os.environ.get("DIFFERENTIAL_DOCUMENTS", "40"))


@dataclass
class Context:
    """What the synthetic resolvers and the permission look at."""

    role: Role = Role.MERCHANT
    done: list[str] = field(default_factory=list)

    @property
    def principal(self) -> Principal:
        return Principal(self.role, "default", "test")


def _told(errors: Sequence[GraphQLError] | None) -> list[dict[str, Any]]:
    return [
        {**error.formatted, "path": error.path, "raised": type(error.original_error).__name__}
        for error in errors or ()
    ]


async def both_ways(text: str, variables: dict[str, Any], role: Role) -> bool:
    """Run a document both ways and compare. Whether there was a plan."""
    node = parse(text)
    assert validate(CORE, node) == [], text
    contexts = Context(role), Context(role)
    plan = Planned(CORE, node, node.definitions[0]).get()  # type: ignore[arg-type]
    assert plan is not None, text
    planned = await plan.execute(contexts[0], variables)  # type: ignore[arg-type]
    if planned is None:
        return False
    core = await SCHEMA.execute(text, variable_values=variables, context_value=contexts[1])
    told = f"{text}\n{variables}"
    assert planned.data == core.data, told
    assert repr(planned.data) == repr(core.data), told  # the order of keys, and the types
    by_plan, by_core = _told(planned.errors), _told(core.errors)
    failures, must = await every_failure(CORE, node, variables, Context(role))
    try:
        assert exactly(planned.data, by_plan) == exactly(core.data, by_core)
        assert nulled_around(planned.data, by_plan) == nulled_around(core.data, by_core)
        explain(planned.data, by_plan, _told(failures), must)
        explain(core.data, by_core, _told(failures), must)
    except AssertionError as difference:
        difference.add_note(told)
        raise
    assert contexts[0].done == contexts[1].done, told
    return True


@pytest.mark.parametrize(
    "document",
    [
        "{ root { asyncMust leaf { must } } }",
        '{ root(id: "slow-fail3") { asyncMust asyncText branches { asyncMust id } } }',
        '{ many(ids: ["null1","fail2","slow-fail4","ok1"]) { id asyncMust maybeBranches { asyncMust mustLeaf { id must } } } }',
        'query($a: Boolean!) { syncRoot(id: "ok2") { ...F @skip(if: $a) ... @include(if: $a) { label } } } fragment F on Branch { id __typename }',
        'mutation { a: change(id: "ok1") { asyncText } b: mustChange(id: "null2") { id } c: change(id: "ok3") { id } }',
        "query($f: Filter!, $c: Colour) { filtered(filter: $f, colour: $c) }",
        '{ filtered(filter: {of: "a"}) }',
        'mutation { a: mustChange(id: "refused1") { id label } b: mustChange(id: "ok1") { id } }',
        '{ many(ids: ["slow-fail1", "slow-fail2"]) { either { ... on Branch { id } ... on Leaf { must } } } }',
        '{ many(ids: ["ok1", "ok2", "ok3", "ok4", "null1", "null2", "null3", "null4", "fail1", "fail2", "fail3", "fail4"]) { id named { __typename id ... on Leaf { must } ... on Branch { asyncMust } } } }',
    ],
)
@pytest.mark.anyio
async def test_documents_written_by_hand_give_the_same(document: str) -> None:
    variables = {"a": True, "f": {"of": "x", "below": [1]}, "c": "RED"}
    assert await both_ways(document, variables, Role.MERCHANT)


_VARIABLES = """
query ($t: Int = 3, $u: Boolean, $of: ID, $ids: [ID!] = ["ok1"], $c: Colour = RED,
       $f: Filter! = {of: "f"}, $id: ID! = "ok2", $in: Int! = 4) {
  root(id: $id) {
    syncText(times: $t, upper: $u)
    again: syncText(times: $in)
    asyncText(of: $of)
    maybeBranches(ids: $ids) { id }
  }
  filtered(filter: $f, colour: $c)
  inner: filtered(filter: {of: $id, times: $in, below: [1, $in]})
  many(ids: $ids) { id }
}
"""


@pytest.mark.parametrize(
    ("given", "coerces"),
    [
        ({}, True),
        ({"t": None, "u": None, "of": None}, True),
        ({"ids": None}, True),
        ({"ids": []}, True),
        ({"ids": "ok3"}, True),
        ({"ids": ["ok3", 4]}, True),
        ({"ids": ["ok3", None]}, False),
        ({"t": 1.0, "in": 2}, True),
        ({"t": 2**31}, False),
        ({"t": True}, False),
        ({"t": "1"}, False),
        ({"u": 1}, False),
        ({"c": "GREEN", "unknown": 1}, True),
        ({"c": None}, True),
        ({"c": "BLUE"}, False),
        ({"id": 5, "of": 7}, True),
        ({"id": None}, False),
        ({"f": {"of": "x", "times": 3, "below": 5}}, True),
        ({"f": {"of": "x", "times": None}}, False),
        ({"f": {"times": 1}}, False),
    ],
)
@pytest.mark.anyio
async def test_variables_and_their_defaults_give_the_same(
    given: dict[str, Any], coerces: bool
) -> None:
    """What doesn't coerce is graphql-core's to tell."""
    assert await both_ways(_VARIABLES, given, Role.MERCHANT) is coerces


@settings(
    max_examples=DOCUMENTS,
    deadline=None,
    derandomize=QUICK,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.timeout(3000)
@given(from_schema(SDL), st.integers(0, 2**32), st.sampled_from(list(Role)))
def test_generated_documents_give_the_same(text: str, seed: int, role: Role) -> None:
    document, variables = harder(CORE, text, seed, IDS)
    if validate(CORE, parse(document)):
        return
    asyncio.run(both_ways(document, variables, role))
