"""What the transport does when the far side, the network or the caller misbehaves."""

import asyncio
import contextvars
import gc
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from clients.asiabill import (
    Asiabill,
    AsiabillError,
    AuthorizeRequest,
    AuthType,
    BadSignature,
    Billing,
    Call,
    ChargebackQuery,
    ChargeRequest,
    CheckoutRequest,
    CircuitOpen,
    Credentials,
    Deadlines,
    Endpoints,
    NewCustomer,
    NewPaymentMethod,
    NoAnswer,
    NotSent,
    Outcome,
    RawCard,
    RefundRequest,
    RefundType,
    ShipmentUpload,
    TransactionQuery,
    Transport,
)
from tests.unit.asiabill.far_side import (
    GATEWAY_NO,
    SIGN_KEY,
    Answering,
    FarSide,
    Seen,
    answering,
    envelope,
    http,
    quiet,
    signed,
)

pytestmark = pytest.mark.anyio

CARD_NUMBER = "4242424242424242"
CHARGE = ChargeRequest(
    "A-1", "1.00", "USD", "cus_1", "pm_1", "https://r.example", "https://c.example", "203.0.113.7"
)
CHECKOUT = CheckoutRequest("A-1", "1.00", "USD", "Klarna", "https://r.example", "https://c.example")
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
GOOD = {"orderStatus": "success", "customerId": "cus_1"}
SHORT = Deadlines(
    place=0.3, connect=1, write=1, read=0.15, answer=0.3, money_read=0.15, money_answer=0.3
)

Use = Callable[[Asiabill], Awaitable[Any]]


def charge(account: Asiabill) -> Awaitable[Any]:
    return account.confirm_charge(CHARGE, quiet)


def read(account: Asiabill) -> Awaitable[Any]:
    return account.payment_methods("cus_1")


ONCE: dict[str, Use] = {
    "confirm_charge": charge,
    "checkout": lambda a: a.checkout(CHECKOUT, quiet),
    "local_payment": lambda a: a.local_payment(CHECKOUT, quiet),
    "authorize": lambda a: a.authorize(AuthorizeRequest("1", AuthType.CAPTURE), quiet),
    "refund": lambda a: a.refund(
        RefundRequest("re_1", "1", "1.00", RefundType.FULL, "returned"), quiet
    ),
    "upload_shipment": lambda a: a.upload_shipment(ShipmentUpload("T1", "t.example", trade_no="1")),
    "create_session_token": lambda a: a.create_session_token(),
    "create_customer": lambda a: a.create_customer(NewCustomer("a@b.c", "A", "B")),
    "delete_customer": lambda a: a.delete_customer("cus_1"),
    "create_payment_method": lambda a: a.create_payment_method(
        NewPaymentMethod(RawCard(CARD_NUMBER, "12", "2030", "123"), Billing())
    ),
    "update_payment_method": lambda a: a.update_payment_method("pm_1", Billing()),
    "attach": lambda a: a.attach_payment_method("pm_1", "cus_1"),
    "detach": lambda a: a.detach_payment_method("pm_1"),
}
READS: dict[str, Use] = {
    "customer": lambda a: a.customer("cus_1"),
    "customers": lambda a: a.customers(1, 10),
    "payment_method": lambda a: a.payment_method("pm_1"),
    "payment_methods": read,
    "order_info": lambda a: a.order_info("1"),
    "refund_record": lambda a: a.refund_record("442011"),
    "transactions": lambda a: a.transactions(TransactionQuery(NOON, NOON)),
    "chargebacks": lambda a: a.chargebacks(ChargebackQuery(NOON, NOON)),
    "shipment": lambda a: a.shipment("1"),
}


def _writing(made: bytes | Callable[[Seen], bytes]) -> Answering:
    """Writes this and closes the connection."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(made if isinstance(made, bytes) else made(seen))
        await writer.drain()
        writer.close()

    return answer


async def _reset(_: Seen, writer: asyncio.StreamWriter) -> None:
    """Ends the connection with RST in place of an answer."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


