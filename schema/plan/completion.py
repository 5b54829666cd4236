"""Completing values: from what a resolver gave to what the answer says of it.

Word for word after graphql-core's `complete_value` and what it calls.
"""

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
    Undefined,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import inspect, is_iterable
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition

from schema.plan.resolver import Spot, Unsupported
from schema.plan.run import Pending, Place, Run, located, together

# From a value and its place; adds to the pending what is still to be awaited inside of it.
Complete = Callable[[Run, Any, Place, Pending], Any]


class Fields:
    """What is selected of one object type. `raises` where awaiting a part of it may fail as a
    whole, since something in it that is awaited must not be null."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.raises = False


# Answers one field of an object into its dict.
Step = Callable[[Run, Any, dict[str, Any], Place | None, Pending], None]
# The fields selected of an object type below the present field.
Below = Callable[[GraphQLObjectType], Fields]


def completion(spot: Spot, type_: GraphQLOutputType, below: Below) -> tuple[Complete, bool]:
    """How values of a type are completed, and whether awaiting their insides may fail as a whole."""
    if is_non_null_type(type_):
        inner, raises = completion(spot, type_.of_type, below)
        return _non_null(spot, inner), raises
    if is_list_type(type_):
        return _list(spot, type_, below)
    if is_leaf_type(type_):
        return _leaf(type_), False
    if is_object_type(type_):
        fields = below(type_)
        return _object(spot, type_, fields), fields.raises
    if is_abstract_type(type_):
        return _abstract(spot, type_, below)
    raise Unsupported


def _non_null(spot: Spot, inner: Complete) -> Complete:
    message = f"Cannot return null for non-nullable field {spot.parent}.{spot.name}."

    def complete(run: Run, value: Any, place: Place, pending: Pending) -> Any:
        completed = inner(run, value, place, pending)
        if completed is None:
            raise TypeError(message)
        return completed

    return complete


def _leaf(type_: GraphQLLeafType) -> Complete:
    coerce = coercion(type_)

    def complete(_run: Run, value: Any, _place: Place, _pending: Pending) -> Any:
        if isinstance(value, Exception):
            raise value
        return None if value is None or value is Undefined else coerce(value)

    return complete


def coercion(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    """How a value that is not null becomes one of the answer."""

    def general(value: Any) -> Any:
        coerced = type_.coerce_output_value(value)
        if coerced is Undefined or coerced is None:
            raise TypeError(
                f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})` to return "
                f"non-nullable value, returned: {inspect(coerced)}"
            )
        return coerced

    if type_ in (GraphQLString, GraphQLID):
        return lambda value: value if type(value) is str else general(value)
    if type(type_) is CustomGraphQLEnumType:
        names = _names(type_)

        def name(value: Any) -> Any:
            found = names.get(value) if isinstance(value, Enum) else None
            return general(value) if found is None else found

        return name
    return general


def _names(type_: GraphQLEnumType) -> dict[Enum, str]:
    """The names of an enum's members: Strawberry compares with each of them every time."""
    wrapped = cast("type[Enum]", cast("Any", type_).wrapped_cls)
    return {member: type_.coerce_output_value(member) for member in wrapped}


def _list(spot: Spot, type_: GraphQLList[Any], below: Below) -> tuple[Complete, bool]:
    item_type = type_.of_type
    inner, raises = completion(spot, item_type, below)
    must = is_non_null_type(item_type)
    nodes = spot.nodes

    def complete(run: Run, value: Any, place: Place, pending: Pending) -> Any:
        if value is None or value is Undefined:
            return None
        if isinstance(value, Exception):
            raise value
        if type(value) is not list and not is_iterable(value):
            raise GraphQLError(
                f"Expected Iterable, but did not find one for field '{spot.parent}.{spot.name}'."
            )
        items: list[Any] = []
        for index, item in enumerate(value):
            at = (place, index, None)
            if must:
                try:
                    items.append(inner(run, item, at, pending))
                except Exception as error:
                    raise located(error, nodes, at) from error
                continue
            own: Pending = [] if raises else pending
            since = len(own)
            try:
                items.append(inner(run, item, at, own))
            except Exception as error:  # noqa: BLE001 told, whatever it is
                del own[since:]
                run.note(located(error, nodes, at), at)
                items.append(None)
            else:
                if raises and own:
                    pending.append(partial(guarded, run, own, items, index, spot, at))
        return items

    return complete, must and raises


