"""Backups that restore, and a move to PostgreSQL that loses no row."""

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import (
    Charge,
    Ledger,
    LedgerError,
    LedgerUnavailable,
    NewCharge,
    NewIntent,
    NewNotification,
    Sent,
    WrongRevision,
    backup,
    migrate,
    move,
)
from tests.databases import Postgres

NewOrder = Callable[..., NewCharge]


@pytest.fixture
def file_url(sqlite_file: Path) -> str:
    return f"sqlite+aiosqlite:///{sqlite_file}"


async def filled(
    ledger: Ledger, order: NewOrder, count: int, account: str = "default"
) -> list[str]:
    """Charges of which each third was sent; their ids."""
    ids = []
    for number in range(count):
        key = {"key_scope": "", "idempotency_key": f"key-{number}"}
        new = order(f"A-{number}", account=account, **key)
        charge = (await ledger.begin_charge(new)).charge
        if number % 3 == 0:
            await ledger.settle(account, charge.id, Sent(f"r-{number}"))
        ids.append(charge.id)
    return ids


def notice(order_no: str, kind: str) -> NewNotification:
    return NewNotification(
        account="default",
        type=f"transaction.{kind}",
        order_no=order_no,
        body_sha256="0" * 64,
        trade_no=f"T-{order_no}",
        batch_no="",
        status=kind,
        fields={"orderAmount": "10.99", "orderCurrency": "USD"},
    )


async def seen(ledger: Ledger, ids: list[str], account: str = "default") -> dict[str, Charge]:
    return await ledger.charges(account, ids)


async def test_a_backup_taken_under_writes_restores_all_that_was_there(
    file_url: str, order: NewOrder, tmp_path: Path
) -> None:
    """A drill: the copy is opened as a ledger, and is whole; what came later is not in it."""
    target = tmp_path / "copy.db"
    async with Ledger(file_url) as ledger:
        before = await filled(ledger, order, 60)
        known = await seen(ledger, before)
        later = asyncio.create_task(filled(ledger, order, 60, "other"))
        size = await asyncio.to_thread(backup, file_url, target)
        await later
    assert size == (await asyncio.to_thread(target.stat)).st_size
    assert stat.S_IMODE((await asyncio.to_thread(target.stat)).st_mode) == 0o600
    for beside in ("copy.db.unfinished", "copy.db-wal", "copy.db-journal"):
        assert not await asyncio.to_thread((tmp_path / beside).exists)
    async with Ledger(f"sqlite+aiosqlite:///{target}") as restored:
        assert await seen(restored, before) == known
        for charge_id in before[::10]:
            assert await restored.history("default", charge_id)
        # It goes on where it stopped: the same key is the same charge.
        again = order("A-0", key_scope="", idempotency_key="key-0")
        assert (await restored.begin_charge(again)).charge.id == before[0]
        # What was sent and not settled is looked up anew.
        assert await restored.look_at_all() >= 20


def test_a_backup_overwrites_nothing_and_leaves_no_half(file_url: str, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_text("something else")
    with pytest.raises(ValueError, match="is there already"):
        backup(file_url, there)
    assert there.read_text() == "something else"
    with pytest.raises(LedgerUnavailable):
        backup(f"sqlite+aiosqlite:///{tmp_path / 'none.db'}", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(ValueError, match="pg_dump"):
        backup("postgresql+asyncpg://postgres@/x", tmp_path / "copy.db")


async def test_a_move_to_postgresql_loses_no_row_and_changes_none(
    file_url: str, postgres: Postgres, order: NewOrder, intended: Callable[..., NewIntent]
) -> None:
    target = await asyncio.to_thread(postgres.new)
    async with Ledger(file_url) as old:
        ids = await filled(old, order, 550)
        others = await filled(old, order, 20, "other")
        intent = (await old.create_intent(intended("I-1"))).intent
        await old.notifications.record(notice("A-1", "success"))
        await old.cards.set_default("default", "cus_1", "pm_1")
        known = await seen(old, ids), await seen(old, others, "other")
        histories = [await old.history("default", charge_id) for charge_id in ids[::100]]

    moved = await move(file_url, target)
    assert moved["charges"] == 570
    assert (moved["intents"], moved["notifications"], moved["default_cards"]) == (1, 1, 1)

    async with Ledger(target) as new:
        assert (await seen(new, ids), await seen(new, others, "other")) == known
        assert [await new.history("default", charge_id) for charge_id in ids[::100]] == histories
        assert await new.intent("default", intent.id) == intent
        # Numbers go on, and keys are still taken.
        again = order("A-0", key_scope="", idempotency_key="key-0")
        assert (await new.begin_charge(again)).charge.id == ids[0]
        recorded = await new.notifications.record(notice("A-2", "fail"))
        assert recorded.notification.id == 2

    # The file is no ledger any more, so that nobody writes to it by mistake.
    with pytest.raises(WrongRevision, match="moved to another database"):
        await migrate(file_url)
    with pytest.raises(WrongRevision, match="moved to another database"):
        async with Ledger(file_url):
            pass
    with pytest.raises(LedgerError):
        await move(file_url, await asyncio.to_thread(postgres.new))


async def test_a_move_never_mixes_two_ledgers(
    file_url: str, postgres: Postgres, order: NewOrder
) -> None:
    target = await asyncio.to_thread(postgres.new)
    async with Ledger(file_url) as old, Ledger(target) as new:
        ids = await filled(old, order, 2)
        await filled(new, order, 1, "other")
    with pytest.raises(ValueError, match="the target has rows in charges already"):
        await move(file_url, target)
    async with Ledger(file_url) as old:
        assert len(await seen(old, ids)) == 2
    async with Ledger(target) as new:
        assert await seen(new, ids) == {}


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (
            "postgresql+asyncpg://postgres@/x",
            "postgresql+asyncpg://postgres@/y",
            "must be a SQLite",
        ),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///b.db", "postgresql.asyncpg alone"),
        ("sqlite+aiosqlite:///none.db", "postgresql+asyncpg://postgres@/y", "there is no file"),
    ],
)
async def test_a_move_between_other_databases_is_refused(
    source: str, target: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        await move(source, target)
