"""The database: its schema, and what happens where it cannot be used."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, make_url
from sqlalchemy.exc import IntegrityError

from ledger import (
    Ledger,
    LedgerUnavailable,
    NewCharge,
    NotSendable,
    Sent,
    WrongRevision,
    migrate,
    migration,
    postgresql,
)
from ledger.database import Database, Transaction
from ledger.statement import first
from ledger.table import counters, metadata
from tests.databases import Postgres

Order = Callable[..., NewCharge]


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """A database that nobody gets after: its tables are changed here."""
    return postgres.new()


async def test_the_migrations_make_exactly_the_tables_that_the_code_uses(url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    database = Database(url)
    found = await database.read(differences)
    await database.dispose()
    assert found == []


def test_the_newest_revision_is_the_last_of_the_migrations() -> None:
    assert ScriptDirectory.from_config(migration._config()).get_heads() == [migration.NEWEST]


async def test_the_account_leads_every_key_and_unique_constraint(url: str) -> None:
    def leaders(connection: Connection) -> dict[str, set[str | None]]:
        schema = inspect(connection)
        tables = [name for name in schema.get_table_names() if name != "alembic_version"]
        return {
            name: {
                schema.get_pk_constraint(name)["constrained_columns"][0],
                *(unique["column_names"][0] for unique in schema.get_unique_constraints(name)),
                *(ix["column_names"][0] for ix in schema.get_indexes(name) if ix["unique"]),
            }
            for name in tables
        }

    database = Database(url)
    found = await database.read(leaders)
    await database.dispose()
    assert len(found) == len(metadata.tables)
    assert set().union(*found.values()) == {"account"}


async def test_migrating_again_and_at_once_changes_nothing(url: str, order: Order) -> None:
    async with Ledger(url) as ledger:
        charge = (await ledger.begin_charge(order())).charge
        await asyncio.gather(migrate(url), migrate(url))
        assert await ledger.charge("default", id=charge.id) == charge


async def test_charges_of_before_outlive_the_change_of_tables(url: str, order: Order) -> None:
    """Back to the first tables and on to today's, with a charge in them."""
    async with Ledger(url) as ledger:
        charge = (await ledger.begin_charge(order())).charge

    database = Database(url)
    await database.write(lambda transaction: _back(transaction.connection))
    await database.dispose()
    with pytest.raises(WrongRevision, match="0001"):
        await Ledger(url).open()
    await migrate(url)
    async with Ledger(url) as ledger:
        assert await ledger.charge("default", id=charge.id) == charge


