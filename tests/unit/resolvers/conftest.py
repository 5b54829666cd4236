"""A ledger, and a far side whose book the test writes."""

from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest

from clients.asiabill import Transport
from ledger import Ledger, migrate
from resolvers.account import Account
from tests.unit.asiabill.far_side import FarSide
from tests.unit.resolvers.books import Books


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    both = Books()
    url = f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}"
    await migrate(url)
    async with (
        FarSide(both.serve).listening() as asiabill,
        Transport() as transport,
        Ledger(url, now=lambda: both.moment.astimezone(UTC)) as ledger,
    ):
        both.ledger = ledger
        both.account = Account("default", asiabill.account(transport), b"no card is compared here")
        yield both
