"""A dispute is kept once, and is found with its charge."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from ledger import Charge, ChargebackRecorded, Ledger, NewChargeback, NewNotification

Charged = Callable[..., Awaitable[Charge]]


def told(**changed: Any) -> NewChargeback:
    fields: dict[str, Any] = {
        "account": "default",
        "trade_no": "T-A-1",
        "batch_no": "990",
        "order_no": "A-1",
        "amount": "10.99",
        "currency": "USD",
        "reason": "D4755-Non-Receipt of Goods or Services",
        "reply_by": datetime(2026, 12, 1, tzinfo=UTC),
    }
    return NewChargeback(**(fields | changed))


async def record(ledger: Ledger, new: NewChargeback) -> ChargebackRecorded:
    (recorded,) = await ledger.chargebacks.record([new])
    return recorded


async def test_a_notice_is_kept_with_its_charge(ledger: Ledger, charged: Charged) -> None:
    charge = await charged()
    kept = (await record(ledger, told())).chargeback
    assert kept.id.startswith("cb_")
    assert (kept.charge_id, kept.reply_by) == (charge.id, told().reply_by)
    assert await ledger.chargebacks.of_charges("default", [charge.id, "ch_none"]) == {
        charge.id: [kept],
        "ch_none": [],
    }
    assert await ledger.chargebacks.of_charges("another", [charge.id]) == {charge.id: []}
    numbers = [("T-A-1", "990"), ("T-A-1", "991")]
    assert await ledger.chargebacks.named("default", numbers) == {("T-A-1", "990"): kept}
    assert await ledger.chargebacks.named("another", numbers) == {}


async def test_parallel_deliveries_of_one_notice_are_one(
    ledger: Ledger, other: Ledger, charged: Charged, clock: Any
) -> None:
    charge = await charged()
    recorded = await asyncio.gather(*(record(door, told()) for door in (ledger, other) * 5))
    assert sum(one.is_new for one in recorded) == 1
    assert len({one.chargeback.id for one in recorded}) == 1
    clock.advance(seconds=1)
    assert (await record(ledger, told(batch_no="991"))).is_new
    assert (await record(ledger, told(account="another"))).is_new
    found = await ledger.chargebacks.of_charges("default", [charge.id])
    assert [one.batch_no for one in found[charge.id]] == ["990", "991"]


async def test_the_trade_number_finds_the_charge_where_the_order_number_does_not(
    ledger: Ledger, charged: Charged
) -> None:
    charge = await charged()
    for order_no in ("", "x" * 60, "another's"):
        notice = told(order_no=order_no, batch_no=order_no)
        assert (await record(ledger, notice)).chargeback.charge_id == charge.id


async def test_an_order_number_whose_digits_add_up_as_a_cards_do_is_found(
    ledger: Ledger, charged: Charged
) -> None:
    """One in ten long numbers of a shop does, or gets to by the number of an attempt."""
    for order_no in ("2026112300010", "202611230019-2"):
        charge = await charged(order_no)
        notice = told(order_no=order_no, trade_no="", batch_no=f"B-{order_no[-3:]}")
        kept = (await record(ledger, notice)).chargeback
        assert (kept.charge_id, kept.order_no) == (charge.id, order_no)


async def test_a_dispute_of_what_was_not_made_here_is_kept_too(ledger: Ledger) -> None:
    kept = (await record(ledger, told())).chargeback
    assert kept.charge_id is None


async def test_the_notification_is_applied_with_the_notice(
    ledger: Ledger, charged: Charged
) -> None:
    charge = await charged()
    new = NewNotification(
        account="default",
        type="chargeback.success",
        order_no="A-1",
        trade_no="T-A-1",
        batch_no="990",
        body_sha256="0" * 64,
        fields={},
    )
    async with ledger.watch("default", charge_ids=[charge.id], notifications=True) as watch:
        while await watch.wait(0.4):
            pass
        received = await ledger.chargebacks.receive(new, told())
        assert await watch.wait(0)
    assert received.is_new
    assert await ledger.notifications.pending("default") == []
    (event,) = await ledger.notifications.after("default", None, 0)
    assert (event.charge_id, event.deliveries) == (charge.id, 1)
    again = await ledger.chargebacks.receive(new, told())
    assert (again.is_new, again.notification.deliveries) == (False, 2)
    assert len((await ledger.chargebacks.of_charges("default", [charge.id]))[charge.id]) == 1


async def test_many_notices_are_one_transaction_and_keep_their_order(
    ledger: Ledger, charged: Charged
) -> None:
    charge = await charged()
    first = await record(ledger, told(batch_no="2"))
    notices = [told(batch_no=batch_no) for batch_no in "3213"]
    recorded = await ledger.chargebacks.record(notices)
    assert [one.chargeback.batch_no for one in recorded] == ["3", "2", "1", "3"]
    assert [one.is_new for one in recorded] == [True, False, True, False]
    assert recorded[1].chargeback == first.chargeback
    assert len((await ledger.chargebacks.of_charges("default", [charge.id]))[charge.id]) == 3


async def test_hostile_words_are_kept_tame(ledger: Ledger) -> None:
    words = "\x00\ud800 4242424242424242 " + "x" * 5000
    hostile = told(trade_no=words, batch_no=words, order_no=words, amount=words, reason=words)
    kept = await record(ledger, hostile)
    assert "4242424242424242" not in repr(kept)
    assert not (await record(ledger, hostile)).is_new