async def test_two_processes_may_create_the_tables_at_once(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    await asyncio.gather(*(migrate(url) for _ in range(3)))
    async with Ledger(url):
        pass


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who serves waits no longer than a tenth of a second, so that a test sees it sooner."""
    limits = {"lock_timeout": "100", "statement_timeout": "100"}
    monkeypatch.setattr(postgresql, "_SETTINGS", postgresql._SETTINGS | limits)
    monkeypatch.setattr(postgresql, "_COMMAND_SECONDS", 0.2)


async def _waiting(url: str) -> None:
    """Until somebody has waited for a lock for longer than who serves would."""
    async with _connected(url) as watcher, asyncio.timeout(50):
        while not await watcher.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > '0.5 s'"
        ):
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("hurried")
async def test_a_gateway_that_starts_during_a_long_migration_waits_for_its_end(
    postgres_url: str,
) -> None:
    database = Database(postgres_url)
    await database.write(lambda transaction: _back(transaction.connection))
    await database.dispose()
    async with _connected(postgres_url) as first:
        async with first.transaction():
            await first.execute("SELECT pg_advisory_xact_lock($1)", migration._LOCK)
            second = asyncio.create_task(migrate(postgres_url))
            await _waiting(postgres_url)
            assert not second.done()
        await second


@pytest.mark.usefixtures("hurried")
async def test_a_migration_may_take_longer_than_any_statement_of_who_serves(
    postgres_url: str, order: Order
) -> None:
    async with Ledger(postgres_url) as ledger:
        charge = (await ledger.begin_charge(order())).charge
        async with _connected(postgres_url) as slow:
            async with slow.transaction():
                await slow.execute("LOCK TABLE charges")
                with pytest.raises(LedgerUnavailable):
                    await ledger.charge("default", id=charge.id)
            database = Database(postgres_url)
            await database.write(lambda transaction: _back(transaction.connection))
            await database.dispose()
            async with slow.transaction():
                # As long as this is held, the statement that changes the table is at work.
                await slow.execute("LOCK TABLE charges")
                migrated = asyncio.create_task(migrate(postgres_url))
                await _waiting(postgres_url)
                assert not migrated.done()
            await migrated
        assert await ledger.charge("default", id=charge.id) == charge


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    place = make_url(url)
    connection = await asyncpg.connect(
        user=place.username, database=place.database, host=str(place.query["host"])
    )
    try:
        yield connection
    finally:
        await connection.close()


def _back(connection: Connection) -> None:
    """To the first tables."""
    config = migration._config()
    config.attributes["connection"] = connection
    command.downgrade(config, "0001")


async def test_a_database_that_was_not_migrated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongRevision, match="asiabill-gateway migrate"):
        await Ledger(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}").open()


async def test_sqlite_commits_reach_the_disk(tmp_path: Path, empty_file: Path) -> None:
    """`sent` must survive a power failure, so synchronous is FULL (2) and the log is WAL."""
    database = Database(f"sqlite+aiosqlite:///{empty_file}")

    def pragmas(transaction: Transaction) -> dict[str, object]:
        return {
            name: transaction.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    found, _ = await database.write(pragmas)
    await database.dispose()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


async def test_a_locked_file_is_an_error_that_says_so_and_passes(
    sqlite_file: Path, order: Order
) -> None:
    async with Ledger(f"sqlite+aiosqlite:///{sqlite_file}") as ledger:
        charge = (await ledger.begin_charge(order())).charge
        holder = sqlite3.connect(sqlite_file, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerUnavailable):
            await ledger.settle("default", charge.id, Sent("r"))
        assert await ledger.charge("default", id=charge.id) == charge
        holder.execute("ROLLBACK")
        holder.close()
        await ledger.settle("default", charge.id, Sent("r"))


async def test_a_process_whose_connection_is_lost_in_the_middle_has_not_sent(
    postgres_url: str, order: Order, kick: Callable[[str], object]
) -> None:
    """PostgreSQL takes the row back from a process that was stopped for too long."""
    async with Ledger(postgres_url) as ledger:
        charge = (await ledger.begin_charge(order())).charge
        await kick(postgres_url)  # type: ignore[misc]
        sent = (await ledger.settle("default", charge.id, Sent("r"))).charge
        assert sent.send_no == 1
        with pytest.raises(NotSendable):
            await ledger.settle("default", charge.id, Sent("r"))


async def test_what_breaks_a_constraint_is_told_alike_and_without_its_values(url: str) -> None:
    """Also where SQLite's own driver runs the statement."""
    add = insert(counters)
    line = {"account": "default", "name": "of-a-secret-name", "value": 1}
    database = Database(url)
    await database.write(lambda transaction: first(transaction.connection, add, line))
    with pytest.raises(IntegrityError) as caught:
        await database.write(lambda transaction: first(transaction.connection, add, line))
    assert "of-a-secret-name" not in str(caught.value).partition("DETAIL")[0]
    # The connection is as good as before.
    other = line | {"name": "another"}
    await database.write(lambda transaction: first(transaction.connection, add, other))
    await database.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:////nowhere/at/all.db",
        "postgresql+asyncpg://postgres@127.0.0.1:9/none",
    ],
)
async def test_a_database_that_is_not_there_is_unavailable(url: str) -> None:
    with pytest.raises(LedgerUnavailable):
        await Ledger(url).open()


async def test_a_server_that_refuses_us_is_unavailable(postgres_url: str) -> None:
    with pytest.raises(LedgerUnavailable):
        await Ledger(postgres_url.replace("/test_", "/none_")).open()


def test_only_the_two_drivers_are_taken() -> None:
    with pytest.raises(ValueError, match="asyncpg"):
        Ledger("postgresql+psycopg://postgres@127.0.0.1/none")
