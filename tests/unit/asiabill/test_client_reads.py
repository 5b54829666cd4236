"""Reads on both ways, the lean one and httpx's: what the wire may do, and what must be refused."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from clients.asiabill import Deadlines, NoAnswer, Transport
from tests.unit.asiabill.far_side import FarSide, Seen, answering, envelope, http, signed

pytestmark = pytest.mark.anyio

CARDS = [{"customerPaymentMethodId": "pm_1"}]
SHORT = Deadlines(connect=1, write=1, read=0.3, answer=0.6)


@pytest.fixture(params=[True, False], ids=["lean", "httpx"])
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    async with Transport(lean=request.param, deadlines=SHORT) as transport:
        yield transport


def _split(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def chunked(seen: Seen) -> bytes:
    head, body = _split(signed(seen, envelope(CARDS)))
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"content-length")]
    parts = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    return b"\r\n".join([*lines, b"transfer-encoding: chunked", b"", parts + b"0\r\n\r\n"])


def continued(seen: Seen) -> bytes:
    return b"HTTP/1.1 100 Continue\r\n\r\n" + signed(seen, envelope(CARDS))


def without_length(seen: Seen) -> bytes:
    head, body = _split(signed(seen, envelope(CARDS)))
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"content-length")]
    return b"\r\n".join([*lines, b"connection: close", b"", body])


GOOD = {"chunked": chunked, "100 continue": continued, "until the end": without_length}


@pytest.mark.parametrize("kind", GOOD)
async def test_every_form_of_a_whole_answer_is_read(transport: Transport, kind: str) -> None:
    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        made = GOOD[kind](seen)
        for place in range(0, len(made), 50):
            writer.write(made[place : place + 50])
            await writer.drain()
        if kind == "until the end":
            writer.close()

    async with FarSide(answer).listening() as far:
        for _ in range(2):
            (card,) = await far.account(transport).payment_methods("cus_1")
            assert card.id == "pm_1"


def huge_head(seen: Seen) -> bytes:
    return b"HTTP/1.1 200 OK\r\nx: " + b"x" * 300_000


def half_chunk(seen: Seen) -> bytes:
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"


def two_lengths(seen: Seen) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\n{}     "


def length_and_chunks(seen: Seen) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n"
        b"2\r\n{}\r\n0\r\n\r\n"
    )


def switched(seen: Seen) -> bytes:
    return b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"


def packed(seen: Seen) -> bytes:
    return http(envelope(CARDS), content_encoding="gzip")


BAD = {
    "huge head": huge_head,
    "half a chunk": half_chunk,
    "two lengths": two_lengths,
    "length and chunks": length_and_chunks,
    "another protocol": switched,
    "packed": packed,
}


@pytest.mark.parametrize("kind", BAD)
async def test_what_is_no_whole_answer_is_none(transport: Transport, kind: str) -> None:
    """And the connection that it came on is not used again."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(BAD[kind](seen))

    async with FarSide(answer).listening() as far, asyncio.timeout(10):
        with pytest.raises(NoAnswer):
            await far.account(transport).payment_methods("cus_1")
    assert len(far.seen) == 3


async def test_bytes_that_nobody_asked_for_are_no_answer_to_the_next() -> None:
    """An answer too many, in the packet of the first, would be taken for the second's. By httpx it
    is, unless signed answers are required."""

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        forged = [{"customerPaymentMethodId": "pm_forged"}]
        both = signed(seen, envelope(CARDS)) + signed(seen, envelope(forged))
        writer.write(both if len(far.seen) == 1 else signed(seen, envelope(CARDS)))

    async with FarSide(answer).listening() as far, Transport() as transport:
        for _ in range(3):
            (card,) = await far.account(transport).payment_methods("cus_1")
            assert card.id == "pm_1"


async def test_a_connection_closed_while_idle_costs_no_try(transport: Transport) -> None:
    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(signed(seen, envelope(CARDS)))
        await writer.drain()
        writer.close()

    async with FarSide(answer).listening() as far:
        account = far.account(transport)
        for count in range(1, 4):
            await account.payment_methods("cus_1")
            await far.until(lambda: far.in_flight == 0)
            assert len(far.seen) == count


async def test_a_kept_connection_is_used_again(transport: Transport) -> None:
    async with FarSide(answering(CARDS)).listening() as far:
        for _ in range(5):
            await far.account(transport).payment_methods("cus_1")
    assert far.connected == 1
