"""How a field gets its value: Strawberry's resolver, with what can be known before worked out before."""

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, cast

import strawberry
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.pyutils import gather_with_cancel
from graphql.type import GraphQLResolveInfoHelpers
from strawberry.exceptions import PermissionReturnedNonBooleanError
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import FieldExtension
from strawberry.permission import PermissionExtension
from strawberry.schema.schema_converter import GraphQLCoreConverter, get_arguments
from strawberry.types.arguments import _is_leaf_type, _is_optional_leaf_type
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.field import StrawberryField

from resolvers.context import Context
from schema.plan.run import Place, Run, path_of

Kwargs = dict[str, Any]
# From the object, the arguments as graphql-core coerces them, and the place. May give an awaitable.
Resolve = Callable[[Run, Any, Kwargs, Place], Any]


class Unsupported(Exception):
    """Left to graphql-core."""


class Spot:
    """One field of a selection: what every one of its values has in common."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        parent: GraphQLObjectType,
        definition: GraphQLField,
        nodes: list[FieldNode],
    ) -> None:
        self.schema, self.operation, self.fragments = schema, operation, fragments
        self.parent, self.definition, self.nodes = parent, definition, nodes
        self.name = nodes[0].name.value
        # Which fields are selected below it. The values of @skip and @include are the same for every
        # run: each has a plan of its own.
        self.selected: dict[frozenset[str], bool] = {}
        self.field = cast(
            "StrawberryField | None",
            definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF),
        )

    def info(self, run: Run, place: Place) -> GraphQLResolveInfo[Context]:
        """What graphql-core would hand to a resolver."""
        return GraphQLResolveInfo(
            self.name,
            self.nodes,
            self.definition.type,
            self.parent,
            path_of(place),
            self.schema,
            self.fragments,
            None,
            self.operation,
            cast("Any", run.coerced),
            run.context,
            cast("Any", optimized_is_awaitable),
            None,
            _HELPERS,
        )


def _track(_: Sequence[Any]) -> None:
    """Nothing here starts work that nobody awaits."""


_HELPERS = GraphQLResolveInfoHelpers(lambda values: gather_with_cancel(*values), _track)


class Info(strawberry.Info[Context, None]):
    """Strawberry's, made for less: the rest of it is worked out where it is asked for."""

    def __init__(self, run: Run, spot: Spot, place: Place) -> None:
        self._run, self._spot, self._place = run, spot, place

    @property
    def context(self) -> Context:
        """The operation's."""
        return self._run.context

    @property
    def field_name(self) -> str:
        """As in the document."""
        return self._spot.name

    @property
    def variable_values(self) -> dict[str, Any]:
        """Coerced, by name."""
        return self._run.coerced

    @property
    def selected(self) -> dict[frozenset[str], bool]:
        """What `schema.selection` found below this field."""
        return self._spot.selected

    @cached_property
    def _raw_info(self) -> GraphQLResolveInfo[Context]:  # type: ignore[override]
        return self._spot.info(self._run, self._place)

    @property
    def _field(self) -> StrawberryField:  # type: ignore[override]
        assert self._spot.field is not None
        return self._spot.field


def attribute(spot: Spot) -> str | None:
    """The attribute that a field without a resolver shows; None for a field that has one."""
    field = spot.field
    if field is None or not field.is_basic_field or field.default_resolver is not getattr:
        return None
    return field.python_name


def resolver(spot: Spot) -> tuple[Resolve, bool]:
    """How the field is resolved, and whether that gives an awaitable."""
    field = spot.field
    if field is None or spot.definition.resolve is None or field.is_subscription:
        raise Unsupported
    direct = all(
        type(extension) is PermissionExtension
        and not extension.fail_silently
        and not any(
            inspect.iscoroutinefunction(permission.has_permission)
            for permission in extension.permissions
        )
        for extension in field.extensions
    )
    return (_direct(spot, field) if direct else _by_strawberry(spot)), field.is_async


def _by_strawberry(spot: Spot) -> Resolve:
    resolve = spot.definition.resolve
    assert resolve is not None

    def call(run: Run, source: Any, kwargs: Kwargs, place: Place) -> Any:
        return resolve(source, spot.info(run, place), **kwargs)

    return call


def _direct(spot: Spot, field: StrawberryField) -> Resolve:
    """Without the chain of partial functions that Strawberry builds for each call."""
    base = field.base_resolver
    if base is None:
        raise Unsupported
    # The last extension is the first to be asked, as in Strawberry's chain.
    permissions = [
        (extension, permission)
        for extension in reversed(field.extensions)
        for permission in cast("PermissionExtension", extension).permissions
    ]
    convert = _conversion(spot, field)
    function = base.wrapped_func
    takes_self = base.self_parameter is not None
    others = [
        parameter.name
        for parameter in (base.parent_parameter, base.root_parameter)
        if parameter is not None
    ]
    info_name = base.info_parameter.name if base.info_parameter else None
    if others or not callable(function) or inspect.isasyncgenfunction(function):
        raise Unsupported
    call_function: Callable[..., Any] = function

    def call(run: Run, source: Any, kwargs: Kwargs, place: Place) -> Any:
        info = Info(run, spot, place)
        arguments = convert(kwargs, info) if kwargs else {}
        for extension, permission in permissions:
            allowed = permission.has_permission(source, info, **arguments)
            if allowed is not True:
                return _not_allowed(extension, permission, allowed)
        if info_name is not None:
            arguments[info_name] = info
        return call_function(source, **arguments) if takes_self else call_function(**arguments)

    return call


def _not_allowed(extension: FieldExtension, permission: Any, allowed: object) -> Any:
    if allowed is False:
        return cast("Any", extension)._on_unauthorized(permission)  # noqa: SLF001
    raise PermissionReturnedNonBooleanError(permission, allowed)


def _conversion(spot: Spot, field: StrawberryField) -> Callable[[Kwargs, Info], Kwargs]:
    """From graphql-core's arguments to the resolver's own."""
    schema = cast("Any", spot.schema)._strawberry_schema  # noqa: SLF001
    registry, config = schema.schema_converter.scalar_registry, schema.config
    if any(
        type(extension).map_arguments is not FieldExtension.map_arguments
        for extension in field.extensions
    ):
        raise Unsupported
    names: dict[str, tuple[str, bool]] = {}
    simple = True
    for argument in field.arguments:
        type_ = argument.type
        inner = type_.of_type if isinstance(type_, StrawberryOptional) else type_
        is_list = isinstance(inner, StrawberryList)
        if isinstance(inner, StrawberryList):
            inner = inner.of_type
        leaf = _is_leaf_type(inner, registry) or _is_optional_leaf_type(inner, registry)
        simple = simple and leaf and not argument.is_maybe
        names[config.name_converter.from_argument(argument)] = (argument.python_name, is_list)

    def by_name(kwargs: Kwargs, _: Info) -> Kwargs:
        # Lists are copied: defaults and literals are the same object for every request.
        return {
            names[name][0]: list(value) if names[name][1] and value is not None else value
            for name, value in kwargs.items()
        }

    def by_strawberry(kwargs: Kwargs, info: Info) -> Kwargs:
        _, converted = get_arguments(
            field=field,
            source=None,
            info=info,
            kwargs=kwargs,
            config=config,
            scalar_registry=registry,
        )
        base = field.base_resolver
        if base is not None and base.info_parameter is not None:
            converted.pop(base.info_parameter.name, None)
        return converted

    return by_name if simple else by_strawberry
