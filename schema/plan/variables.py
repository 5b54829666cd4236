"""An operation's variables: the plain ones checked here, whatever else by graphql-core."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInputType,
    GraphQLInt,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    is_input_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)
from graphql.execution import VariableValues, get_variable_values

_MOST_ERRORS = 50
_LARGEST, _SMALLEST = 2**31 - 1, -(2**31)

# Whether a value, as JSON gives it, is what its type coerces it to.
Plain = Callable[[Any], bool]


class Variables:
    """Those of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._nodes = operation.variable_definitions or ()
        self._plain: list[tuple[str, Plain, bool]] | None = []
        for node in self._nodes:
            plain = _plain(type_from_ast(schema, node.type))
            if plain is None or node.directives:
                self._plain = None
                return
            # Without a value a default would be needed, which is graphql-core's to coerce.
            optional = node.default_value is None and not _is_non_null(node.type)
            self._plain.append((node.variable.name.value, plain, optional))

    def plain(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The values as they were given, where nothing has to be coerced; else None."""
        if self._plain is None:
            return None
        found: dict[str, Any] = {}
        for name, plain, optional in self._plain:
            if name in given:
                value = given[name]
                if not plain(value):
                    return None
                found[name] = value
            elif not optional:
                return None
        return found

    def coerced(self, given: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """By graphql-core."""
        return get_variable_values(self._schema, self._nodes, dict(given), max_errors=_MOST_ERRORS)


def _is_non_null(node: Any) -> bool:
    return bool(node.kind == "non_null_type")


def _plain(type_: object) -> Plain | None:
    if not is_input_type(type_):
        return None
    return _plain_input(type_)


def _plain_input(type_: GraphQLInputType) -> Plain | None:
    if not is_non_null_type(type_):
        inner = _plain_nullable(type_)
        return None if inner is None else (lambda value: value is None or inner(value))
    return _plain_nullable(type_.of_type)


def _plain_nullable(type_: GraphQLInputType) -> Plain | None:
    if is_list_type(type_):
        entry = _plain_input(type_.of_type)
        if entry is None:
            return None
        check = entry
        return lambda value: type(value) is list and all(map(check, value))
    if type_ is GraphQLID or type_ is GraphQLString:
        return lambda value: type(value) is str
    if type_ is GraphQLBoolean:
        return lambda value: type(value) is bool
    if type_ is GraphQLInt:
        return lambda value: type(value) is int and _SMALLEST <= value <= _LARGEST
    return None
