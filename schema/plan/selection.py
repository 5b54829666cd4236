"""The fields selected of one object type, each with the step that answers it."""

from functools import partial
from typing import Any

from graphql import (
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    is_leaf_type,
    is_non_null_type,
)
from graphql.execution import VariableValues
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)

from schema.plan.argument import arguments
from schema.plan.completion import Fields, Step, coercion, completion, guarded
from schema.plan.resolver import Resolve, Spot, Unsupported, attribute, resolver
from schema.plan.run import Pending, Place, Run, located, together

_MOST_FIELDS = 1000


class Compiler:
    """Compiles one operation with the values that its @skip and @include have in `values`."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        values: VariableValues,
    ) -> None:
        self._schema, self._operation = schema, operation
        self._fragments, self._values = fragments, values
        self._definitions = {name: details.definition for name, details in fragments.items()}
        self._fields_left = _MOST_FIELDS

    def root(self, type_: GraphQLObjectType) -> Fields:
        """The operation's own fields."""
        collected = collect_fields(
            self._schema, self._fragments, self._values, type_, self._operation
        )
        return self._fields(type_, collected.grouped_field_set)

    def _below(self, type_: GraphQLObjectType, details: FieldDetailsList) -> Fields:
        collected = collect_subfields(
            self._schema, self._fragments, self._values, self._operation, type_, details
        )
        return self._fields(type_, collected.grouped_field_set)

    def _fields(self, parent: GraphQLObjectType, grouped: dict[str, FieldDetailsList]) -> Fields:
        fields = Fields()
        for key, details in grouped.items():
            self._fields_left -= 1
            if self._fields_left < 0:
                raise Unsupported
            step, raises = self._step(parent, key, details)
            fields.steps.append(step)
            fields.raises = fields.raises or raises
        return fields

    def _step(
        self, parent: GraphQLObjectType, key: str, details: FieldDetailsList
    ) -> tuple[Step, bool]:
        nodes = [detail.node for detail in details]
        name = nodes[0].name.value
        if name == "__typename":
            return _constant(key, parent.name), False
        definition = self._schema.get_field(parent, name)
        if definition is None or name.startswith("__"):
            raise Unsupported
        spot = Spot(self._schema, self._operation, self._definitions, parent, definition, nodes)
        type_ = definition.type
        must = is_non_null_type(type_)
        leaf = type_.of_type if is_non_null_type(type_) else type_
        shown = attribute(spot)
        if shown is not None and is_leaf_type(leaf):
            return _shown_leaf(key, spot, shown, leaf, must), False
        complete, raises = completion(spot, type_, lambda object_: self._below(object_, details))
        if shown is not None:
            resolve: Resolve = _shown(shown)
            awaits = False
        else:
            resolve, awaits = resolver(spot)
        answer = _Answer(key, spot, arguments(spot), resolve, complete, must, raises)
        return (answer.later, must) if awaits else (answer.now, must and raises)


def _constant(key: str, value: str) -> Step:
    def step(_run: Run, _source: Any, answer: dict[str, Any], *_: object) -> None:
        answer[key] = value

    return step


def _shown(name: str) -> Resolve:
    return lambda _run, source, _kwargs, _place: getattr(source, name)


def _shown_leaf(key: str, spot: Spot, name: str, type_: GraphQLLeafType, must: bool) -> Step:
    """The most frequent kind: an attribute that is a scalar or an enum."""
    coerce = coercion(type_)
    parent = spot.parent.name
    message = f"Cannot return null for non-nullable field {spot.parent}.{spot.name}."

    def step(
        run: Run, source: Any, answer: dict[str, Any], place: Place | None, _pending: Pending
    ) -> None:
        try:
            value = getattr(source, name)
            if value is None:
                if must:
                    raise TypeError(message)  # noqa: TRY301 as any other failure
                answer[key] = None
            elif isinstance(value, Exception):
                raise value  # noqa: TRY301 as any other failure
            else:
                answer[key] = coerce(value)
        except Exception as error:  # noqa: BLE001 told, whatever it is
            failed(run, error, spot, answer, key, (place, key, parent), must=must)

    return step


def failed(
    run: Run,
    error: Exception,
    spot: Spot,
    answer: dict[str, Any],
    key: str,
    place: Place,
    *,
    must: bool,
) -> None:
    """A field without a value: null, or a failure of what is around it where it must have one."""
    told = located(error, spot.nodes, place)
    if must:
        raise told from error
    answer[key] = None
    run.note(told, place)


class _Answer:
    """Any other field. `must` where it can't be null, `raises` as in `completion`."""

    def __init__(
        self,
        key: str,
        spot: Spot,
        arguments: Any,
        resolve: Resolve,
        complete: Any,
        must: bool,
        raises: bool,
    ) -> None:
        self._key, self._spot, self._parent = key, spot, spot.parent.name
        self._arguments, self._resolve, self._complete = arguments, resolve, complete
        self._must, self._guarded = must, raises and not must

    def now(
        self,
        run: Run,
        source: Any,
        answer: dict[str, Any],
        around: Place | None,
        pending: Pending,
    ) -> None:
        """A field whose resolver awaits nothing."""
        place = (around, self._key, self._parent)
        own: Pending = [] if self._guarded else pending
        since = len(own)
        try:
            value = self._resolve(run, source, self._arguments(run), place)
            answer[self._key] = self._complete(run, value, place, own)
        except Exception as error:  # noqa: BLE001 told, whatever it is
            del own[since:]
            failed(run, error, self._spot, answer, self._key, place, must=self._must)
        else:
            if self._guarded and own:
                pending.append(partial(guarded, run, own, answer, self._key, self._spot, place))

    def later(
        self,
        run: Run,
        source: Any,
        answer: dict[str, Any],
        around: Place | None,
        pending: Pending,
    ) -> None:
        """A field whose resolver is awaited; its key has its place in the answer at once."""
        place = (around, self._key, self._parent)
        answer[self._key] = None
        try:
            kwargs = self._arguments(run)
        except Exception as error:  # noqa: BLE001 told, whatever it is
            failed(run, error, self._spot, answer, self._key, place, must=self._must)
        else:
            pending.append(partial(self._awaited, run, source, kwargs, answer, place))

    async def _awaited(
        self, run: Run, source: Any, kwargs: dict[str, Any], answer: dict[str, Any], place: Place
    ) -> None:
        own: Pending = []
        try:
            value = await self._resolve(run, source, kwargs, place)
            completed = self._complete(run, value, place, own)
            answer[self._key] = completed
            if own:
                await together(own)
        except Exception as error:  # noqa: BLE001 told, whatever it is
            failed(run, error, self._spot, answer, self._key, place, must=self._must)
