"""GraphQL over HTTP: one POST, one operation. Source: the GraphQL-over-HTTP specification.

A subscription is answered as server-sent events where the client takes nothing else.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Any, NoReturn, cast

import msgspec
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.exceptions import MissingQueryError
from strawberry.http.streaming import SSETransport, merge_stream_with_heartbeat
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.utils.aio import aclosing

from gateway import asked as asked_of
from gateway import body as bodies
from gateway import metrics
from gateway.answer import body_of, errors_of, results_of
from gateway.asked import Asked
from gateway.draining import Draining
from gateway.incoming import Incoming
from gateway.journal import Entry, Journal, Way
from gateway.places import STREAMS, Places
from gateway.trusted import TrustedDocuments
from resolvers.context import Caller, Context
from resolvers.cost import account_to
from resolvers.failure import BadUserInput, Failure, Interrupted, LimitExceeded, Unauthenticated
from schema.root import Schema

MAX_BODY = 64 * 1024
_GRAPHQL_JSON = "application/graphql-response+json"
_JSON = "application/json"
_EVENTS = "text/event-stream"
_BY_POST = {"allow": "POST"}
_FIXED = ((b"cache-control", b"no-store"), (b"vary", b"accept"))
_TYPES = {
    media: (b"content-type", f"{media}; charset=utf-8".encode()) for media in (_JSON, _GRAPHQL_JSON)
}
_BY_GET = frozenset({OperationType.QUERY})
_ONE_ANSWER = frozenset({OperationType.QUERY, OperationType.MUTATION})
_STREAMED = frozenset({OperationType.SUBSCRIPTION})

SignIn = Callable[[Incoming], Caller]


class _Refused(Exception):
    """The request is not one that GraphQL can run."""

    def __init__(self, status: int, failure: Failure, headers: dict[str, str] | None = None):
        super().__init__(str(failure))
        self.status = status
        self.failure = failure
        self.headers = headers or {}


class _Answer(Response):
    """Starlette's, made for less: all but three of its headers are known before."""

    def __init__(
        self,
        content: dict[str, Any],
        status: int,
        media: str,
        request_id: str,
        more: dict[str, str] | None = None,
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = body = msgspec.json.encode(content)
        self.raw_headers = [
            (b"x-request-id", request_id.encode()),
            *_FIXED,
            (b"content-length", b"%d" % len(body)),
            _TYPES[media],
        ]
        for name, value in (more or {}).items():
            self.raw_headers.append((name.encode(), value.encode()))


class GraphQLEndpoint:
    """The HTTP side of `/graphql`. `sign_in` tells who asks, `begin` gives an operation its context."""

    def __init__(
        self,
        schema: Schema,
        sign_in: SignIn,
        begin: Callable[[Caller], Context],
        journal: Journal,
        draining: Draining,
        *,
        trusted: TrustedDocuments,
        get_queries: bool,
    ) -> None:
        self._schema = schema
        self._sign_in = sign_in
        self._begin = begin
        self._journal = journal
        self._draining = draining
        self._trusted = trusted
        self._get_queries = get_queries
        self._places = Places(STREAMS)
        self._sse = SSETransport()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request without the router's way to it."""
        response = await self._answered(scope, receive)
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """Answer one POST, or one GET of a query where those are taken.

        A request that is no GraphQL gets 4xx and an error in GraphQL's form.
        """
        return await self._answered(request.scope, request.receive)

    async def _answered(self, scope: Scope, receive: Receive) -> Response:
        incoming = Incoming.of(scope)
        media = _media_type(incoming.header(b"accept"))
        way: Way = "sse" if media == _EVENTS else "http"
        entry = self._journal.begin(incoming.id, way, incoming.header(b"traceparent"))
        try:
            response = await self._answer(scope, receive, incoming, media, entry)
        except asyncio.CancelledError:
            self._journal.end(entry)
            if not self._draining.begun:
                raise
            # The server waits no longer, but sends what it is given now.
            return _interrupted(incoming.id, media)
        except BaseException:
            self._journal.end(entry)
            raise
        if not isinstance(response, StreamingResponse):
            self._journal.end(entry)
        return response

    async def _answer(
        self, scope: Scope, receive: Receive, incoming: Incoming, media: str, entry: Entry
    ) -> Response:
        try:
            caller = self._caller(incoming)
            by_get = scope["method"] != "POST"
            if by_get:
                asked = self._asked_by_get(scope, media)
            else:
                asked = await _asked(incoming, receive)
            text = self._text(asked, caller, media)
            context = self._begin(caller)
            entry.runs(text, asked.operation_name, context)
            if media == _EVENTS:
                self._demand_place(caller)
                return self._stream(text, asked, context, entry)
            result = await self._run(text, asked, context, by_get=by_get)
        except _Refused as refused:
            failure = GraphQLError(str(refused.failure), original_error=refused.failure)
            content = {"errors": errors_of([failure], incoming.id)}
            entry.answered(content)
            shown_as = _JSON if media == _EVENTS else media
            return _Answer(content, refused.status, shown_as, incoming.id, refused.headers)
        content = body_of(result, context)
        entry.answered(content)
        # With the older media type a client can't tell a refusal of ours from a proxy's by status.
        status = 400 if media == _GRAPHQL_JSON and "data" not in content else 200
        return _Answer(content, status, media, incoming.id)

    def _caller(self, incoming: Incoming) -> Caller:
        try:
            return self._sign_in(incoming)
        except Unauthenticated as failure:
            raise _Refused(401, failure, {"www-authenticate": "Bearer"}) from None

    def _demand_place(self, caller: Caller) -> None:
        if caller.principal is None:
            failure = Unauthenticated(
                "A stream needs Authorization: Bearer <key or session token>."
            )
            raise _Refused(401, failure, {"www-authenticate": "Bearer"})
        try:
            self._places.demand(caller.principal)
        except LimitExceeded as failure:
            raise _Refused(429, failure) from None

    def _asked_by_get(self, scope: Scope, media: str) -> Asked:
        if scope["method"] != "GET" or not self._get_queries or media == _EVENTS:
            raise _Refused(405, BadUserInput("Send the operation by POST."), _BY_POST)
        given: bytes = scope["query_string"]
        if len(given) > MAX_BODY:
            raise _Refused(413, BadUserInput(f"The operation may have {MAX_BODY} bytes."))
        try:
            return asked_of.of_query_string(given.decode("ascii", "replace"))
        except BadUserInput as failure:
            raise _Refused(400, failure) from None

    def _text(self, asked: Asked, caller: Caller, media: str) -> str:
        try:
            return self._trusted.text(asked, caller.principal)
        except Failure as failure:
            raise _Refused(200 if media == _JSON else 400, failure) from None

    async def _run(
        self, text: str, asked: Asked, context: Context, *, by_get: bool
    ) -> ExecutionResult:
        account_to(context.cost)
        planned = await self._schema.run(
            text, asked.variables, context, asked.operation_name, queries_only=by_get
        )
        if planned is not None:
            return planned
        try:
            return await self._schema.execute(
                text,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=_BY_GET if by_get else _ONE_ANSWER,
            )
        except InvalidOperationTypeError:
            if by_get:
                raise _Refused(405, BadUserInput("GET is for queries."), _BY_POST) from None
            _refuse(f"A subscription needs Accept: {_EVENTS}, or a socket.")
        except (MissingQueryError, CannotGetOperationTypeError) as error:
            _refuse_document(error)

    def _stream(self, text: str, asked: Asked, context: Context, entry: Entry) -> StreamingResponse:
        """Server-sent events in graphql-sse's distinct mode, until the end or the token's.

        It opens before there is anything to tell: a client must not wait for the first news to
        know that it listens.
        """

        async def events() -> AsyncGenerator[str, None]:
            account_to(context.cost)
            try:
                limit = asyncio.timeout_at(_loop_time(context))
                async with limit:
                    with self._draining.ending(limit):
                        source = await self._schema.stream(
                            text,
                            variable_values=asked.variables,
                            context_value=context,
                            operation_name=asked.operation_name,
                            allowed_operation_types=_STREAMED,
                        )
                        with self._places.held(context.principal), metrics.listening("sse"):
                            async with aclosing(results_of(source)) as results:
                                async for result in results:
                                    content = body_of(result, context)
                                    entry.answered(content)
                                    yield self._sse.encode_next(cast("Any", content), _text)
            except TimeoutError:
                pass
            finally:
                self._journal.end(entry)
            # Without this word a client knows that there is more to come, and connects again.
            if not self._draining.begun:
                yield self._sse.encode_complete()

        merged = merge_stream_with_heartbeat(
            events,
            lambda: self._sse.heartbeat_message(_text),
            interval=self._sse.heartbeat_interval,
            send_initial_heartbeat=False,
        )
        headers = {name.decode(): value.decode() for name, value in _FIXED}
        headers["x-request-id"] = entry.request_id
        return StreamingResponse(merged(), headers={**headers, **self._sse.headers})


class Shortcut:
    """Takes the POSTs to `/graphql` past the router. It stands behind every guard of the service."""

    def __init__(self, app: ASGIApp, *, endpoint: GraphQLEndpoint) -> None:
        self._app, self._endpoint = app, endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            scope["type"] == "http"
            and scope["path"] == "/graphql"
            and scope["method"] == "POST"
            and not scope.get("root_path")
        ):
            await self._endpoint(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _interrupted(request_id: str, media: str) -> Response:
    failure = Interrupted("The service is stopping. Repeat the call with the same idempotency key.")
    content = {"errors": errors_of([GraphQLError("", original_error=failure)], request_id)}
    return _Answer(content, 503, _JSON if media == _EVENTS else media, request_id)


def _loop_time(context: Context) -> float | None:
    """When the caller's token ends, in the loop's time; None where it does not."""
    expires_at: datetime | None = context.principal.expires_at
    if expires_at is None:
        return None
    left = (expires_at - context.now()).total_seconds()
    return asyncio.get_running_loop().time() + max(0.0, left)


def _refuse(message: str) -> NoReturn:
    raise _Refused(400, BadUserInput(message)) from None


def _refuse_document(error: Exception) -> NoReturn:
    if isinstance(error, MissingQueryError):
        _refuse("query is empty.")
    _refuse("operationName names no operation of the document.")


async def _asked(incoming: Incoming, receive: Receive) -> Asked:
    if incoming.header(b"content-type").partition(";")[0].strip().lower() != _JSON:
        raise _Refused(415, BadUserInput("Send the operation as application/json."))
    if incoming.header(b"content-encoding", "identity") != "identity":
        raise _Refused(415, BadUserInput("Send the body without content-encoding."))
    try:
        return asked_of.of_body(await bodies.read(receive, MAX_BODY))
    except bodies.TooLarge:
        too_large = BadUserInput(f"The body may have {MAX_BODY} bytes.")
        raise _Refused(413, too_large, {"connection": "close"}) from None
    except bodies.Incomplete:
        _refuse("The body is not complete.")
    except BadUserInput as failure:
        raise _Refused(400, failure) from None


def _media_type(accept: str) -> str:
    kinds = {part.partition(";")[0].strip() for part in accept.lower().split(",")}
    if _GRAPHQL_JSON in kinds:
        return _GRAPHQL_JSON
    # Some clients always add text/event-stream: stream only where no JSON is accepted.
    if _EVENTS in kinds and not kinds & {_JSON, "application/*", "*/*"}:
        return _EVENTS
    return _JSON


def _text(content: object) -> str:
    return msgspec.json.encode(content).decode()
