"""A ledger of many charges comes from the first revision to the newest in bounded time, whole."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import JSON, Connection, bindparam, text

from ledger import Ledger, migrate, migration, prune
from ledger.column import Instant
from ledger.database import Database
from tests.databases import Postgres

_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_AT_ONCE = 20_000
_TEN_YEARS = timedelta(days=3650)
# Generous: other work may run beside the test.
_SECONDS_A_THOUSAND = 0.1

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
_CHARGES = """INSERT INTO charges (account, id, order_no, status, trade_no, customer_id, amount,
 currency, minor_units, usage, live, attempt, key_scope, idempotency_key, args_digest, send_no,
 sent_at, heard, request_ids, webhook_count, empty_looks, late_success, looks, version, created_at,
 updated_at) {numbers} SELECT 'default', 'ch_' || i, 'A-' || i, 'SUCCEEDED', 'T-' || i,
 'cus_' || i % 1000, '10.99', 'USD', 1099, 'ON_SESSION', false, 1, '', 'key-' || i, 'digest', 1, :at,
 true, :ids, 1, 0, false, 0, 2, :at, :at FROM n"""
_EVENTS = """INSERT INTO charge_events (account, charge_id, seq, at, last_at, count, status, source,
 kind, applied, note) {numbers} SELECT 'default', 'ch_' || i, {seq}, :at, :at, 1, '{status}',
 'RESPONSE', 'Reported', true, '' FROM n"""


def _fill(connection: Connection, first: int, last: int) -> None:
    numbers = _NUMBERS.format(first=first, last=last)
    at = bindparam("at", _MADE, type_=Instant())
    ids = bindparam("ids", ["r"], type_=JSON())
    connection.execute(text(_CHARGES.format(numbers=numbers)).bindparams(at, ids))
    for seq, status in enumerate(("CREATED", "PROCESSING", "SUCCEEDED"), 1):
        events = _EVENTS.format(numbers=numbers, seq=seq, status=status)
        connection.execute(text(events).bindparams(at))


def _first_revision(connection: Connection) -> None:
    config = migration._config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


async def _grown(url: str, count: int) -> None:
    """A ledger of the first revision with that many charges, three lines of history each."""
    database = Database(url)
    try:
        await database.write(lambda transaction: _first_revision(transaction.connection))
        for first in range(1, count + 1, _AT_ONCE):
            last = min(first + _AT_ONCE - 1, count)
            await database.write(
                lambda transaction, first=first, last=last: _fill(  # type: ignore[misc]
                    transaction.connection, first, last
                )
            )
    finally:
        await database.dispose()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_large_ledger_is_migrated_in_bounded_time(
    kind: str, count: int, tmp_path: Path, postgres: Postgres
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'large.db'}"
    if kind == "postgresql":
        await postgres.run(f"CREATE DATABASE large_{count}")
        url = postgres.url(f"large_{count}")
    await _grown(url, count)
    begun = time.monotonic()
    await migrate(url)
    seconds = time.monotonic() - begun
    print(f"{kind}: {count} charges migrated in {seconds:.1f} s")
    assert seconds < 5 + _SECONDS_A_THOUSAND * count / 1000
    async with Ledger(url) as ledger:
        for number in (1, count // 2, count):
            charge = await ledger.charge("default", order_no=f"A-{number}")
            assert charge is not None
            assert charge.status == "SUCCEEDED"
            assert len(await ledger.history("default", charge.id)) == 3
        begun = time.monotonic()
        assert await ledger.unsettled() == []
        # What an operator's page asks for is no walk over the whole.
        assert time.monotonic() - begun < 2


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_large_ledger_is_pruned_beside_whoever_writes(
    kind: str, tmp_path: Path, postgres: Postgres
) -> None:
    """20,000 charges of 2026, some years later; the price of a charge does not grow with the ledger."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        await postgres.run("CREATE DATABASE old")
        url = postgres.url("old")
    await _grown(url, 20_000)
    await migrate(url)
    begun = time.monotonic()
    pruning = asyncio.create_task(prune(url, _MADE + timedelta(days=4000), _TEN_YEARS, dry=False))
    slowest, written = 0.0, 0
    async with Ledger(url) as ledger:
        while not pruning.done():
            asked = time.monotonic()
            await ledger.cards.set_default("default", "cus_1", "pm_1")
            slowest = max(slowest, time.monotonic() - asked)
            written += 1
            await asyncio.sleep(0.01)
    removed = await pruning
    seconds = time.monotonic() - begun
    print(
        f"{kind}: 20000 charges pruned in {seconds:.1f} s, {written} writes, at most {slowest:.3f} s"
    )
    assert (removed["charges"], removed["charge_events"]) == (20_000, 60_000)
