"""The calls of one account, whatever the endpoint."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from clients.asiabill import outcomes
from clients.asiabill.account import Credentials, Endpoints
from clients.asiabill.answer import Answer
from clients.asiabill.errors import CircuitOpen, Refused
from clients.asiabill.outcomes import Endpoint
from clients.asiabill.request import Request
from clients.asiabill.transport import OnSend, Transport

T = TypeVar("T")

_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")


class Caller:
    def __init__(
        self, credentials: Credentials, endpoints: Endpoints, transport: Transport
    ) -> None:
        self._credentials = credentials
        self._bases = {"payment": endpoints.payment_url, "open": endpoints.open_url}
        self._transport = transport

    async def call(
        self,
        endpoint: Endpoint,
        read: Callable[[Answer], T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Struct | None = None,
        on_send: OnSend | None = None,
    ) -> T:
        """What `read` makes of the answer. Raises as Transport.call; Refused, with P0002 and
        nothing sent, for an id in `path` that cannot be one of Asiabill's.
        """
        path = path or {}
        # An empty id or one with a slash or dots would name another endpoint.
        if not all(_ID.fullmatch(value) for value in path.values()):
            raise Refused(endpoint.name, "", outcomes.NOT_AN_ID, "not an id of Asiabill")
        request = Request(
            endpoint=endpoint,
            credentials=self._credentials,
            base=self._bases[endpoint.api],
            path=path,
            query=query or {},
            body=b"" if body is None else msgspec.json.encode(body),
        )
        try:
            return await self._transport.call(request, read, on_send)
        except CircuitOpen:
            self._transport.probe(self._probe(endpoint))
            raise

    def _probe(self, refused: Endpoint) -> Request:
        """The smallest read on the same base as the refused call."""
        endpoint, query = outcomes.PROBES[refused.api]
        base = self._bases[refused.api]
        return Request(endpoint=endpoint, credentials=self._credentials, base=base, query=query)

    async def find(
        self, endpoint: Endpoint, read: Callable[[Answer], T | None], path: Mapping[str, str]
    ) -> T | None:
        """As `call`, but None where Asiabill does not know the id."""
        try:
            return await self.call(endpoint, read, path=path)
        except Refused as refused:
            if refused.code in outcomes.NOT_FOUND:
                return None
            raise
