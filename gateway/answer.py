"""The form of an answer, over HTTP and on sockets alike."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast

import structlog
from graphql import GraphQLError
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.utils.aio import aclosing

from gateway.scrub import scrubbed
from resolvers.context import Context
from schema.failure import shown

_log = structlog.get_logger("gateway.graphql")


def body_of(result: ExecutionResult, context: Context) -> dict[str, Any]:
    """`data`, `errors` and `extensions.cost`; without `data` where nothing was run."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = errors_of(result.errors, context.caller.id)
    if result.data is not None or any(error.path for error in result.errors or ()):
        body["data"] = result.data
    cost = context.cost
    body["extensions"] = {
        "cost": {
            "upstreamCalls": cost.upstream_calls,
            "deduplicated": cost.deduplicated,
            "shared": cost.shared,
            "limit": cost.limit,
            "upstreamCallsAtMost": cost.most_upstream_calls,
            "points": cost.points,
        }
    }
    return body


async def results_of(source: StreamResult) -> AsyncGenerator[ExecutionResult, None]:
    """What a stream gives. What it raises, as it does for a document that can't be parsed, is its
    last result: a client that hears nothing would wait for ever."""
    try:
        async with aclosing(source) as results:
            async for result in results:
                yield cast("ExecutionResult", result)
    except GraphQLError as error:
        yield PreExecutionError(data=None, errors=[error])
    except Exception as error:  # noqa: BLE001 told to the client and, by errors_of, to the log
        yield PreExecutionError(data=None, errors=[GraphQLError("", original_error=error)])


def errors_of(errors: Sequence[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Errors as the client sees them; what nobody foresaw goes to the log, once."""

    def unexpected(cause: BaseException) -> None:
        _log.error("unexpected error", request_id=request_id, exc_info=cause)

    formatted = [shown(error, request_id, unexpected) for error in errors]
    for error in formatted:
        error["message"] = scrubbed(error["message"])
    return formatted
