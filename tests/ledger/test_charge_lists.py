"""Lists of charges: each charge once, in order, whatever is made while somebody reads."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import event

from ledger import (
    Charge,
    ChargePage,
    ChargeStatus,
    ChargeUsage,
    Ledger,
    NewCharge,
    Outcome,
    position_of,
)
from ledger.sqlite import SqliteFile

Charged = Callable[..., Awaitable[Charge]]
Order = Callable[..., NewCharge]

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def made(ledger: Ledger, order: Order, clock: Any) -> Callable[..., Awaitable[list[Charge]]]:
    """Charges, two in each second, the oldest first."""

    async def charges(count: int, **changed: object) -> list[Charge]:
        found = []
        for number in range(count):
            clock.advance(seconds=number % 2)
            new = order(f"{changed.get('customer_id', 'A')}-{number}", **changed)
            found.append((await ledger.begin_charge(new)).charge)
        return sorted(found, key=position_of)

    return charges


async def test_pages_show_each_charge_once_and_the_newest_first(
    ledger: Ledger, order: Order, made: Any, clock: Any
) -> None:
    """What is made between two pages does not shift them."""
    expected = [charge.id for charge in await made(7)][::-1]
    seen: list[str] = []
    after = None
    while True:
        page: ChargePage = await ledger.lists.page("default", first=3, after=after)
        seen += [charge.id for charge in page.items]
        if not page.has_next:
            break
        assert len(page.items) == 3
        after = position_of(page.items[-1])
        clock.advance(seconds=1)
        await ledger.begin_charge(order(f"new-{len(seen)}"))
    assert seen == expected


async def test_the_total_is_told_where_it_is_known_without_counting(
    ledger: Ledger, made: Any
) -> None:
    charges = await made(4)
    assert (await ledger.lists.page("default", first=4)).total == 4
    assert (await ledger.lists.page("default", first=3)).total is None
    last = await ledger.lists.page("default", first=4, after=position_of(charges[2]))
    assert (len(last.items), last.total) == (2, None)
    assert (await ledger.lists.page("another", first=4)).total == 0


async def test_a_list_holds_what_was_asked_for(ledger: Ledger, made: Any, charged: Charged) -> None:
    async def ids(**wanted: Any) -> list[str]:
        page = await ledger.lists.page("default", first=10, **wanted)
        return [charge.id for charge in page.items]

    stored = await made(2, customer_id="cus_2")
    paid = await charged("B-1")
    assert await ids(customer_id="cus_2") == [charge.id for charge in stored][::-1]
    assert await ids(order_no="B-1") == [paid.id]
    assert await ids(statuses=[ChargeStatus.SUCCEEDED]) == [paid.id]
    assert await ids(statuses=[]) == []
    assert await ids(statuses=[ChargeStatus.SUCCEEDED], customer_id="cus_2") == []


async def test_a_span_begins_with_its_first_moment_and_ends_before_its_last(
    ledger: Ledger, made: Any
) -> None:
    charges = await made(6)
    since, until = charges[2].created_at, charges[4].created_at
    assert since < until
    page = await ledger.lists.page("default", first=10, since=since, until=until)
    within = {charge.id for charge in charges if since <= charge.created_at < until}
    assert {charge.id for charge in page.items} == within
    batches = [batch async for batch in ledger.lists.between("default", since, until)]
    assert [charge.id for batch in batches for charge in batch.values()] == [
        charge.id for charge in charges if charge.id in within
    ]


@pytest.mark.parametrize("count", [0, 4, 5])
async def test_a_span_is_read_in_batches_by_order_number(
    ledger: Ledger, made: Any, clock: Any, count: int
) -> None:
    charges = await made(count)
    day = timedelta(days=1)
    batches = [
        batch
        async for batch in ledger.lists.between("default", clock() - day, clock() + day, batch=2)
    ]
    assert [len(batch) for batch in batches] == [2] * (count // 2) + [1] * (count % 2)
    read = {order_no: charge for batch in batches for order_no, charge in batch.items()}
    assert read == {charge.order_no: charge for charge in charges}


async def plan_of(path: Path, read: Callable[[Ledger], Awaitable[object]]) -> str:
    """How SQLite's planner goes about a read; a small table tempts PostgreSQL's to scan it."""
    seen: list[tuple[str, Any]] = []
    async with Ledger(f"sqlite+aiosqlite:///{path}") as ledger:
        place = ledger._store._database._place
        assert isinstance(place, SqliteFile)
        engine = place._reader._engine

        @event.listens_for(engine, "before_cursor_execute")
        def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
            if "FROM charges" in statement:
                seen.append((statement, values))

        await read(ledger)
    [(statement, values)] = seen
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    return "; ".join(row[3] for row in rows)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "ix_charges_created (account=?)"),
        ({"statuses": [ChargeStatus.FAILED]}, "ix_charges_created (account=?)"),
        ({"since": NOW, "until": NOW}, "ix_charges_created (account=? AND created_at>"),
        ({"after": (NOW, "ch_1")}, "ix_charges_created (account=? AND (created_at,id)<(?,?))"),
        ({"customer_id": "cus_1"}, "ix_charges_customer (account=? AND customer_id=?)"),
        ({"order_no": "A-1"}, "(account=? AND order_no=?)"),
    ],
    ids=str,
)
async def test_a_page_is_read_along_an_index_and_not_sorted(
    sqlite_file: Path, wanted: dict[str, Any], index: str
) -> None:
    plan = await plan_of(
        sqlite_file, lambda ledger: ledger.lists.page("default", first=5, **wanted)
    )
    assert index in plan
    assert "SCAN" not in plan
    # An order number names one charge: there is nothing to sort.
    assert "TEMP B-TREE" not in plan or "order_no" in wanted


async def test_a_series_is_known_by_its_first_charge_once_that_has_succeeded(
    ledger: Ledger, charged: Charged, order: Order, sqlite_file: Path
) -> None:
    initial = {"usage": ChargeUsage.INITIAL_RECURRING}
    await charged("A-1")
    await charged("A-2", outcome=Outcome.DECLINED, **initial)
    await ledger.begin_charge(order("A-3", **initial))
    assert not await ledger.lists.has_series("default", "cus_1", "pm_1")
    await charged("A-4", **initial)
    assert await ledger.lists.has_series("default", "cus_1", "pm_1")
    for account, customer_id, payment_method_id in (
        ("another", "cus_1", "pm_1"),
        ("default", "cus_2", "pm_1"),
        ("default", "cus_1", "pm_2"),
    ):
        assert not await ledger.lists.has_series(account, customer_id, payment_method_id)


async def test_the_first_pages_of_many_customers_are_one_read(ledger: Ledger, made: Any) -> None:
    expected = {
        customer_id: [charge.id for charge in await made(count, customer_id=customer_id)][::-1]
        for customer_id, count in (("cus_a", 5), ("cus_b", 3), ("cus_c", 1))
    }
    pages = await ledger.lists.newest("default", ["cus_a", "cus_b", "cus_c", "cus_none"], 3)
    shown = {customer_id: [row.id for row in page.items] for customer_id, page in pages.items()}
    assert shown == {**{name: ids[:3] for name, ids in expected.items()}, "cus_none": []}
    assert [(page.has_next, page.total) for page in pages.values()] == [
        (True, None),
        (False, 3),
        (False, 1),
        (False, 0),
    ]
    assert (await ledger.lists.newest("other", ["cus_a"], 3))["cus_a"].items == []


async def test_charges_are_found_by_their_order_numbers_in_one_read(
    ledger: Ledger, made: Any
) -> None:
    """Numbers of somebody else's book are looked for too, whatever they look like."""
    charges = await made(3)
    numbers = [
        charges[0].order_no,
        charges[2].order_no,
        "unknown",
        "x" * 80,
        "nul\x00",
        "\ud800",
        "",
    ]
    found = await ledger.lists.numbered("default", numbers)
    assert {number: charge.id for number, charge in found.items()} == {
        charges[0].order_no: charges[0].id,
        charges[2].order_no: charges[2].id,
    }
    assert await ledger.lists.numbered("other", numbers) == {}
    assert await ledger.lists.numbered("default", []) == {}
