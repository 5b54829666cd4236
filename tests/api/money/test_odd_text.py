"""Every text that a caller may write, in every field of a root, on both databases: refused or kept."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from tests.api.conftest import MERCHANT, Api
from tests.api.money.checkout import Checkout
from tests.api.roots import sample, schema

# The first ends SQLite's driver, the second PostgreSQL's.
ODD = (
    "\ud800",
    "\x00",
    "\r\nx-injected: 1",
    "\u202eevil",
    "\u2028",
    "x" * 50_000,
    "%00",
    "../../",
    "'; DROP TABLE charges; --",
    "",
)
_NO_TEXT = {"Int", "Boolean", "Float"}
_DEPTH = 5


@dataclass(frozen=True)
class Step:
    """A field on the way to a text; `alone` where its object takes no other beside it."""

    name: str
    kind: GraphQLInputType
    alone: bool = False


Path = tuple[Step, ...]
Call = tuple[str, dict[str, Any], Path]


def texts_of(path: Path) -> Iterator[Path]:
    """The way to every text below an argument."""
    kind = path[-1].kind
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    if isinstance(kind, GraphQLInputObjectType):
        if len(path) < _DEPTH:
            for name, field in kind.fields.items():
                yield from texts_of((*path, Step(name, field.type, kind.is_one_of)))
    elif isinstance(kind, GraphQLScalarType) and kind.name not in _NO_TEXT:
        yield path


def calls() -> list[Call]:
    """For each text of each query and mutation: a document, what it needs, and where the text goes."""
    built = schema()
    assert built.query_type is not None
    assert built.mutation_type is not None
    return [call for root in (built.query_type, built.mutation_type) for call in calls_of(root)]


def calls_of(root: GraphQLObjectType) -> Iterator[Call]:
    for name, field in root.fields.items():
        below = ""
        if is_composite_type(shown := get_named_type(field.type)):
            pages = isinstance(shown, GraphQLObjectType) and "nodes" in shown.fields
            below = " { nodes { __typename } }" if pages else " { __typename }"
        needed = {one for one, argument in field.args.items() if is_required_argument(argument)}
        for one, argument in field.args.items():
            given = {key: field.args[key].type for key in sorted(needed | {one})}
            declared = ", ".join(f"${key}: {kind}" for key, kind in given.items())
            passed = ", ".join(f"{key}: ${key}" for key in given)
            query = f"{root.name.lower()}({declared}) {{ {name}({passed}){below} }}"
            variables = {key: sample(kind) for key, kind in given.items()}
            for path in texts_of((Step(one, argument.type),)):
                yield query, variables, path


def put(variables: dict[str, Any], path: Path, text: str, real: dict[str, str]) -> dict[str, Any]:
    """The variables with that text in its place, and with ids of what there is in theirs."""
    changed = deepcopy(variables)
    for key in real.keys() & changed.keys():
        changed[key] = real[key]
    place: Any = changed
    for step in path:
        if step.alone:
            place.clear()
        place.setdefault(step.name, sample(step.kind))
        listed = isinstance(place[step.name], list)
        if step is path[-1]:
            place[step.name] = [text] if listed else text
        else:
            place = place[step.name][0] if listed else place[step.name]
    return changed


async def shot(api: Api, call: Call, text: str, real: dict[str, str]) -> None:
    query, variables, path = call
    body = json.dumps({"query": query, "variables": put(variables, path, text, real)})
    headers = {"authorization": f"Bearer {MERCHANT}", "content-type": "application/json"}
    answer = await api.http.post("/graphql", content=body, headers=headers)
    told = f"{query} {[step.name for step in path]} {text[:30]!r} {answer.text[:500]}"
    assert answer.status_code < 500, told
    codes = [error["extensions"]["code"] for error in answer.json().get("errors", [])]
    assert "INTERNAL" not in codes, told
    assert "x-injected" not in answer.headers, told


@pytest.mark.timeout(300)
@pytest.mark.parametrize("thorough", [False, pytest.param(True, marks=pytest.mark.slow)])
async def test_odd_text_in_any_place_of_the_schema_is_refused_or_kept(
    checkout: Checkout, thorough: bool
) -> None:
    """Each place gets one text that ends a database's driver and one other; the long run all of them."""
    real = {
        "customerId": checkout.customer_id,
        "paymentMethodId": checkout.card_id,
        "chargeId": (await checkout.paid())["id"],
    }
    every = calls()
    assert len(every) > 100
    for number, call in enumerate(every):
        two = (ODD[number % 2], ODD[2 + number % (len(ODD) - 2)])
        for text in ODD if thorough else two:
            await shot(checkout.api, call, text, real)
    # The ledger is whole, and serves.
    answer = await checkout.api.run("ChargeBy", by={"id": real["chargeId"]})
    assert answer.data["charge"]["status"] == "SUCCEEDED"
