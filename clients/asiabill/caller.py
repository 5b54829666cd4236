"""The calls of one account, whatever the endpoint."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
import structlog
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

_log = structlog.get_logger(__name__)


class Caller:
    """Signs with the key that Asiabill took last, which changes once while the sign key is changed."""

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
            return await self._signed(request, read, on_send)
        except CircuitOpen:
            self._transport.probe(self._probe(endpoint))
            raise

    async def _signed(
        self, request: Request, read: Callable[[Answer], T], on_send: OnSend | None
    ) -> T:
        """By the key in force and, where Asiabill does not know that one, by the other."""
        try:
            return await self._transport.call(request, read, on_send)
        except Refused as refused:
            turned = request.credentials.turned()
            if refused.code != outcomes.WRONG_SIGNATURE or turned is None:
                raise
        # Asiabill has looked at nothing but the signature, so this is still the first time that it is
        # asked; and `on_send` has told already that it is sent.
        answer = await self._transport.call(
            msgspec.structs.replace(request, credentials=turned), read
        )
        self._turn(turned)
        return answer

    def _turn(self, credentials: Credentials) -> None:
        if credentials != self._credentials:
            self._credentials = credentials
            _log.warning("asiabill.sign_key.turned", gateway_no=credentials.gateway_no)

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
