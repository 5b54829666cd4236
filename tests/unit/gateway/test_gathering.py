"""What one turn of the loop writes leaves as one piece, in order, and none of it is lost by closing."""

import asyncio

import pytest

from gateway.gathering import Gathering


class Wire(asyncio.Transport):
    """Keeps the pieces that it is given."""

    def __init__(self) -> None:
        super().__init__({"peername": ("203.0.113.7", 1)})
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def gathering(wire: Wire) -> Gathering:
    return Gathering(wire)


async def test_a_turn_is_one_piece(wire: Wire, gathering: Gathering) -> None:
    gathering.write(b"head,")
    gathering.write(b"body")
    assert wire.pieces == []
    await asyncio.sleep(0)
    assert wire.pieces == [b"head,body"]
    gathering.write(b"next")
    await asyncio.sleep(0)
    assert wire.pieces == [b"head,body", b"next"]


async def test_closing_sends_what_was_written(wire: Wire, gathering: Gathering) -> None:
    gathering.write(b"head,")
    gathering.write(b"body")
    gathering.close()
    assert (wire.pieces, gathering.is_closing()) == ([b"head,body"], True)
    await asyncio.sleep(0)
    assert wire.pieces == [b"head,body"]


async def test_a_connection_that_was_cut_off_is_not_written_to(
    wire: Wire, gathering: Gathering
) -> None:
    gathering.write(b"head")
    gathering.abort()
    await asyncio.sleep(0)
    assert wire.pieces == []


async def test_the_rest_is_the_transports(gathering: Gathering) -> None:
    assert gathering.get_extra_info("peername") == ("203.0.113.7", 1)
