"""The fields of the schema's roots, read from the schema that is printed, and a call of each."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    FieldDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

from schema import root

# A value that each scalar takes. Ids are of nothing that exists.
_SCALARS: dict[str, Any] = {
    "ID": "cus_0000000000000000404",
    "String": "text@example.com",
    "Int": 1,
    "Boolean": False,
    "Decimal": "1.00",
    "CurrencyCode": "USD",
    "CountryCode": "DE",
    "URL": "https://shop.example/back",
    "DateTime": "2026-01-01T00:00:00Z",
    "RawCard": "4242424242424242",
}


@dataclass(frozen=True)
class RootField:
    """`root` is Query, Mutation or Subscription; `roles` are those of its printed @auth."""

    root: str
    name: str
    node: FieldDefinitionNode
    roles: frozenset[str]

    def operation(self) -> tuple[str, dict[str, Any]]:
        """A document that asks for this field alone, with what its arguments need, as variables."""
        field = _roots()[self.root].fields[self.name]
        arguments = {
            name: argument
            for name, argument in field.args.items()
            if is_required_argument(argument)
        }
        below = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
        kind = self.root.lower()
        if not arguments:
            return f"{kind} {{ {self.name}{below} }}", {}
        declared = ", ".join(f"${name}: {argument.type}" for name, argument in arguments.items())
        passed = ", ".join(f"{name}: ${name}" for name in arguments)
        query = f"{kind}({declared}) {{ {self.name}({passed}){below} }}"
        return query, {name: sample(argument.type) for name, argument in arguments.items()}

    def __str__(self) -> str:
        return f"{self.root}.{self.name}"


def fields() -> list[RootField]:
    """Every field of every root."""
    return [
        RootField(kind.name, name, field.ast_node, roles_of(field.ast_node))
        for kind in _roots().values()
        for name, field in kind.fields.items()
        if field.ast_node
    ]


@cache
def schema() -> GraphQLSchema:
    return build_schema(root.build().as_str())


def _roots() -> dict[str, GraphQLObjectType]:
    built = schema()
    kinds = (built.query_type, built.mutation_type, built.subscription_type)
    return {kind.name: kind for kind in kinds if kind}


def roles_of(node: FieldDefinitionNode) -> frozenset[str]:
    return frozenset(
        role.value
        for directive in node.directives or ()
        if directive.name.value == "auth"
        for argument in directive.arguments or ()
        for role in getattr(argument.value, "values", ())
    )


def sample(kind: GraphQLInputType) -> Any:
    """A value that it takes, with no more than it needs."""
    if isinstance(kind, GraphQLNonNull):
        return sample(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [sample(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        if kind.is_one_of:
            name, field = next(iter(kind.fields.items()))
            return {name: sample(field.type)}
        return {
            name: sample(field.type)
            for name, field in kind.fields.items()
            if is_required_input_field(field)
        }
    return _SCALARS[str(kind)]
