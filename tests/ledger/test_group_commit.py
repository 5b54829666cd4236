"""Writes of one moment share a commit of SQLite's, and nothing else."""

import asyncio
import resource
import sqlite3
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from ledger import Ledger, LedgerUnavailable, NewCharge, OrderNoTaken, Sent, sqlite
from ledger.changes import Change
from ledger.database import Database, Transaction
from ledger.statement import first
from ledger.table import counters

Order = Callable[..., NewCharge]

_ADD = insert(counters)


@pytest.fixture
async def database(sqlite_file: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{sqlite_file}")
    yield database
    await database.dispose()


def adds(name: str, *, then: Exception | None = None) -> Callable[[Transaction], str]:
    """A write of one row, which may raise after it."""

    def work(transaction: Transaction) -> str:
        line = {"account": "default", "name": name, "value": 1}
        first(transaction.connection, _ADD, line)
        if then is not None:
            raise then
        return name

    return work


async def together(database: Database, *works: Callable[[Transaction], Any]) -> list[Any]:
    """What came of each. The first one finds the writer idle; the others wait for it, and go as one."""
    told = await asyncio.gather(
        *(database.write(work) for work in (adds("idle"), *works)), return_exceptions=True
    )
    return [one if isinstance(one, BaseException) else one[0] for one in told[1:]]


def kept(path: Path) -> list[str]:
    """The rows, as another process sees them, in the order in which they were written."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM counters ORDER BY rowid")
        return [name for (name,) in rows if name != "idle"]


def commits(path: Path) -> int:
    """By SQLite's log of the file: the last frame of each commit says how large the file is by then."""
    log = path.with_name(f"{path.name}-wal").read_bytes()
    page = struct.unpack(">I", log[8:12])[0]
    frames = [log[at : at + 24] for at in range(32, len(log), 24 + page)]
    return sum(frame[8:16] == log[16:24] and frame[4:8] != bytes(4) for frame in frames)


async def test_what_waits_is_committed_at_once_and_in_its_order(
    database: Database, sqlite_file: Path
) -> None:
    names = [f"n{number}" for number in range(150)]
    assert await together(database, *map(adds, names)) == names
    assert kept(sqlite_file) == names
    # The first alone, then a hundred at most.
    assert commits(sqlite_file) == 3


async def test_who_was_told_is_on_the_disk(database: Database, sqlite_file: Path) -> None:
    seen: list[list[str]] = []

    async def add(name: str) -> None:
        await database.write(adds(name))
        seen.append(kept(sqlite_file))

    names = [f"n{number}" for number in range(20)]
    await asyncio.gather(*map(add, names))
    assert all(name in rows for name, rows in zip(names, seen, strict=True))


async def test_one_that_raises_is_undone_alone(database: Database, sqlite_file: Path) -> None:
    failure = ValueError("of the second")
    told = await together(
        database, adds("a"), adds("b", then=failure), adds("a"), adds("c"), adds("d")
    )
    assert told[:2] == ["a", failure]
    assert isinstance(told[2], IntegrityError)
    assert told[3:] == ["c", "d"]
    assert kept(sqlite_file) == ["a", "c", "d"]
    # Nothing is left open.
    assert await together(database, adds("e"), adds("b")) != []
    assert kept(sqlite_file) == ["a", "c", "d", "e", "b"]


async def test_what_a_write_notes_is_told_of_it_alone(database: Database) -> None:
    def noting(name: str) -> Callable[[Transaction], str]:
        def work(transaction: Transaction) -> str:
            transaction.changes.append(Change("charge", "default", name))
            if name == "bad":
                raise ValueError
            return name

        return work

    wanted = ("a", "bad", "b", "c")
    told = await asyncio.gather(
        *(database.write(noting(name)) for name in wanted), return_exceptions=True
    )
    noted = [
        None if isinstance(one, BaseException) else [change.id for change in one[1].changes]
        for one in told
    ]
    assert noted == [["a"], None, ["b"], ["c"]]


async def test_rivals_of_one_group_see_each_other(sqlite_file: Path, order: Order) -> None:
    """Twins and rivals are told apart as if each had come alone."""
    async with Ledger(f"sqlite:///{sqlite_file}") as ledger:
        begun = await asyncio.gather(
            ledger.begin_charge(order("A-0")),
            *(ledger.begin_charge(order("A-1", idempotency_key="k")) for _ in range(5)),
            *(ledger.begin_charge(order("A-1")) for _ in range(5)),
            return_exceptions=True,
        )
        twins = [one for one in begun[1:6] if not isinstance(one, BaseException)]
        assert [twin.created for twin in twins] == [True, False, False, False, False]
        assert len({twin.charge.id for twin in twins}) == 1
        assert [type(one) for one in begun[6:]] == [OrderNoTaken] * 5
        sent = await asyncio.gather(
            *(ledger.settle("default", twins[0].charge.id, Sent(f"r{n}")) for n in range(5)),
            return_exceptions=True,
        )
        assert sum(not isinstance(one, BaseException) for one in sent) == 1


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """No file of this process may become larger than SQLite's log is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.with_name(f"{path.name}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_group_that_the_disk_does_not_take_is_told_so_and_not_there(
    database: Database, sqlite_file: Path
) -> None:
    await together(database, adds("before"))
    with full_disk(sqlite_file):
        told = await asyncio.gather(
            *(database.write(adds(f"n{number}")) for number in range(8)), return_exceptions=True
        )
    assert [type(one) for one in told] == [LedgerUnavailable] * 8
    assert kept(sqlite_file) == ["before"]
    await database.write(adds("after"))
    assert kept(sqlite_file) == ["before", "after"]


async def test_a_disk_that_fills_in_the_middle_of_a_group_undoes_all_of_it(
    database: Database, sqlite_file: Path
) -> None:
    """A change larger than SQLite's memory for it goes to the disk before the commit, and fails there."""
    await together(database, adds("before"))

    def large(transaction: Transaction) -> None:
        run = transaction.connection.exec_driver_sql
        run("PRAGMA cache_size = 1")
        run("CREATE TABLE large (text)")
        run("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
            "INSERT INTO large SELECT randomblob(4000) FROM n")  # fmt: skip

    with full_disk(sqlite_file):
        told = await asyncio.gather(
            database.write(lambda transaction: None),
            *(database.write(work) for work in (adds("a"), large, adds("b"))),
            return_exceptions=True,
        )
    assert [type(one) for one in told[1:]] == [LedgerUnavailable] * 3
    assert kept(sqlite_file) == ["before"]
    await database.write(adds("after"))
    assert kept(sqlite_file) == ["before", "after"]


async def test_one_whose_turn_comes_too_late_does_nothing(
    sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_TURN_SECONDS", 0.2)
    database = Database(f"sqlite:///{sqlite_file}")
    holder = sqlite3.connect(sqlite_file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    writes = [asyncio.create_task(database.write(adds(name))) for name in ("idle", "a", "b")]
    await asyncio.sleep(0.4)
    holder.execute("ROLLBACK")
    holder.close()
    told = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(one) for one in told] == [tuple, LedgerUnavailable, LedgerUnavailable]
    assert kept(sqlite_file) == []
    await database.dispose()


async def test_who_goes_before_its_turn_wants_nothing_written(
    database: Database, sqlite_file: Path
) -> None:
    writes = [asyncio.create_task(database.write(adds(name))) for name in ("idle", "a", "b")]
    await asyncio.sleep(0)
    writes[1].cancel()
    told = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(one) for one in told] == [tuple, asyncio.CancelledError, tuple]
    assert kept(sqlite_file) == ["b"]
