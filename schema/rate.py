"""What each field of the schema costs, read from what the schema prints."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    get_named_type,
    is_composite_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.directives import MovesMoney, Upstream

# The arguments that say how many are asked for.
_IDS = "ids"
_PAGE = "first"
# Points of a look at the schema.
_SCHEMA = 50


@dataclass(frozen=True, slots=True)
class Rate:
    """One field. `type` is what its selection is of; `sized_by` the argument that gives the size of
    its list, or of the lists right below it; `usual_size` what that is where it is not given."""

    type: str
    is_list: bool = False
    points: int = 0
    calls: int = 0
    each: bool = False
    once: str = ""
    when: frozenset[str] = frozenset()
    money: bool = False
    about_schema: bool = False
    sized_by: str | None = None
    usual_size: int | None = None


def rates_of(schema: GraphQLSchema) -> Mapping[str, Mapping[str, Rate]]:
    """The rates of all fields, by type and name."""
    rates = {
        name: {field: _rate(name, definition) for field, definition in type_.fields.items()}
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    }
    if schema.query_type is not None:
        rates[schema.query_type.name] |= {
            "__schema": Rate(type="__Schema", about_schema=True, points=_SCHEMA),
            "__type": Rate(type="__Type", about_schema=True, points=_SCHEMA),
        }
    return rates


def roots_of(schema: GraphQLSchema) -> Mapping[OperationType, str]:
    """The root type of each kind of operation that there is."""
    return {
        kind: root.name
        for kind in OperationType
        if (root := schema.get_root_type(kind)) is not None
    }


def _rate(type_name: str, field: GraphQLField) -> Rate:
    of = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    named = get_named_type(field.type)
    about_schema = type_name.startswith("__")
    sized_by = next((name for name in (_IDS, _PAGE) if name in field.args), None)
    usual = field.args[sized_by].default_value if sized_by else None
    directives = list(_directives(field))
    upstream = next((it for it in directives if isinstance(it, Upstream)), Upstream(calls=0))
    return Rate(
        type=named.name,
        is_list=isinstance(of, GraphQLList),
        points=int(is_composite_type(named) and not about_schema),
        calls=upstream.calls,
        each=bool(upstream.each),
        once=upstream.once or "",
        when=frozenset(upstream.when or ()),
        money=any(isinstance(it, MovesMoney) for it in directives),
        about_schema=about_schema,
        sized_by=sized_by,
        usual_size=usual if isinstance(usual, int) else None,
    )


def _directives(field: GraphQLField) -> Iterator[Any]:
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    yield from definition.directives if definition is not None else ()
