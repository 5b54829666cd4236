"""What can be told of an operation's failures: found by graphql-core, with nothing propagated.

Where several fields of one object fail that must not be null, the object is null, and the first
failure ends the others. Which is first is a matter of the loop's turns, in graphql-core too: the
specification demands one. So answers are held to this: outside of what failures below made null
both tell the same errors; inside, both tell at least one that explains the null, and nothing that
could not have been told.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, is_non_null_type
from graphql.execution.executor import Executor
from graphql.pyutils import is_awaitable

Path = tuple[str | int, ...]
# An error in the form of an answer.
Told = Mapping[str, Any]


class _Reference(Executor[Any]):
    """Executes on where it should propagate, and notes which places must not be null."""

    def __init__(self, *parts: Any, must: dict[Path, bool], **named: Any) -> None:
        super().__init__(*parts, **named)
        self.error_propagation = False
        self._must = must

    def complete_value(
        self, return_type: Any, details: Any, info: Any, path: Any, result: Any, position: Any
    ) -> Any:
        self._must.setdefault(tuple(path.as_list()), is_non_null_type(return_type))
        return super().complete_value(return_type, details, info, path, result, position)

    def handle_field_error(
        self, error: Exception, return_type: Any, details: Any, path: Any
    ) -> None:
        self._must.setdefault(tuple(path.as_list()), is_non_null_type(return_type))
        super().handle_field_error(error, return_type, details, path)


async def every_failure(
    schema: GraphQLSchema, node: DocumentNode, variables: Mapping[str, Any], context: Any
) -> tuple[list[GraphQLError], dict[Path, bool]]:
    """All errors of an operation, and for each place that was reached whether it must not be null."""
    must: dict[Path, bool] = {}
    made = _Reference.build(
        schema,
        node,
        context_value=context,
        raw_variable_values=dict(variables),
        must=must,
    )
    assert isinstance(made, Executor), made
    result = made.execute_operation()
    if is_awaitable(result):
        result = await result
    return cast("ExecutionResult", result).errors or [], must


def nulled_around(data: Any, errors: Sequence[Told]) -> set[Path]:
    """The places that are null for a failure below them."""
    return {place for error in errors if (place := _nulled(data, _path(error))) != _path(error)}


def exactly(data: Any, errors: Sequence[Told]) -> list[str]:
    """The errors outside of what failures below made null, in no order."""
    return sorted(repr(error) for error in errors if _nulled(data, _path(error)) == _path(error))


def explain(
    data: Any, errors: Sequence[Told], possible: Sequence[Told], must: Mapping[Path, bool]
) -> None:
    """Asserts that each null has its cause among the errors, and that each error could be told."""
    could = {_path(error): error for error in possible}
    paths = [_path(error) for error in errors]
    assert len(set(paths)) == len(paths), f"told twice: {paths}"
    for error in errors:
        assert error == could.get(_path(error)), f"{error}, not {could.get(_path(error))}"
    for place in nulled_around(data, errors):
        assert any(
            path[: len(place)] == place
            and len(path) > len(place)
            and all(must[path[:length]] for length in range(len(place) + 1, len(path) + 1))
            for path in paths
        ), f"{place} is null without a cause: {paths}"
    for path in could:
        assert path in paths or _nulled(data, path) != path, f"not told: {could[path]}"


def _path(error: Told) -> Path:
    return tuple(error["path"])


def _nulled(data: Any, path: Path) -> Path:
    """The part of a path that the answer still has."""
    for length, key in enumerate(path):
        if data is None:
            return path[:length]
        data = data[key]
    return path
