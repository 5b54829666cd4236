"""What `serve` decides before it serves."""

import pytest
from pydantic import SecretStr

from gateway import serving
from gateway.settings import Settings


@pytest.mark.parametrize(
    ("database", "books"),
    [
        ("sqlite+aiosqlite:///gateway.db", "gateway.db.simulator.json"),
        ("sqlite:///shop/gateway.db", "shop/gateway.db.simulator.json"),
        ("sqlite+aiosqlite:////srv/gateway.db", "/srv/gateway.db.simulator.json"),
        ("postgresql+asyncpg://shop@db/ledger", "gateway.db.simulator.json"),
    ],
)
def test_the_simulator_keeps_its_books_beside_the_ledger(database: str, books: str) -> None:
    """So that both remember or both forget."""
    assert serving._state_file(Settings(database_url=SecretStr(database))) == books
