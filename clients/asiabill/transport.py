"""The one door to the network: limit, deadlines, owned tries, repeated reads.

Two ways lead through it. Reads go by `Reads`, which costs a tenth of what httpx costs; whatever may
change something goes by httpx, the client of record. httpcore loses a slot of its pool for good when
a request is cancelled at the wrong moment (httpcore#1093), and GraphQL cancels often. So there each
try runs in a task of its own that belongs to the Transport, and on both ways a caller who is
cancelled only stops waiting.
"""

# Else the annotations of functions inside of functions are worked out at each call.
from __future__ import annotations

import asyncio
import contextvars
import select
import ssl
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Self, TypeVar

import httpx
import msgspec
import stamina
import structlog
from msgspec import Struct

from clients.asiabill.answer import Answer, judged
from clients.asiabill.breaker import RETRY_AFTER_SECONDS, Breaker, OnChange, is_down
from clients.asiabill.connection import MAX_ANSWER, Reply
from clients.asiabill.deadlines import Deadlines
from clients.asiabill.errors import AsiabillError, CircuitOpen, NoAnswer, NotSent
from clients.asiabill.gate import Gate
from clients.asiabill.ids import new_id
from clients.asiabill.lanes import Lanes
from clients.asiabill.outcomes import Outcome
from clients.asiabill.pool import Unasked, Unreachable
from clients.asiabill.proof import Proof
from clients.asiabill.reads import Reads
from clients.asiabill.request import Request
from clients.asiabill.skew import Skew

T = TypeVar("T")
OnSend = Callable[[str], Awaitable[None]]

# Of one read, whatever came of its tries.
_TRIES, _TRYING_SECONDS = 3, 20.0
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "user-agent": "asiabill-gateway",
}

_log = structlog.get_logger(__name__)


def _may_pass(error: Exception) -> bool:
    return isinstance(error, NotSent | NoAnswer) and not isinstance(error, CircuitOpen)


class Call(Struct, frozen=True):
    """One try. `outcome` and `seconds` are None while it is under way."""

    endpoint: str
    request_id: str
    gateway_no: str
    outcome: Outcome | None = None
    seconds: float | None = None


