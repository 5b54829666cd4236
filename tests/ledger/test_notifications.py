"""What Asiabill sends is kept before it is answered, applied once, and read in order."""

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
)

Order = Callable[..., NewCharge]


def arrived(trade_no: str = "T1", **changed: Any) -> NewNotification:
    fields: dict[str, Any] = {
        "account": "default",
        "type": "transaction.success",
        "order_no": "A-1",
        "trade_no": trade_no,
        "status": "success",
        "fields": {"orderAmount": "10.99", "orderCurrency": "USD"},
        "body_sha256": "0" * 64,
    }
    return NewNotification(**(fields | changed))


async def test_an_id_of_ours_is_kept_as_asiabill_gave_it_back(ledger: Ledger) -> None:
    """Its digits may add up as a card's do; by another id no refund would be found."""
    own = "rf_20827ab169e1c92584171505268f515c"
    kept = await ledger.notifications.record(
        arrived(type="refund.success", fields={"merTrackNo": own, "reason": "4242424242424242"})
    )
    assert kept.notification.fields == {"merTrackNo": own, "reason": "[card number]"}


async def test_a_repeat_is_counted_and_not_new(ledger: Ledger, other: Ledger, clock: Any) -> None:
    first = await ledger.notifications.record(arrived())
    clock.advance(seconds=15)
    again = await other.notifications.record(arrived())
    assert (first.is_new, again.is_new) == (True, False)
    assert again.notification.id == first.notification.id
    assert again.notification.deliveries == 2
    assert again.notification.received_at == first.notification.received_at
    assert again.notification.last_received_at == clock()


@pytest.mark.parametrize(
    "differs",
    [{"type": "transaction.fail"}, {"trade_no": "T2"}, {"batch_no": "1"}, {"status": "fail"},
     {"account": "another"}],
)  # fmt: skip
async def test_what_differs_in_type_number_or_status_is_new(
    ledger: Ledger, differs: dict[str, str]
) -> None:
    await ledger.notifications.record(arrived())
    assert (await ledger.notifications.record(arrived(**differs))).is_new


@pytest.mark.parametrize(
    "right",
    [
        {"order_no": "A-2"},
        {"fields": {"orderAmount": "10.98", "orderCurrency": "USD"}},
        {"fields": {"orderAmount": "10.99", "orderCurrency": "EUR"}},
    ],
)
async def test_one_of_other_money_takes_the_place_of_its_namesake(
    ledger: Ledger, other: Ledger, right: dict[str, Any]
) -> None:
    """The first did not fit its charge: what comes after it may be the right one, and no repeat."""
    wrong = (await ledger.notifications.record(arrived())).notification
    await ledger.notifications.close("default", wrong.id)
    recorded = await asyncio.gather(
        *(door.notifications.record(arrived(**right)) for door in (ledger, other) * 3)
    )
    assert sum(one.is_new for one in recorded) == 1
    [read] = await ledger.notifications.after("default", None, wrong.id)
    assert (read.deliveries, read.applied_at) == (7, None)
    assert read.order_no == right.get("order_no", "A-1")
    assert read.fields == arrived(**right).fields
    assert not (await ledger.notifications.record(arrived(**right))).is_new


async def test_parallel_deliveries_of_one_notification_are_one(
    ledger: Ledger, other: Ledger
) -> None:
    for number in range(5):
        recorded = await asyncio.gather(
            *(door.notifications.record(arrived(f"T{number}")) for door in (ledger, other) * 5)
        )
        assert sum(one.is_new for one in recorded) == 1
        assert max(one.notification.deliveries for one in recorded) == 10


async def test_it_is_settled_and_applied_together_or_not_at_all(
    ledger: Ledger, order: Order
) -> None:
    """A process that dies between storing and settling leaves it to be found."""
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    stored = (await ledger.notifications.record(arrived())).notification
    assert stored.charge_id == charge.id
    assert [one.id for one in await ledger.notifications.pending("default")] == [stored.id]
    paid = Reported(EventSource.WEBHOOK, Outcome.SUCCEEDED, "A-1", "10.99", "USD")
    await ledger.settle("default", charge.id, paid, notification=stored.id)
    assert await ledger.notifications.pending("default") == []


async def test_it_is_told_once_though_two_find_it(
    ledger: Ledger, other: Ledger, order: Order
) -> None:
    """Whoever received it, and whoever looks for what was left behind."""
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    stored = (await ledger.notifications.record(arrived())).notification
    paid = Reported(EventSource.WEBHOOK, Outcome.SUCCEEDED, "A-1", "10.99", "USD")
    settled = await asyncio.gather(
        *(
            door.settle("default", charge.id, paid, notification=stored.id)
            for door in (ledger, other)
        )
    )
    assert {one.charge.status for one in settled} == {ChargeStatus.SUCCEEDED}
    assert sorted(one.transition.applied for one in settled) == [False, True]
    assert settled[0].charge.webhook_count == settled[1].charge.webhook_count == 1


async def test_one_of_an_unknown_order_waits_until_the_order_appears(
    ledger: Ledger, order: Order
) -> None:
    stored = (await ledger.notifications.record(arrived())).notification
    assert stored.charge_id is None
    assert await ledger.notifications.pending("default", "A-1") == []
    charge = (await ledger.begin_charge(order())).charge
    [pending] = await ledger.notifications.pending("default", "A-1")
    assert (pending.id, pending.charge_id) == (stored.id, charge.id)
    assert await ledger.notifications.pending("default", "A-2") == []
    assert await ledger.notifications.pending("another", "A-1") == []
    await ledger.notifications.close("default", stored.id)
    assert await ledger.notifications.pending("default", "A-1") == []


async def test_a_reader_that_resumes_misses_nothing_while_two_processes_write(
    ledger: Ledger, other: Ledger
) -> None:
    """A number that becomes visible after a higher one would be lost for ever."""
    seen: list[str] = []
    done = asyncio.Event()
    begin = await ledger.notifications.last_id("default")

    async def read() -> None:
        last = begin
        while True:
            ended = done.is_set()
            events = await ledger.notifications.after("default", None, last, limit=7)
            seen.extend(event.trade_no for event in events)
            last = events[-1].id if events else last
            if ended and not events:
                return

    reader = asyncio.create_task(read())
    await asyncio.gather(
        *(door.notifications.record(arrived(f"T{n}{door is other}"))
          for n in range(30) for door in (ledger, other))
    )  # fmt: skip
    done.set()
    async with asyncio.timeout(20):
        await reader
    assert len(seen) == len(set(seen)) == 60


async def test_events_are_of_the_types_asked_for_and_of_one_account(ledger: Ledger) -> None:
    await ledger.notifications.record(arrived())
    refund = await ledger.notifications.record(arrived(type="refund.success", batch_no="7"))
    await ledger.notifications.record(arrived(account="another"))
    events = await ledger.notifications.after("default", ["refund.success"], 0)
    assert events == [refund.notification]
    assert await ledger.notifications.last_id("default") == refund.notification.id
    assert await ledger.notifications.last_id("none") == 0


async def test_hostile_fields_are_kept_tame(ledger: Ledger) -> None:
    bad = "\x00\ud800 4242424242424242"
    hostile = arrived(order_no=bad * 9, trade_no=bad, fields={"remark": bad})
    stored = (await ledger.notifications.record(hostile)).notification
    assert "4242424242424242" not in repr(stored)
    assert not (await ledger.notifications.record(hostile)).is_new
