"""A signed endpoint: what stands between the wire and what an endpoint does.

The order of the checks is L0001, L0003, L0004, L0005 (contract 11.12, assumed). Business errors
have HTTP status 200 (contract 2).
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope, Send

from simulator.book import Account
from simulator.connection import drop, read_body
from simulator.fields import Fields, Refusal
from simulator.misbehaviour import misbehave
from simulator.signature import sign_answer, verify_request

if TYPE_CHECKING:
    from simulator.sandbox import Sandbox

_FARTHEST_CLOCK_MS = 10 * 60 * 1000
_REQUEST_ID = re.compile(rb"[A-Za-z0-9-]{1,64}")
_REQUEST_TIME = re.compile(rb"[0-9]{1,16}")
_JSON = (b"content-type", b"application/json;charset=UTF-8")

# A Decimal keeps its digits: 100.00 is a number too.
_encoder = msgspec.json.Encoder(decimal_format="number")

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """A verified call. `host` is its Host header.

    `as_of` is the last moment that a look-up knows of: infinity, unless a fault holds it back.
    """

    sandbox: "Sandbox"
    account: Account
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Fields
    now: float
    as_of: float
    host: str

    @property
    def saved_cards(self) -> bool:
        """Whether Asiabill has enabled saved cards for the account."""
        return self.sandbox.options.saved_cards


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived."""

    scope: Scope
    body: bytes
    headers: Mapping[bytes, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class SignedEndpoint:
    """An ASGI application for one endpoint; `name` as in the contract, `code` its success code."""

    sandbox: "Sandbox"
    name: str
    handle: Callable[[Call], Any]
    code: str = "00000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        if body is None:
            await drop(scope, receive)
            return
        sandbox = self.sandbox
        request = Request(scope, body, dict(scope["headers"]))
        sandbox.calls.begin(self.name)
        try:
            target = scope.get("raw_path", b"") + b"?" + scope["query_string"]
            fault = sandbox.faults.meet(self.name, target, body)
            if fault is None:
                answer = await self.act(request)
                await send_answer(send, answer)
            else:
                await misbehave(fault, self, request, receive, send)
        finally:
            sandbox.calls.end(self.name)

    async def act(
        self, request: Request, *, behind: float = 0.0, spoil: Callable[[Any], Any] | None = None
    ) -> Answer:
        """Does what is asked and gives the answer, once all that happened so far is on disk.

        `behind`: seconds that a look-up lags. `spoil` changes the data of a successful answer.
        """
        answer = self._answer(request, behind, spoil)
        await self.sandbox.durable()
        return answer

    def _answer(
        self, request: Request, behind: float, spoil: Callable[[Any], Any] | None
    ) -> Answer:
        now = self.sandbox.options.clock()
        gateway_no = request.headers.get(b"gateway-no", b"").decode("latin-1")
        account = self.sandbox.book.account(gateway_no)
        try:
            data = self.handle(self._verified(request, account, now, behind))
            if spoil is not None:
                data = spoil(data)
            content: dict[str, Any] = {"code": self.code, "message": "success", "data": data}
        except Refusal as refusal:
            content = {"code": refusal.code, "message": refusal.message, "data": None}
        return _signed(account, request, now, _encoder.encode(content))

    def _verified(
        self, request: Request, account: Account | None, now: float, behind: float
    ) -> Call:
        if account is None:
            raise Refusal("L0001", "limited request")
        scope = request.scope
        headers = request.headers
        sent_at = headers.get(b"request-time", b"")
        if not _REQUEST_TIME.fullmatch(sent_at):
            raise Refusal("L0003", "requestTime outside range")
        if abs(int(sent_at) - now * 1000) > _FARTHEST_CLOCK_MS:
            raise Refusal("L0003", "requestTime outside range")
        raw_request_id = headers.get(b"request-id", b"")
        if not _REQUEST_ID.fullmatch(raw_request_id):
            raise Refusal.malformed("request-id")
        request_id = raw_request_id.decode("ascii")
        used = self.sandbox.request_ids[account.gateway_no]
        used.forget_old(now)
        if request_id in used:
            raise Refusal("L0004", "duplicate request")
        path = scope.get("path_params", {})
        query = parse_qsl(
            scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace"
        )
        sent_at_text = sent_at.decode("ascii")
        head = f"{account.gateway_no}{request_id}{sent_at_text}"
        sign_info = headers.get(b"sign-info", b"")
        if not verify_request(account.sign_key, sign_info, head, path, query, request.body):
            raise Refusal("L0005", "check sign info error")
        # Kept only now: a stranger must not be able to use up somebody's ids.
        used.add(request_id, now)
        return Call(
            sandbox=self.sandbox,
            account=account,
            path=path,
            query={name: value for name, value in query if value},
            body=Fields.parse(request.body),
            now=now,
            as_of=now - behind if behind else math.inf,
            host=headers.get(b"host", b"localhost").decode("latin-1"),
        )


async def send_answer(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


def _signed(account: Account | None, request: Request, now: float, body: bytes) -> Answer:
    """With the headers of contract 2.2; unsigned where the gateway number has no key."""
    request_id = request.headers.get(b"request-id", b"")[:64]
    time_ms = str(int(now * 1000))
    headers: Headers = [
        _JSON,
        (b"content-length", str(len(body)).encode()),
        (b"response-id", request_id),
        (b"response-time", time_ms.encode()),
    ]
    if account is not None:
        gateway_no = account.gateway_no
        signature = sign_answer(
            account.sign_key, gateway_no, request_id.decode("latin-1"), time_ms, body
        )
        headers.append((b"gateway-no", gateway_no.encode()))
        headers.append((b"sign-info", signature.encode()))
    return Answer(body, headers)
