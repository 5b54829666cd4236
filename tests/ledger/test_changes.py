"""Whoever waits for a change is woken, in whatever process it was made."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ledger import (
    ChargeStatus,
    EventSource,
    Ledger,
    NewCharge,
    NewNotification,
    Outcome,
    Reported,
    Sent,
    Watch,
)

Order = Callable[..., NewCharge]

SOON = 10.0
# Longer than a shared file's poll takes to look again.
LONG_ENOUGH = 0.4


async def quiet(watch: Watch) -> None:
    """Until nothing more comes; a new listener is woken once in case that it missed something."""
    while await watch.wait(LONG_ENOUGH):
        pass


def a_notification(trade_no: str) -> NewNotification:
    return NewNotification(
        account="default",
        type="refund.success",
        order_no="A-1",
        trade_no=trade_no,
        body_sha256="0" * 64,
        fields={},
    )


@pytest.mark.parametrize("where", ["the same process", "another process"])
async def test_a_watcher_of_a_charge_is_woken_by_each_change(
    ledger: Ledger, other: Ledger, order: Order, where: str
) -> None:
    writer = ledger if where == "the same process" else other
    charge = (await ledger.begin_charge(order())).charge
    async with ledger.watch("default", charge_ids=[charge.id]) as watch:
        await quiet(watch)
        await writer.settle("default", charge.id, Sent("r"))
        assert await watch.wait(SOON)
        await quiet(watch)
        paid = Reported(EventSource.WEBHOOK, Outcome.SUCCEEDED, "A-1", "10.99", "USD")
        await writer.settle("default", charge.id, paid)
        assert await watch.wait(SOON)
        changed = await ledger.charge("default", id=charge.id)
    assert changed is not None
    assert changed.status is ChargeStatus.SUCCEEDED


@pytest.mark.parametrize("where", ["the same process", "another process"])
async def test_a_watcher_of_notifications_is_woken_by_a_new_one(
    ledger: Ledger, other: Ledger, where: str
) -> None:
    writer = ledger if where == "the same process" else other
    async with ledger.watch("default", notifications=True) as watch:
        await quiet(watch)
        await writer.notifications.record(a_notification("T1"))
        assert await watch.wait(SOON)


async def test_a_processes_own_change_wakes_at_once(ledger: Ledger, order: Order) -> None:
    """Before the writer has gone on, and without a detour through the database."""
    async with ledger.watch("default") as watch:
        await quiet(watch)
        await ledger.begin_charge(order())
        assert await watch.wait(0)


async def test_many_changes_melt_into_one_wake_up(ledger: Ledger, order: Order) -> None:
    """A slow reader holds nobody up, and has nothing to catch up with but the newest state."""
    async with ledger.watch("default") as watch:
        await quiet(watch)
        for number in range(20):
            await ledger.begin_charge(order(f"A-{number}"))
        assert await watch.wait(SOON)


async def test_waiting_ends_with_its_time(ledger: Ledger) -> None:
    async with ledger.watch("another", notifications=True) as watch:
        await quiet(watch)
        assert not await watch.wait(0.01)


async def test_what_a_process_writes_itself_wakes_no_watcher_of_another_charge(
    ledger: Ledger, order: Order
) -> None:
    """A file says that it was changed and not by whom, but its own writer need not be told."""
    charge = (await ledger.begin_charge(order())).charge
    async with ledger.watch("default", charge_ids=[charge.id]) as watch:
        await quiet(watch)
        await ledger.begin_charge(order("A-2"))
        await ledger.notifications.record(a_notification("T1"))
        assert not await watch.wait(LONG_ENOUGH)


async def test_with_postgresql_only_the_charge_that_changed_wakes_its_watcher(
    postgres_url: str, clock: Any, order: Order
) -> None:
    """Thousands may wait; a file can only say that something changed, a server says what."""
    async with Ledger(postgres_url, now=clock) as ledger, Ledger(postgres_url) as other:
        charge = (await ledger.begin_charge(order())).charge
        async with ledger.watch("default", charge_ids=[charge.id]) as watch:
            await quiet(watch)
            await other.begin_charge(order("A-2"))
            await other.notifications.record(a_notification("T1"))
            assert not await watch.wait(LONG_ENOUGH)


async def test_a_lost_listener_is_replaced(postgres_url: str, order: Order, kick: Any) -> None:
    """PostgreSQL was restarted, or a proxy forgot the connection."""
    async with Ledger(postgres_url) as ledger, Ledger(postgres_url) as other:
        charge = (await ledger.begin_charge(order())).charge
        async with ledger.watch("default", charge_ids=[charge.id]) as watch:
            await quiet(watch)
            await kick(postgres_url)
            # The new listener says that something may have been missed.
            assert await watch.wait(SOON)
            await quiet(watch)
            await other.settle("default", charge.id, Sent("r"))
            assert await watch.wait(SOON)


async def test_leaving_forgets_the_watcher(ledger: Ledger) -> None:
    async with ledger.watch("default") as watch:
        await quiet(watch)
    await ledger.notifications.record(a_notification("T1"))
    await asyncio.sleep(0)
    assert not await watch.wait(0.01)
