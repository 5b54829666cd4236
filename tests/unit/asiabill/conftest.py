"""What every test of the client needs: a transport, and no waiting between repeated reads."""

from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from clients.asiabill import Transport


@pytest.fixture(autouse=True)
def _no_waits() -> Iterator[None]:
    """Reads are tried as often as in life, at once."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport() as transport:
        yield transport