async def _silent(_: Seen, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _dripping_head(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _dripping_body(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


FAULTS: dict[str, Answering] = {
    "closed": _writing(b""),
    "reset": _reset,
    "not http": _writing(b"\x15\x03\x01\x00\x02\x02\x28"),
    "truncated": _writing(lambda seen: signed(seen, envelope(GOOD))[:-3]),
    "status 500": _writing(http(envelope(GOOD), "500 Internal Server Error")),
    "status 503": _writing(http(b"<html>busy</html>", "503 Service Unavailable")),
    "status 429": _writing(http(b"", "429 Too Many Requests")),
    "status 404": _writing(http(envelope(GOOD), "404 Not Found")),
    "status 201": _writing(http(envelope(GOOD), "201 Created")),
    "redirect": _writing(http(b"", "307 Temporary Redirect", location="/V2022-03/elsewhere")),
    "empty": _writing(http(b"")),
    "html": _writing(http(b"<html>hello</html>")),
    "null": _writing(http(b"null")),
    "list": _writing(http(b"[]")),
    "text": _writing(http(b'"00000"')),
    "no code": _writing(http(b'{"message":"success","data":{}}')),
    "null code": _writing(http(b'{"code":null,"data":{}}')),
    "object code": _writing(http(b'{"code":{"a":1},"data":{}}')),
    "bad utf-8": _writing(http(b'{"code":"00000","message":"\xff","data":{}}')),
    "deep": _writing(http(b'{"code":"00000","data":' + b"[" * 100_000)),
    "long number": _writing(http(b'{"code":"00000","data":' + b"9" * 10_000 + b"}")),
    "two values": _writing(http(envelope(GOOD) + b"{}")),
    "not gzip": _writing(http(envelope(GOOD), content_encoding="gzip")),
    "too long": _writing(http(b" " * (9 * 1024 * 1024) + envelope(GOOD))),
    "S0001": answering(None, "S0001"),
}
SLOW: dict[str, Answering] = {
    "silent": _silent,
    "dripping head": _dripping_head,
    "dripping body": _dripping_body,
}


@pytest.mark.parametrize("fault", [*FAULTS, *SLOW])
async def test_whatever_breaks_after_sending_is_no_answer(fault: str) -> None:
    """For a charge, which is sent exactly once; and no error of another kind comes out."""
    async with (
        FarSide((FAULTS | SLOW)[fault]).listening() as far,
        Transport(deadlines=SHORT if fault in SLOW else None) as transport,
    ):
        with pytest.raises(NoAnswer) as unknown:
            async with asyncio.timeout(5):
                await charge(far.account(transport))
    assert len(far.seen) == 1
    assert unknown.value.endpoint == "POST /confirmCharge"
    assert unknown.value.request_id == far.seen[0].request_id


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("fault", ["closed", "status 503"])
async def test_what_changes_something_is_never_repeated(name: str, fault: str) -> None:
    async with FarSide(FAULTS[fault]).listening() as far, Transport() as transport:
        with pytest.raises(NoAnswer):
            await ONCE[name](far.account(transport))
    assert len(far.seen) == 1


@pytest.mark.parametrize("name", READS)
async def test_a_read_is_repeated_twice_at_most(name: str) -> None:
    """Each try with a request-id and a signature of its own."""
    async with FarSide(FAULTS["status 503"]).listening() as far, Transport() as transport:
        with pytest.raises(NoAnswer, match="503"):
            await READS[name](far.account(transport))
    assert len(far.seen) == 3
    assert len({seen.request_id for seen in far.seen}) == 3
    assert len({seen.headers["sign-info"] for seen in far.seen}) == 3


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_read_recovers_from_a_fault_that_passes(fault: str) -> None:
    async def once(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await (FAULTS[fault] if len(far.seen) == 1 else answering([]))(seen, writer)

    async with FarSide(once).listening() as far, Transport() as transport:
        assert await read(far.account(transport)) == []
    assert [seen.path for seen in far.seen] == ["/V2022-03/payment_methods/list/cus_1"] * 2


def _closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _account(transport: Transport, origin: str) -> Asiabill:
    endpoints = Endpoints(f"{origin}/V2022-03", f"{origin}/openApi/V2022-03")
    return Asiabill(Credentials(GATEWAY_NO, SIGN_KEY), endpoints, transport)


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
async def test_no_connection_is_not_sent(host: str) -> None:
    """A read tries again, a charge does not; on_send was told, since it comes first."""
    calls: list[Call] = []
    told: list[str] = []

    async def on_send(request_id: str) -> None:
        told.append(request_id)

    async with Transport(observe=calls.append) as transport:
        account = _account(transport, f"http://{host}:{_closed_port()}")
        with pytest.raises(NotSent) as not_sent:
            await account.confirm_charge(CHARGE, on_send)
        assert told == [not_sent.value.request_id]
        assert [call.outcome for call in calls] == [None, Outcome.NOT_SENT]
        calls.clear()
        with pytest.raises(NotSent):
            await read(account)
        assert [call.outcome for call in calls] == [None, Outcome.NOT_SENT] * 3


async def test_a_connection_that_does_not_come_about_in_time_is_not_sent() -> None:
    """A full backlog answers nothing at all."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        port = sock.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            async with Transport(deadlines=Deadlines(connect=0.2)) as transport:
                with pytest.raises(NotSent, match="ConnectTimeout"):
                    await charge(_account(transport, f"http://127.0.0.1:{port}"))
        finally:
            for filler in fillers:
                filler.close()


async def test_on_send_comes_before_the_first_byte() -> None:
    """While it has not returned, nothing has even connected."""
    asked, go = asyncio.Event(), asyncio.Event()

    async def on_send(_: str) -> None:
        asked.set()
        await go.wait()

    async with FarSide(answering(GOOD)).listening() as far, Transport() as transport:
        task = asyncio.create_task(far.account(transport).confirm_charge(CHARGE, on_send))
        await asked.wait()
        await far.account(transport).customer("cus_1")
        assert far.connected == 1
        assert [seen.method for seen in far.seen] == ["GET"]
        go.set()
        assert (await task).order_status == "success"
    assert [seen.method for seen in far.seen] == ["GET", "POST"]


async def test_what_on_send_raises_comes_through_and_nothing_is_sent() -> None:
    failure = RuntimeError("the ledger is gone")

    async def on_send(_: str) -> None:
        raise failure

    calls: list[Call] = []
    async with (
        FarSide(answering(GOOD)).listening() as far,
        Transport(observe=calls.append) as transport,
    ):
        with pytest.raises(RuntimeError) as raised:
            await far.account(transport).confirm_charge(CHARGE, on_send)
    assert raised.value is failure
    assert far.connected == 0
    assert [call.outcome for call in calls] == [None, Outcome.NOT_SENT]


async def test_a_cancelled_caller_recalls_no_charge() -> None:
    """The charge is under way: it ends on its own, and its place comes free."""
    go = asyncio.Event()

    async def held(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        await answering(GOOD)(seen, writer)

    calls: list[Call] = []
    async with FarSide(held).listening() as far:
        async with Transport(observe=calls.append) as transport:
            task = asyncio.ensure_future(charge(far.account(transport)))
            await far.until(lambda: far.in_flight == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            go.set()
        assert [call.outcome for call in calls] == [None, Outcome.ANSWERED]
    assert len(far.seen) == 1


async def test_thousands_of_cancelled_callers_do_no_harm() -> None:
    """After 3,000 of them, stopped in every phase of a call, ten calls side by side all succeed."""
    async with FarSide(answering([])).listening() as far, Transport(limit=16) as transport:
        account = far.account(transport)
        cancelled = 0
        async with asyncio.timeout(30):
            for round_ in range(90):
                tasks = [asyncio.ensure_future(read(account)) for _ in range(50)]
                for _ in range(round_ % 12):
                    await asyncio.sleep(0)
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
                cancelled += sum(isinstance(end, asyncio.CancelledError) for end in ended)
            assert await asyncio.gather(*(read(account) for _ in range(10))) == [[]] * 10
        assert cancelled > 2500
        assert far.connected <= 16


async def _reached(account: Asiabill) -> None:
    """Waits until the breaker has found out that the far side answers again."""
    async with asyncio.timeout(5):
        while True:
            try:
                await read(account)
            except CircuitOpen:
                await asyncio.sleep(0)
            else:
                return


async def test_callers_cancelled_while_the_far_side_hangs_do_no_harm() -> None:
    """The tries they leave behind run into their deadlines and free their places."""
    hang = True

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await (_silent if hang else answering([]))(seen, writer)

    async with (
        FarSide(answer).listening() as far,
        Transport(limit=8, deadlines=SHORT) as transport,
    ):
        account = far.account(transport)
        for _ in range(5):
            tasks = [asyncio.ensure_future(read(account)) for _ in range(20)]
            await far.until(lambda: far.in_flight == 7)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        hang = False
        await _reached(account)
        assert await asyncio.gather(*(read(account) for _ in range(10))) == [[]] * 10


async def test_a_body_that_keeps_coming_is_read_no_longer_than_its_deadline() -> None:
    """Each piece comes in time, so that the limit of silence alone would never strike."""
    patient = Deadlines(money_read=30, money_answer=0.1)
    async with (
        FarSide(_dripping_body).listening() as far,
        Transport(deadlines=patient) as transport,
        asyncio.timeout(5),
    ):
        with pytest.raises(NoAnswer, match="TimeoutError"):
            await charge(far.account(transport))


async def test_answers_that_never_end_cost_no_place() -> None:
    """A head that trickles in is cut off, again and again, and the pool stays whole."""
    drip = True

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await (_dripping_head if drip else answering([]))(seen, writer)

    async with (
        FarSide(answer).listening() as far,
        Transport(limit=8, deadlines=SHORT) as transport,
    ):
        account = far.account(transport)
        tries = [account.detach_payment_method("pm_1") for _ in range(14)]
        ended = await asyncio.gather(*tries, return_exceptions=True)
        assert {type(end) for end in ended} <= {NoAnswer, NotSent, CircuitOpen}
        assert len(far.seen) >= 7
        drip = False
        await _reached(account)
        assert await asyncio.gather(*(read(account) for _ in range(10))) == [[]] * 10


async def test_the_limit_holds_and_the_last_places_are_for_money() -> None:
    """Of 8 places reads get 7; with charges waiting all 8 are used, and never more."""
    go = asyncio.Event()

    async def held(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        await answering(GOOD if seen.method == "POST" else [])(seen, writer)

    async with FarSide(held).listening() as far, Transport(limit=8) as transport:
        account = far.account(transport)
        reads = [asyncio.ensure_future(read(account)) for _ in range(40)]
        await far.until(lambda: far.in_flight == 7)
        charges = [asyncio.ensure_future(charge(account)) for _ in range(5)]
        await far.until(lambda: far.in_flight == 8)
        assert [seen.method for seen in far.seen] == ["GET"] * 7 + ["POST"]
        go.set()
        await asyncio.gather(*reads, *charges)
    assert far.peak == 8
    assert len(far.seen) == 45


async def test_reads_that_hang_cannot_starve_a_charge() -> None:
    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await (answering(GOOD) if seen.path.endswith("/confirmCharge") else _silent)(seen, writer)

    async with FarSide(answer).listening() as far, Transport(limit=4) as transport:
        account = far.account(transport)
        others = [asyncio.ensure_future(read(account)) for _ in range(50)]
        others += [asyncio.ensure_future(account.create_session_token()) for _ in range(50)]
        await far.until(lambda: far.in_flight == 3)
        for _ in range(3):
            assert (await charge(account)).order_status == "success"
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        far.release()


async def test_waiting_for_a_place_ends() -> None:
    """With NotSent, and without a trace on the wire."""
    deadlines = Deadlines(place=0.1)
    async with (
        FarSide(_silent).listening() as far,
        Transport(limit=2, deadlines=deadlines) as transport,
    ):
        account = far.account(transport)
        first = asyncio.ensure_future(charge(account))
        second = asyncio.ensure_future(charge(account))
        await far.until(lambda: far.in_flight == 2)
        with pytest.raises(NotSent, match="in flight"):
            await charge(account)
        assert len(far.seen) == 2
        far.release()
        for task in (first, second):
            with pytest.raises(NoAnswer):
                await task


@pytest.mark.parametrize("limit", [-1, 0, 1])
def test_a_limit_without_room_for_both_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        Transport(limit=limit)


async def test_the_place_is_free_while_a_read_waits_to_be_repeated() -> None:
    """With a single place for reads, two reads that fail once each still both succeed."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        failing = sum(s.path == seen.path for s in far.seen) == 1
        await (FAULTS["closed"] if failing else answering([]))(seen, writer)

    async with FarSide(answer).listening() as far, Transport(limit=2) as transport:
        account = far.account(transport)
        both = [account.payment_methods("cus_1"), account.payment_methods("cus_2")]
        assert await asyncio.gather(*both) == [[], []]
    assert len(far.seen) == 4
    assert far.peak == 1


async def test_leaving_waits_for_what_is_under_way() -> None:
    go = asyncio.Event()

    async def held(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        await answering(GOOD)(seen, writer)

    async with FarSide(held).listening() as far:
        transport = await Transport().__aenter__()
        account = far.account(transport)
        task = asyncio.ensure_future(charge(account))
        await far.until(lambda: far.in_flight == 1)
        leaving = asyncio.create_task(transport.__aexit__(None, None, None))
        await asyncio.sleep(0)
        with pytest.raises(NotSent, match="closed"):
            await charge(account)
        assert not leaving.done()
        go.set()
        assert (await task).order_status == "success"
        await leaving
    assert len(far.seen) == 1


async def test_leaving_does_not_wait_for_ever() -> None:
    """What is cut off then is told so: it may have been taken."""
    async with FarSide(_silent).listening() as far:
        async with Transport(deadlines=Deadlines(drain=0.1)) as transport:
            task = asyncio.ensure_future(charge(far.account(transport)))
            await far.until(lambda: far.in_flight == 1)
        with pytest.raises(NoAnswer):
            await task


async def test_a_failure_nobody_waits_for_is_not_reported_as_lost() -> None:
    reports: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    async with FarSide(FAULTS["closed"]).listening() as far, Transport() as transport:
        task = asyncio.ensure_future(charge(far.account(transport)))
        await far.until(lambda: len(far.seen) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        del task
    gc.collect()
    assert reports == []


async def test_the_observer_runs_in_the_context_of_the_caller() -> None:
    """Once as a try starts and once as it ends, so that calls can be counted by operation."""
    operation: contextvars.ContextVar[list[Call]] = contextvars.ContextVar("operation")

    async def counted(account: Asiabill, customer_id: str) -> list[Call]:
        operation.set([])
        await account.payment_methods(customer_id)
        return operation.get()

    async with (
        FarSide(answering([])).listening() as far,
        Transport(observe=lambda call: operation.get().append(call)) as transport,
    ):
        account = far.account(transport)
        operations = [asyncio.create_task(counted(account, f"cus_{number}")) for number in range(5)]
        for calls in await asyncio.gather(*operations):
            start, end = calls
            assert (start.outcome, start.seconds) == (None, None)
            assert end.outcome is Outcome.ANSWERED
            assert end.seconds is not None
            assert end.seconds > 0
            assert start.request_id == end.request_id
            assert end.endpoint == "GET /payment_methods/list/{customerId}"
            assert end.gateway_no == GATEWAY_NO


async def test_an_observer_that_fails_spoils_no_charge() -> None:
    def observe(_: Call) -> None:
        raise RuntimeError("no counter")

    with structlog.testing.capture_logs() as logs:
        async with (
            FarSide(answering(GOOD)).listening() as far,
            Transport(observe=observe) as transport,
        ):
            assert (await charge(far.account(transport))).order_status == "success"
    assert {log["event"] for log in logs} == {"asiabill.observer.failed"}


async def test_clock_and_ids_are_the_callers() -> None:
    ids = iter(["first", "second"])
    async with (
        FarSide(answering([])).listening() as far,
        Transport(now=lambda: 1669161601.9999, new_id=lambda: next(ids)) as transport,
    ):
        await read(far.account(transport))
    assert far.seen[0].headers["request-time"] == "1669161601999"
    assert far.seen[0].request_id == "first"


BAD_SIGNATURES: dict[str, Answering] = {
    "missing": _writing(http(envelope(GOOD))),
    "wrong key": _writing(lambda seen: signed(seen, envelope(GOOD), key="other")),
    "of another request": _writing(lambda seen: signed(seen, envelope(GOOD), request_id="a" * 32)),
    "of another body": _writing(
        lambda seen: signed(seen, envelope(GOOD)).replace(b'"success"', b'"SUCCESS"')
    ),
}


@pytest.mark.parametrize("kind", BAD_SIGNATURES)
async def test_answers_must_be_signed_where_that_is_required(kind: str) -> None:
    """Such an answer is dropped and the read is not repeated: the next would be no better."""
    async with (
        FarSide(BAD_SIGNATURES[kind]).listening() as far,
        Transport(require_signed_answers=True) as transport,
    ):
        with pytest.raises(BadSignature):
            await charge(far.account(transport))
        with pytest.raises(BadSignature):
            await far.account(transport).customer("cus_1")
    assert len(far.seen) == 2


async def test_signed_answers_pass_where_that_is_required() -> None:
    with structlog.testing.capture_logs() as logs:
        async with (
            FarSide(answering(GOOD)).listening() as far,
            Transport(require_signed_answers=True) as transport,
        ):
            assert (await charge(far.account(transport))).order_status == "success"
    assert logs == []


async def test_otherwise_a_bad_signature_is_told_once_a_minute_for_each_endpoint() -> None:
    now = time.time()

    with structlog.testing.capture_logs() as logs:
        async with (
            FarSide(BAD_SIGNATURES["wrong key"]).listening() as far,
            Transport(now=lambda: now) as transport,
        ):
            account = far.account(transport)
            for _ in range(3):
                await charge(account)
            await account.customer("cus_1")
            now += 59.9
            await charge(account)
            now += 0.1
            await charge(account)
    assert [(log["log_level"], log["endpoint"]) for log in logs] == [
        ("warning", "POST /confirmCharge"),
        ("warning", "GET /customers/{customerId}"),
        ("warning", "POST /confirmCharge"),
    ]


async def test_neither_cookies_nor_proxies_nor_netrc_come_into_play(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{_closed_port()}")

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(http(envelope([]), set_cookie="session=1; Path=/"))

    async with FarSide(answer).listening() as far, Transport() as transport:
        await read(far.account(transport))
        await read(far.account(transport))
    assert len(far.seen) == 2
    for seen in far.seen:
        assert not {"cookie", "authorization"} & set(seen.headers)


async def test_no_log_has_urls_cards_or_keys(caplog: pytest.LogCaptureFixture) -> None:
    """httpx would tell each URL at INFO; the errors of this package have none either."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    texts = []
    tls = ssl.create_default_context()
    with structlog.testing.capture_logs() as logs:
        async with FarSide(FAULTS["html"]).listening() as far:
            for use in (*ONCE.values(), *READS.values()):
                # One of each, or the circuit would open and the later ones would not be sent.
                async with Transport(verify=tls) as transport:
                    with pytest.raises(AsiabillError) as error:
                        await use(far.account(transport))
                texts.append(f"{error.value} {error.value!r} {error.value.__cause__!r}")
    told = caplog.text + repr(logs) + "".join(texts)
    assert "POST /confirmCharge" in told
    for secret in ("cus_1", "pm_1", CARD_NUMBER, SIGN_KEY, "127.0.0.1", "<html>"):
        assert secret not in told.replace("host='127.0.0.1'", "")


async def test_a_transport_that_was_not_entered_sends_nothing() -> None:
    async with FarSide(answering(GOOD)).listening() as far:
        with pytest.raises(NotSent):
            await charge(far.account(Transport()))
    assert far.seen == []
