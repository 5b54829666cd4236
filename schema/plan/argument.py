"""A field's arguments: literals worked out once, variables looked up, the rest by graphql-core."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
)
from graphql.execution import get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value

from schema.plan.resolver import Spot, Unsupported
from schema.plan.run import Run

Arguments = Callable[[Run], dict[str, Any]]


def arguments(spot: Spot) -> Arguments:
    """As `get_argument_values`, for every run. What it gives may be kept and changed."""
    definition, node = spot.definition, spot.nodes[0]
    if not definition.args:
        return lambda _: {}
    if not any(_has_variable(argument.value) for argument in node.arguments or ()):
        try:
            literals = get_argument_values(definition, node)
        except GraphQLError:
            raise Unsupported from None
        return lambda _: dict(literals)

    def general(run: Run) -> dict[str, Any]:
        return get_argument_values(definition, node, run.all_values())

    direct = _direct(spot, node)
    if direct is None:
        return general
    always, variables = direct

    def looked_up(run: Run) -> dict[str, Any]:
        coerced = run.coerced
        found = dict(always)
        for variable in variables:
            value = coerced.get(variable.name, _MISSING)
            if value is _MISSING:
                value = variable.default
                if value is Undefined and not variable.must:
                    continue
            if variable.must and (value is None or value is Undefined):
                # An error, in graphql-core's own words.
                return general(run)
            found[variable.argument] = value
        return found

    return looked_up


_MISSING = object()


@dataclass(frozen=True, slots=True)
class _Variable:
    """An argument that is a variable; `default` is Undefined where it has none."""

    argument: str
    name: str
    must: bool
    default: Any


def _direct(spot: Spot, node: FieldNode) -> tuple[dict[str, Any], list[_Variable]] | None:
    """The defaults of what is not given, and the variables; None where it is not so simple."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    always: dict[str, Any] = {}
    variables: list[_Variable] = []
    for name, argument in spot.definition.args.items():
        value = given.get(name)
        if argument.out_name not in (None, name):
            return None
        default = coerce_default_value(argument)
        if isinstance(value, VariableNode):
            must = isinstance(argument.type, GraphQLNonNull)
            variables.append(_Variable(name, value.name.value, must, default))
        elif value is not None:
            return None
        elif default is not Undefined:
            always[name] = default
    return always, variables


def _has_variable(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    if isinstance(node, ListValueNode):
        return any(map(_has_variable, node.values))
    if isinstance(node, ObjectValueNode):
        return any(_has_variable(field.value) for field in node.fields)
    return False
