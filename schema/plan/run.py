"""One execution of a plan: its variables, and the errors that it met."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from graphql import FieldNode, GraphQLError, located_error
from graphql.execution import VariableValues
from graphql.pyutils import Path, gather_with_cancel

from resolvers.context import Context

# Where in the answer: the place around it, a key or an index, and the type's name for a key. As
# graphql-core's Path, which costs ten times as much to make.
Place = tuple[Any, str | int, str | None]

# What is still to be awaited. It is made where it is awaited: a coroutine that is dropped complains.
Pending = list[Callable[[], Coroutine[Any, Any, None]]]


class Run:
    """`coerced` are the variables by name; `all_values` gives them as graphql-core has them."""

    __slots__ = ("_nulled", "all_values", "coerced", "context", "errors")

    def __init__(
        self,
        context: Context,
        coerced: dict[str, Any],
        all_values: Callable[[], VariableValues],
    ) -> None:
        self.context = context
        self.coerced = coerced
        self.all_values = all_values
        self.errors: list[GraphQLError] = []
        self._nulled: set[Place | None] | None = None

    def note(self, error: GraphQLError, place: Place | None) -> None:
        """Keep an error that made `place` null, unless that is inside of what is null already."""
        if self._nulled is None:
            self._nulled = set()
        around = place
        while around is not None:
            if around in self._nulled:
                return
            around = around[0]
        if None in self._nulled:
            return
        self._nulled.add(place)
        self.errors.append(error)


def located(error: Exception, nodes: Sequence[FieldNode], place: Place) -> GraphQLError:
    """The error as it is told: with the lines of the document, and the path in the answer."""
    path: list[str | int] = []
    around: Place | None = place
    while around is not None:
        path.append(around[1])
        around = around[0]
    return located_error(error, nodes, path[::-1])


def path_of(place: Place) -> Path:
    """The place as graphql-core knows it."""
    before, key, typename = place
    return Path(None if before is None else path_of(before), key, typename)


async def together(pending: Pending) -> None:
    """Run all of these at once; the first failure cancels the others."""
    if len(pending) == 1:
        await pending[0]()
    else:
        start = asyncio.get_running_loop().create_task
        await gather_with_cancel(*[start(begin()) for begin in pending])