class Transport:
    """This process's connections to Asiabill, for all accounts; entered once, before use.

    At most `limit` calls are in flight, the last eighth of them only for money. `observe` is called
    in the context of the caller, once as a try starts (it has its place and its id by then) and
    once as it ends; `observe_circuit` with a base URL and whether its circuit is open now;
    `observe_skew` with the seconds that our clock is ahead of Asiabill's. With
    `require_signed_answers` an answer without a valid signature is BadSignature; else that is only
    logged. With `lean` off, or a `network` of the caller's own, reads go by httpx too. Raises
    ValueError where TLS would not be verified.
    """

    def __init__(
        self,
        *,
        limit: int = 32,
        require_signed_answers: bool = False,
        now: Callable[[], float] = time.time,
        observe: Callable[[Call], None] | None = None,
        observe_circuit: OnChange | None = None,
        observe_skew: Callable[[float], None] | None = None,
        verify: ssl.SSLContext | bool = True,
        new_id: Callable[[], str] = new_id,
        deadlines: Deadlines | None = None,
        network: httpx.AsyncBaseTransport | None = None,
        lean: bool = True,
    ) -> None:
        if not _verifies(verify):
            raise ValueError("TLS must be verified: the certificate and the host name")
        self._deadlines = deadlines or Deadlines()
        self._gate = Gate(limit, self._deadlines.place)
        self._proof = Proof(required=require_signed_answers, now=now)
        self._now = now
        self._new_id = new_id
        self._observe = observe
        self._observe_circuit = observe_circuit
        self._skew = Skew(now, partial(_tell, observe_skew))
        self._breaker = Breaker(time.monotonic, self._changed)
        self._verify = verify
        self._network = network
        # It looks at its sockets in a way that Windows lacks.
        self._lean = lean and network is None and hasattr(select, "poll")
        self._reads: Reads | None = None
        self._client: httpx.AsyncBaseTransport | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        tls = httpx.create_ssl_context() if self._verify is True else self._verify
        assert isinstance(tls, ssl.SSLContext)
        if self._lean:
            self._reads = Reads(tls, self._deadlines)
        self._client = self._network or Lanes(tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Waits for the tries under way, for a bounded time, then closes the connections."""
        client, self._client = self._client, None
        try:
            async with asyncio.timeout(self._deadlines.drain):
                if self._tasks:
                    await asyncio.wait(self._tasks)
                if self._reads is not None:
                    await self._reads.drain()
        except TimeoutError:
            pass
        finally:
            if self._reads is not None:
                self._reads.close()
            if left := set(self._tasks):
                for task in left:
                    task.cancel()
                await asyncio.wait(left, timeout=1.0)
            if client is not None:
                await client.aclose()

    async def call(
        self, request: Request, read: Callable[[Answer], T], on_send: OnSend | None = None
    ) -> T:
        """What `read` makes of the answer; its msgspec.ValidationError becomes NoAnswer.

        `on_send` gets the request-id before the first byte leaves; what it raises comes through
        as it is, and then nothing was sent. Raises the errors of this package.
        """
        if not request.endpoint.repeatable:
            return await self._try(request, read, on_send)
        begun = time.monotonic()
        try:
            return await self._try(request, read, on_send)
        except (NotSent, NoAnswer) as failure:
            if not _may_pass(failure):
                raise
            left = _TRYING_SECONDS - (time.monotonic() - begun)
            if left <= 0:
                raise
            return await _again(failure, left, partial(self._try, request, read, on_send))

    def probe(self, request: Request) -> None:
        """Find out whether Asiabill is back, if that is due; nobody waits for it.

        For a caller who got CircuitOpen, with a read that does no harm. It takes no place, since
        calls that hang may hold them all.
        """
        if self._client is None or not self._breaker.probe_due(request.base):
            return
        task = asyncio.create_task(
            self._exchange(self._client, request, lambda _: None, None),
            # It is no call of the operation that happened to be refused.
            context=contextvars.Context(),
        )
        self._tasks.add(task)
        task.add_done_callback(self._probed)

    async def _try(
        self, request: Request, read: Callable[[Answer], T], on_send: OnSend | None
    ) -> T:
        endpoint = request.endpoint
        self._ready(request)
        try:
            await self._gate.enter(money=endpoint.money)
        except TimeoutError:
            raise NotSent(endpoint.name, "", "too many calls are in flight") from None
        # No await from here to create_task: the place must get an owner.
        try:
            # While it stood in the queue the ones before it may have found Asiabill down.
            client = self._ready(request)
        except NotSent:
            self._gate.leave(money=endpoint.money)
            raise
        if self._reads is not None and endpoint.repeatable:
            return await self._read(self._reads, request, read)
        task = asyncio.create_task(self._exchange(client, request, read, on_send))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, money=endpoint.money))
        # Unlike awaiting the task itself, this leaves it alone when we are cancelled.
        await asyncio.wait({task})
        if task.cancelled():
            raise NoAnswer(endpoint.name, "", "the transport was closed")
        return task.result()

    def _ready(self, request: Request) -> httpx.AsyncBaseTransport:
        """Raises NotSent where nothing may be sent now."""
        if self._client is None:
            raise NotSent(request.endpoint.name, "", "the transport is closed")
        if self._breaker.is_open(request.base):
            raise CircuitOpen(request.endpoint.name, RETRY_AFTER_SECONDS)
        return self._client

    def _ended(self, task: asyncio.Task[Any], *, money: bool) -> None:
        self._gate.leave(money=money)
        self._probed(task)

    def _probed(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Asked for, so that asyncio does not report the failure of a task nobody waits for.
            task.exception()

    async def _exchange(
        self,
        client: httpx.AsyncBaseTransport,
        request: Request,
        read: Callable[[Answer], T],
        on_send: OnSend | None,
    ) -> T:
        endpoint = request.endpoint
        request_id = self._new_id()
        clock = asyncio.get_running_loop().time
        start = clock()
        call = Call(endpoint.name, request_id, request.credentials.gateway_no)
        outcome = Outcome.NOT_SENT
        self._tell(call)
        try:
            message = self._message(request, request_id)
            if on_send is not None:
                await on_send(request_id)
            outcome = Outcome.NO_ANSWER
            reply = await self._sent(client, message, request, request_id)
            value = self._understood(request, request_id, reply, read)
        except AsiabillError as error:
            outcome = error.outcome
            self._heed(request.base, error, clock() - start)
            raise
        else:
            outcome = Outcome.ANSWERED
            self._heed(request.base, None, clock() - start)
            return value
        finally:
            self._tell(_over(call, outcome, clock() - start))

    async def _read(self, reads: Reads, request: Request, read: Callable[[Answer], T]) -> T:
        """One try by the lean way, in the caller's own task.

        Its place comes free when the request ends, also where the caller went away before.
        """
        name, request_id = request.endpoint.name, self._new_id()
        clock = asyncio.get_running_loop().time
        start = clock()
        call = Call(name, request_id, request.credentials.gateway_no)

        def over(failure: AsiabillError | None) -> None:
            self._heed(request.base, failure, clock() - start)
            outcome = Outcome.ANSWERED if failure is None else failure.outcome
            self._tell(_over(call, outcome, clock() - start))

        def ended(reply: Reply | Exception, gone: bool) -> None:
            self._gate.leave(money=False)
            if not gone:
                return
            if isinstance(reply, Unasked):
                self._tell(_over(call, Outcome.NOT_SENT, clock() - start))
                return
            if isinstance(reply, Exception):
                over(_failure(name, request_id, reply))
                return
            try:
                self._understood(request, request_id, reply, read)
            except AsiabillError as error:
                over(error)
            else:
                over(None)

        self._tell(call)
        try:
            reply = await reads.get(request, request_id, self._now(), ended)
            value = self._understood(request, request_id, reply, read)
        except Exception as error:  # noqa: BLE001 as in `_sent`
            failure = _failure(name, request_id, error)
            over(failure)
            raise failure from None
        over(None)
        return value

    def _heed(self, base: str, failure: AsiabillError | None, seconds: float) -> None:
        if failure is not None and is_down(failure):
            self._breaker.failed(base, seconds)
        else:
            self._breaker.answered(base)

    def _understood(
        self, request: Request, request_id: str, reply: Reply, read: Callable[[Answer], T]
    ) -> T:
        """What an answer says. Raises NoAnswer, Refused and BadSignature."""
        name = request.endpoint.name
        self._skew.compare(reply.headers)
        if reply.status != 200:
            raise NoAnswer(name, request_id, f"HTTP status {reply.status}")
        self._proof.check(request, request_id, reply.headers, reply.body)
        answer = judged(request.endpoint, request_id, reply.body)
        try:
            return read(answer)
        except msgspec.ValidationError as error:
            reason = f"unreadable data: {error}"
            raise NoAnswer(name, request_id, reason, answer.code) from None

    def _message(self, request: Request, request_id: str) -> httpx.Request:
        timeout = {
            "connect": self._deadlines.connect,
            "write": self._deadlines.write,
            "read": self._deadlines.silence(money=request.endpoint.money),
            "pool": None,
        }
        return httpx.Request(
            request.endpoint.method,
            request.url(),
            headers=_HEADERS | request.headers(request_id, self._now()),
            content=request.body or None,
            extensions={"timeout": timeout},
        )

    async def _sent(
        self,
        client: httpx.AsyncBaseTransport,
        message: httpx.Request,
        request: Request,
        request_id: str,
    ) -> Reply:
        """The whole answer. Raises NotSent and NoAnswer."""
        name, money = request.endpoint.name, request.endpoint.money
        whole, silence = self._deadlines.whole(money=money), self._deadlines.silence(money=money)
        ends = asyncio.get_running_loop().time() + whole
        try:
            # Headers that trickle in never meet `ends`. By the time this strikes connecting and
            # writing are over, so that cancelling costs the connection and no slot of the pool.
            async with asyncio.timeout(whole + silence):
                response = await client.handle_async_request(message)
                try:
                    status = response.status_code
                    if status != httpx.codes.OK:
                        return Reply(status, {}, b"")
                    return Reply(status, dict(response.headers), await _body(response, ends))
                finally:
                    await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            reason = f"no connection: {str(error) or type(error).__name__}"
            raise NotSent(name, request_id, reason) from None
        # Whatever else broke, broke after bytes may have left: only NoAnswer is true of it. The
        # texts of these errors may quote the answer, so the kind must do.
        except Exception as error:  # noqa: BLE001
            raise NoAnswer(name, request_id, type(error).__name__) from None

    def _changed(self, base: str, is_open: bool) -> None:
        if is_open:
            _log.error("asiabill.circuit.opened", base=base)
        else:
            _log.warning("asiabill.circuit.closed", base=base)
        _tell(self._observe_circuit, base, is_open)

    def _tell(self, call: Call) -> None:
        _tell(self._observe, call)


def _tell(observe: Callable[..., None] | None, *facts: object) -> None:
    if observe is None:
        return
    try:
        observe(*facts)
    # A counter that fails must not turn an answer about money into an error.
    except Exception:  # noqa: BLE001
        _log.exception("asiabill.observer.failed")


async def _again(failure: AsiabillError, seconds: float, once: Callable[[], Awaitable[T]]) -> T:
    """What a repeated read gives, where `failure` was its first try. Raises the last try's error.

    The first try is made without stamina, whose bookkeeping costs more than the rest of a read.
    """
    first = [failure]

    async def attempt() -> T:
        if first:
            raise first.pop()
        return await once()

    return await stamina.AsyncRetryingCaller(
        attempts=_TRIES, timeout=seconds, wait_initial=0.1, wait_max=1.0, wait_jitter=0.3
    )(_may_pass, attempt)


def _over(call: Call, outcome: Outcome, seconds: float) -> Call:
    return Call(call.endpoint, call.request_id, call.gateway_no, outcome, seconds)


def _failure(name: str, request_id: str, error: Exception) -> AsiabillError:
    """What a caller is told of whatever broke on the lean way."""
    match error:
        case AsiabillError():
            return error
        case Unreachable():
            return NotSent(name, request_id, f"no connection: {error}")
        case _:
            return NoAnswer(name, request_id, type(error).__name__)


async def _body(response: httpx.Response, ends: float) -> bytes:
    """The whole body. Raises TimeoutError and ValueError past the deadline and the size."""
    clock = asyncio.get_running_loop().time
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER:
            raise ValueError("the answer is too long")
        if clock() > ends:
            raise TimeoutError
    return bytes(body)


def _verifies(verify: ssl.SSLContext | bool) -> bool:
    if isinstance(verify, ssl.SSLContext):
        return verify.verify_mode is ssl.CERT_REQUIRED and verify.check_hostname
    return verify
