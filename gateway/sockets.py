"""Subscriptions over WebSockets: graphql-transport-ws alone, and nothing but subscriptions.

Strawberry keeps the protocol; what is ours is who may connect, for how long, one context for each
operation, and the one door for errors.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from json import JSONDecodeError
from typing import Any, cast

import msgspec
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.aio import aclosing

from gateway import asked, metrics
from gateway.answer import body_of, errors_of, results_of
from gateway.incoming import Incoming
from gateway.journal import Entry, Journal
from gateway.places import SOCKETS, Places
from gateway.trusted import TrustedDocuments
from resolvers.context import Caller, Context
from resolvers.failure import BadUserInput, Failure, LimitExceeded, Unauthenticated
from resolvers.principal import Principal
from schema.root import Schema

INIT_SECONDS = 5
MAX_SUBSCRIPTIONS = 10
EXPIRED = 4403
_TOO_MANY = 4429

SignIn = Callable[[Incoming], Caller]


class Connection:
    """One socket: who is on it, once `connection_init` said so."""

    def __init__(self, sign_in: SignIn, incoming: Incoming) -> None:
        self._sign_in = sign_in
        self._incoming = incoming
        self.connection_params: dict[str, object] = {}
        self.caller: Caller | None = None
        self.place = ExitStack()

    def authenticate(self) -> Principal:
        """Sign in with the payload's Authorization. Raises Unauthenticated."""
        given = tuple(
            value
            for name, value in self.connection_params.items()
            if name.lower() == "authorization" and isinstance(value, str)
        )
        caller = self._sign_in(replace(self._incoming, authorization=given))
        if caller.principal is None:
            raise Unauthenticated("connection_init must carry Authorization.")
        self.caller = caller
        return caller.principal


class _Handler(BaseGraphQLTransportWSHandler[Connection, None]):
    _expiry: asyncio.Task[None] | None = None

    async def handle_message(self, message: Message) -> None:
        """As Strawberry does, for messages that have the protocol's form; others end the socket."""
        given: object = message
        if not isinstance(given, dict) or not isinstance(given.get("type"), str):
            await self.handle_invalid_message("A message must be an object with a type")
            return
        if given["type"] in ("subscribe", "complete") and not isinstance(given.get("id"), str):
            await self.handle_invalid_message("id must be text")
            return
        if given["type"] == "subscribe":
            try:
                asked.of_message(given.get("payload"))
            except BadUserInput:
                await self.handle_invalid_message("payload is not an operation")
                return
        await super().handle_message(message)
        if given["type"] == "connection_init" and self._expiry is None:
            self._watch_expiry()

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """As Strawberry does, for a caller who has a place left."""
        try:
            await super().handle_connection_init(message)
        except LimitExceeded:
            await self.websocket.close(code=_TOO_MANY, reason="Too many sockets")

    async def run_operation(self, operation: Operation[Connection, None]) -> None:
        """Run one subscription with a context of its own."""
        view = cast("Sockets", self.view)
        assert self.context.caller is not None
        context = view.begin(self.context.caller)
        entry = view.journal.begin(context.caller.id, "socket")
        entry.runs(operation.query, operation.operation_name, context)
        try:
            await self._run(operation, context, entry)
        finally:
            view.journal.end(entry)

    async def _run(
        self, operation: Operation[Connection, None], context: Context, entry: Entry
    ) -> None:
        source = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
            operation_name=operation.operation_name,
            allowed_operation_types=(OperationType.SUBSCRIPTION,),
        )
        with metrics.listening("socket"):
            async with aclosing(results_of(source)) as results:
                async for result in results:
                    entry.answered(await self._tell(operation, result, context))
                    if operation.completed:
                        return
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """As Strawberry does, but one too many is refused in our own form."""
        caller = self.context.caller
        if caller is None or message["id"] in self.operations:
            await super().handle_subscribe(message)
            return
        given = asked.of_message(message["payload"])
        try:
            if len(self.operations) >= MAX_SUBSCRIPTIONS:
                raise LimitExceeded(f"A socket may have {MAX_SUBSCRIPTIONS} subscriptions.")
            text = cast("Sockets", self.view).trusted.text(given, caller.principal)
        except Failure as failure:
            error = GraphQLError(str(failure), original_error=failure)
            errors = cast("Any", errors_of([error], caller.id))
            await self.send_message({"id": message["id"], "type": "error", "payload": errors})
            return
        message["payload"]["query"] = text
        await super().handle_subscribe(message)

    async def shutdown(self) -> None:
        """End everything that belongs to this socket."""
        self.context.place.close()
        if self._expiry is not None:
            self._expiry.cancel()
        await super().shutdown()

    async def _tell(
        self, operation: Operation[Connection, None], result: ExecutionResult, context: Context
    ) -> dict[str, Any]:
        """Send what a stream gave. What the client was told."""
        if isinstance(result, PreExecutionError):
            errors = errors_of(result.errors or [], context.caller.id)
            await operation.send_operation_message(
                {"id": operation.id, "type": "error", "payload": cast("Any", errors)}
            )
            return {"errors": errors}
        body = body_of(result, context)
        await operation.send_operation_message(
            {"id": operation.id, "type": "next", "payload": cast("Any", body)}
        )
        return body

    def _watch_expiry(self) -> None:
        caller = self.context.caller
        expires_at = caller.principal.expires_at if caller and caller.principal else None
        if expires_at is not None:
            self._expiry = asyncio.create_task(self._close_at(expires_at))
            self._expiry.add_done_callback(self._task_done)

    async def _close_at(self, moment: datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - datetime.now(moment.tzinfo)).total_seconds()))
        await self.websocket.close(code=EXPIRED, reason="The session has expired")


class Sockets(GraphQL[Connection, None]):
    """The WebSocket side of `/graphql`."""

    graphql_transport_ws_handler_class = _Handler

    def __init__(
        self,
        schema: Schema,
        sign_in: SignIn,
        begin: Callable[[Caller], Context],
        journal: Journal,
        origins: Collection[str],
        trusted: TrustedDocuments,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            allowed_origins=list(origins),
        )
        self._sign_in = sign_in
        self._places = Places(SOCKETS)
        self.begin = begin
        self.journal = journal
        self.trusted = trusted

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Connection:
        """A socket's own state; each operation gets a context from it."""
        return Connection(self._sign_in, Incoming.of(request.scope))

    def decode_json(self, data: str | bytes) -> object:
        """A message. Raises JSONDecodeError, also where the nesting is too deep to read."""
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise JSONDecodeError("not a message", "", 0) from error

    async def on_ws_connect(self, context: Connection) -> Any:
        """Sign in and take a place, or end the socket with 4403 or 4429."""
        try:
            principal = context.authenticate()
        except Unauthenticated as failure:
            raise ConnectionRejectionError from failure
        context.place.enter_context(self._places.held(principal))
        return await super().on_ws_connect(context)
