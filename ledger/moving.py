"""Moving a ledger from a SQLite file to PostgreSQL: every row, compared before it counts."""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, create_engine, event, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from ledger import migration
from ledger.database import Database, Transaction
from ledger.error import LedgerUnavailable
from ledger.table import metadata

_BATCH: Final = 500
_NUMBERS: Final = 2**256


async def move(source: str, target: str) -> dict[str, int]:
    """Copy every row of a SQLite ledger to an empty PostgreSQL database. Rows by table.

    All in one transaction, which is committed only where each table holds the same rows on both
    sides. Nobody can write to the source meanwhile, and no gateway takes it for a ledger afterwards.
    Raises ValueError for databases that are not such, and where the target has rows; WrongRevision,
    LedgerUnavailable.
    """
    file = make_url(source)
    if file.get_backend_name() != "sqlite" or not file.database:
        raise ValueError("the ledger to move must be a SQLite file")
    if make_url(target).get_backend_name() != "postgresql":
        raise ValueError("the ledger can be moved to postgresql+asyncpg alone")
    if not await asyncio.to_thread(Path(file.database).exists):
        raise ValueError(f"there is no file {file.database}")
    await migration.migrate(target)
    engine = create_engine(file.set(drivername="sqlite"), poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _lock)
    database = Database(target, patient=True)
    try:
        with closing(engine.connect()) as old:
            with old.begin():
                migration.check(old)
                moved, _ = await database.write(lambda transaction: _copy(old, transaction))
                # From here on both are whole; this one must not be written to by mistake.
                migration.retire(old)
            return moved
    except OperationalError as error:
        raise LedgerUnavailable("the file is in use: stop every gateway first") from error
    finally:
        engine.dispose()
        await database.dispose()


def _copy(old: Connection, transaction: Transaction) -> dict[str, int]:
    new, moved = transaction.connection, {}
    for table in metadata.sorted_tables:
        if new.scalar(select(func.count()).select_from(table)):
            raise ValueError(f"the target has rows in {table.name} already")
    for table in metadata.sorted_tables:
        rows = old.execute(select(table).execution_options(yield_per=_BATCH))
        count, sum_ = 0, 0
        for batch in rows.mappings().partitions():
            new.execute(insert(table), [dict(row) for row in batch])
            count += len(batch)
            sum_ += _sum([tuple(row.values()) for row in batch])
        _demand_same(new, table, count, sum_ % _NUMBERS)
        moved[table.name] = count
    return moved


def _demand_same(new: Connection, table: Table, count: int, sum_: int) -> None:
    found, total = 0, 0
    rows = new.execute(select(table).execution_options(yield_per=_BATCH))
    for batch in rows.partitions():
        found += len(batch)
        total += _sum([tuple(row) for row in batch])
    if (found, total % _NUMBERS) != (count, sum_):
        raise LedgerUnavailable(f"{table.name} did not arrive as it was: nothing was moved")


def _sum(rows: Sequence[tuple[Any, ...]]) -> int:
    """The same for the same rows in whatever order: two databases sort text differently."""
    return sum(
        int.from_bytes(hashlib.sha256(repr([*map(_plain, row)]).encode()).digest()) for row in rows
    )


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.close()


def _lock(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
