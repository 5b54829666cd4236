"""Plans against graphql-core on a schema in which every kind of field can fail."""

import asyncio
import gc
import os
from collections.abc import Iterator, Sequence
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
QUICK = int(os.environ.get("DIFFERENTIAL_DOCUMENTS", "100"))


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """What graphql-core leaves lying is collected here, and not in another test."""
    yield
    gc.collect()


@dataclass
class Context:
    """What the synthetic resolvers and the permission look at."""

    role: Role = Role.MERCHANT
    done: list[str] = field(default_factory=list)

    @property
    def principal(self) -> Principal:
        return Principal(self.role, "default", "test")


def _told(data: Any, errors: Sequence[GraphQLError] | None) -> list[str]:
    """The errors, each by the place that it made null.

    Where several failures side by side would make the same place null, the first ends the others,
    and which is first is a matter of the loop's turns.
    """
    return sorted(
        repr(
            (
                place,
                error.message,
                [location.formatted for location in error.locations or ()],
                type(error.original_error).__name__,
                error.extensions,
            )
            if (place := _nulled(data, error.path or [])) == error.path
            else place
        )
        for error in errors or ()
    )


def _nulled(data: Any, path: Sequence[str | int]) -> list[str | int]:
    place: list[str | int] = []
    for key in path:
        if data is None:
            break
        data = data[key]
        place.append(key)
    return place


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
    if core.data is not None:
        assert _told(planned.data, planned.errors) == _told(core.data, core.errors), told
    else:
        # What fails first ends the rest; which is first is a matter of the loop's turns.
        assert planned.errors, told
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
    ],
)
@pytest.mark.anyio
async def test_documents_written_by_hand_give_the_same(document: str) -> None:
    variables = {"a": True, "f": {"of": "x", "below": [1]}, "c": "RED"}
    assert await both_ways(document, variables, Role.MERCHANT)


@settings(
    max_examples=QUICK,
    deadline=None,
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