async def guarded(
    run: Run, pending: Pending, holder: Any, key: str | int, spot: Spot, place: Place
) -> None:
    """Await what is inside of a value that may be null; it is null where that fails as a whole."""
    try:
        await together(pending)
    except Exception as error:  # noqa: BLE001 told, whatever it is
        run.note(located(error, spot.nodes, place), place)
        holder[key] = None


def _object(spot: Spot, type_: GraphQLObjectType, fields: Fields) -> Complete:
    steps = fields.steps
    origin = _checked_origin(type_)
    is_type_of = type_.is_type_of

    def complete(run: Run, value: Any, place: Place, pending: Pending) -> Any:
        if type(value) is not origin:
            if value is None or value is Undefined:
                return None
            if isinstance(value, Exception):
                raise value
            if is_type_of is not None and not is_type_of(value, spot.info(run, place)):
                raise invalid_return_type_error(type_, value, cast("Any", _Details(spot)))
        answer: dict[str, Any] = {}
        for step in steps:
            step(run, value, answer, place, pending)
        return answer

    return complete


class _Details(list[Any]):
    """A field's nodes in the form that graphql-core's own error wants."""

    def __init__(self, spot: Spot) -> None:
        super().__init__(_Node(node) for node in spot.nodes)


class _Node:
    def __init__(self, node: Any) -> None:
        self.node = node


def _checked_origin(type_: GraphQLObjectType) -> type | None:
    """The class whose own instances always are of this type."""
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, StrawberryObjectDefinition):
        raise Unsupported
    return None if definition.is_type_of else definition.origin


def _abstract(spot: Spot, type_: Any, below: Below) -> tuple[Complete, bool]:
    possible = spot.schema.get_possible_types(type_)
    by_name = {}
    raises = False
    for member in possible:
        fields = below(member)
        raises = raises or fields.raises
        by_name[member.name] = _object(spot, member, fields)
    resolve_type = type_.resolve_type
    if resolve_type is None:
        raise Unsupported

    def complete(run: Run, value: Any, place: Place, pending: Pending) -> Any:
        if value is None or value is Undefined:
            return None
        if isinstance(value, Exception):
            raise value
        name = resolve_type(value, spot.info(run, place), type_)
        found = by_name.get(name) if isinstance(name, str) else None
        if found is None:
            raise _no_type(spot, type_, value, name)
        return found(run, value, place, pending)

    return complete, raises


def _no_type(spot: Spot, type_: Any, value: Any, name: Any) -> GraphQLError:
    if name is None:
        message = (
            f"Abstract type '{type_}' must resolve to an Object type at runtime"
            f" for field '{spot.parent}.{spot.name}'."
            f" Either the '{type_}' type should provide a 'resolve_type' function or each"
            " possible type should provide an 'is_type_of' function."
        )
    elif not isinstance(name, str):
        message = (
            f"Abstract type '{type_}' must resolve to an Object type at runtime"
            f" for field '{spot.parent}.{spot.name}' with value {inspect(value)},"
            f" received '{inspect(name)}', which is not a valid Object type name."
        )
    else:
        found = spot.schema.get_type(name)
        if found is None:
            wrong = f"was resolved to a type '{name}' that does not exist inside the schema."
        elif not is_object_type(found):
            wrong = f"was resolved to a non-object type '{name}'."
        else:
            message = f"Runtime Object type '{name}' is not a possible type for '{type_}'."
            return GraphQLError(message, spot.nodes)
        message = f"Abstract type '{type_}' {wrong}"
    return GraphQLError(message, spot.nodes)
