"""What is over and old is forgotten, whole; what may still matter stays."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from ledger import (
    Charge,
    ChargeUsage,
    EventSource,
    Guard,
    IdempotencyMismatch,
    Ledger,
    Money,
    NewCharge,
    NewChargeback,
    NewIntent,
    NewNotification,
    NewRefund,
    NoAnswer,
    Outcome,
    Rate,
    RefundOutcome,
    RefundReported,
    Reported,
    Sent,
    Shipment,
    Tally,
    WrongRevision,
    prune,
)
from ledger.database import Database
from ledger.table import metadata

Charged = Callable[..., Awaitable[Charge]]
YEARS = timedelta(days=3650)


@dataclass
class Broom:
    """Prunes at the test's own time."""

    url: str
    now: Callable[[], datetime]

    async def sweep(self, *, dry: bool = False) -> dict[str, int]:
        """What was removed, without the tables of which nothing was."""
        rows = await prune(self.url, self.now(), YEARS, dry=dry)
        return {name: count for name, count in rows.items() if count}

    async def rows(self) -> dict[str, int]:
        """How many each table has, without those that are empty."""
        database = Database(self.url)
        try:
            found = {
                name: await database.read(
                    lambda connection, table=table: connection.scalar(  # type: ignore[misc]
                        select(func.count()).select_from(table)
                    )
                )
                for name, table in metadata.tables.items()
            }
        finally:
            await database.dispose()
        return {name: count for name, count in found.items() if count}


@pytest.fixture
def broom(url: str, clock: Any) -> Broom:
    return Broom(url, clock)


def news(charge: Charge, **changed: Any) -> NewNotification:
    fields: dict[str, Any] = {
        "account": charge.account,
        "type": "transaction.success",
        "order_no": charge.order_no,
        "trade_no": f"T-{charge.order_no}",
        "status": "success",
        "fields": {"orderAmount": "10.99", "orderCurrency": "USD"},
        "body_sha256": "0" * 64,
    }
    return NewNotification(**(fields | changed))


async def told(ledger: Ledger, charge: Charge, **changed: Any) -> int:
    """A notification of the charge, applied; its number."""
    stored = (await ledger.notifications.record(news(charge, **changed))).notification
    await ledger.notifications.close(charge.account, stored.id)
    return stored.id


async def refunded(ledger: Ledger, charge: Charge, *, end: bool = True) -> None:
    new = NewRefund(
        account=charge.account,
        charge_id=charge.id,
        money=Money("3.00", "USD"),
        reason="returned",
        key_scope="",
        idempotency_key=f"refund-{charge.id}",
        args_digest="digest",
    )
    refund = (await ledger.refunds.begin(new)).refund
    await ledger.refunds.settle(charge.account, refund.id, Sent("r"))
    if end:
        report = RefundReported(
            source=EventSource.RESPONSE,
            outcome=RefundOutcome.SUCCEEDED,
            refund_id=refund.id,
            amount=refund.amount,
            currency=refund.currency,
            batch_no=f"B-{charge.order_no}",
        )
        await ledger.refunds.settle(charge.account, refund.id, report)


async def test_a_charge_goes_with_all_that_belongs_to_it(
    ledger: Ledger, charged: Charged, broom: Broom, clock: Any
) -> None:
    charge = await charged("A-1", key_scope="", idempotency_key="key-1")
    await refunded(ledger, charge)
    await ledger.chargebacks.record([dispute(charge)])
    await ledger.shipments.save(parcel(charge))
    await told(ledger, charge)
    clock.advance(days=3650, seconds=-1)
    assert await broom.sweep() == {}
    clock.advance(days=2)
    before = await broom.rows()
    counted = await broom.sweep(dry=True)
    assert await broom.rows() == before
    assert await broom.sweep() == counted
    assert counted == {
        "charges": 1,
        "charge_events": 3,
        "refunds": 1,
        "refund_events": before["refund_events"],
        "chargebacks": 1,
        "shipments": 1,
        "notifications": 1,
    }
    # Numbers go on where they were, and nothing else is left.
    assert set(await broom.rows()) == {"counters"}
    assert await broom.sweep() == {}
    # The key is free again: what it had bought is forgotten.
    again = await charged("A-1", key_scope="", idempotency_key="key-1")
    assert again.id != charge.id


async def test_a_replayed_key_of_a_kept_charge_still_joins(
    ledger: Ledger, charged: Charged, order: Callable[..., NewCharge], broom: Broom, clock: Any
) -> None:
    await charged("A-1", key_scope="", idempotency_key="old")
    clock.advance(days=3000)
    kept = await charged("A-2", key_scope="", idempotency_key="kept")
    clock.advance(days=1000)
    assert (await broom.sweep())["charges"] == 1
    again = order("A-2", key_scope="", idempotency_key="kept")
    begun = await ledger.begin_charge(again)
    assert (begun.charge.id, begun.created) == (kept.id, False)
    other = order("A-2", key_scope="", idempotency_key="kept", args_digest="other")
    with pytest.raises(IdempotencyMismatch):
        await ledger.begin_charge(other)


async def test_what_has_not_ended_stays_for_ever(
    ledger: Ledger, charged: Charged, order: Callable[..., NewCharge], broom: Broom, clock: Any
) -> None:
    await ledger.begin_charge(order("created"))
    for name, message in (("sent", None), ("unknown", NoAnswer("reset"))):
        charge = (await ledger.begin_charge(order(name))).charge
        await ledger.settle("default", charge.id, Sent("r"))
        if message is not None:
            await ledger.settle("default", charge.id, message)
    for outcome in (Outcome.PENDING, Outcome.REQUIRES_ACTION, Outcome.AUTHORIZED):
        await charged(outcome.name, outcome=outcome)
    await refunded(ledger, await charged("refund"), end=False)
    # News that has not been told to its charge, and news of an order that is not ours yet.
    await ledger.notifications.record(news(await charged("news")))
    await ledger.notifications.record(news(await charged("x"), order_no="unknown"))
    # A series goes on as long as it has its first charge.
    await charged("series", usage=ChargeUsage.INITIAL_RECURRING)
    clock.advance(days=10_000)
    before = await broom.rows()
    assert (await broom.sweep()) == {"charges": 1, "charge_events": 3}
    after = await broom.rows()
    assert before["charges"] - after["charges"] == 1
    assert await ledger.charge("default", order_no="x") is None
    assert after["notifications"] == 2
    assert after["refunds"] == 1


@pytest.mark.parametrize("what", ["refund", "dispute", "reply", "parcel", "settlement"])
async def test_what_happened_lately_keeps_an_old_charge(
    what: str,
    ledger: Ledger,
    charged: Charged,
    order: Callable[..., NewCharge],
    broom: Broom,
    clock: Any,
) -> None:
    if what == "settlement":
        charge = (await ledger.begin_charge(order())).charge
        await ledger.settle("default", charge.id, Sent("r"))
    else:
        charge = await charged()
    clock.advance(days=3000)
    match what:
        case "refund":
            await refunded(ledger, charge)
        case "dispute":
            await ledger.chargebacks.record([dispute(charge)])
        case "reply":
            later = clock() + timedelta(days=5000)
            await ledger.chargebacks.record([dispute(charge, reply_by=later)])
        case "parcel":
            await ledger.shipments.save(parcel(charge))
        case _:
            end = Reported(EventSource.LOOKUP, Outcome.SUCCEEDED, "A-1", "10.99", "USD")
            await ledger.settle("default", charge.id, end)
    clock.advance(days=1000)
    assert await broom.sweep() == {}
    clock.advance(days=10_000)
    assert (await broom.sweep())["charges"] == 1


async def test_an_intent_goes_with_all_its_attempts_or_not_at_all(
    ledger: Ledger,
    intended: Callable[..., NewIntent],
    attempt: Callable[..., NewCharge],
    broom: Broom,
    clock: Any,
) -> None:
    async def tried(order_no: str, outcome: Outcome, intent_id: str) -> None:
        charge = (await ledger.begin_charge(attempt(intent_id))).charge
        await ledger.settle("default", charge.id, Sent("r"))
        report = Reported(
            EventSource.RESPONSE, outcome, order_no, "10.99", "USD", trade_no=order_no
        )
        await ledger.settle("default", charge.id, report)

    paid = (
        await ledger.create_intent(intended("P", expires_at=clock() + timedelta(days=30)))
    ).intent
    await tried("P", Outcome.DECLINED, paid.id)
    await tried("P-2", Outcome.SUCCEEDED, paid.id)
    waits = (
        await ledger.create_intent(intended("W", expires_at=clock() + timedelta(days=30)))
    ).intent
    await tried("W", Outcome.DECLINED, waits.id)
    await tried("W-2", Outcome.PENDING, waits.id)
    nobody = (await ledger.create_intent(intended("N"))).intent
    clock.advance(days=91)
    young = (await ledger.create_intent(intended("Y"))).intent
    assert await broom.sweep() == {"intents": 1}
    assert await ledger.intent("default", nobody.id) is None
    assert await ledger.intent("default", young.id) is not None
    clock.advance(days=3650)
    assert await broom.sweep(dry=True) == {"intents": 2, "charges": 2, "charge_events": 6}
    assert await broom.sweep() == {"intents": 2, "charges": 2, "charge_events": 6}
    found = await ledger.intent("default", waits.id)
    assert found is not None
    assert len(found.charges) == 2


async def test_whoever_resumes_before_what_is_kept_can_know_it(
    ledger: Ledger, charged: Charged, broom: Broom, clock: Any
) -> None:
    first = await told(ledger, await charged("A-1"))
    second = await told(ledger, await charged("A-2"))
    clock.advance(days=2000)
    third = await told(ledger, await charged("A-3"))
    clock.advance(days=1700)
    assert await ledger.notifications.pruned_id("default") == 0
    assert (await broom.sweep(dry=True))["notifications"] == 2
    assert await ledger.notifications.pruned_id("default") == 0
    assert (await broom.sweep())["notifications"] == 2
    assert await ledger.notifications.pruned_id("default") == second > first
    assert await ledger.notifications.pruned_id("another") == 0
    assert [one.id for one in await ledger.notifications.after("default", None, second)] == [third]
    assert await told(ledger, await charged("A-4")) == third + 1


async def test_the_event_of_a_kept_charge_is_kept_with_it(
    ledger: Ledger, charged: Charged, broom: Broom, clock: Any
) -> None:
    charge = await charged()
    await told(ledger, charge)
    clock.advance(days=2000)
    await refunded(ledger, charge)
    clock.advance(days=2000)
    assert await broom.sweep() == {}


async def test_keys_and_counts_go_early_and_cards_stay(
    ledger: Ledger, broom: Broom, clock: Any
) -> None:
    for number in range(3):
        claim = await ledger.requests.claim("default", "create", "", f"key-{number}", "d", 60)
        await ledger.requests.finish(claim, "done")
    await ledger.limits.take("default", Guard(take=(Tally("charges", "cus_1", Rate(5, 3600)),)))
    await ledger.cards.set_default("default", "cus_1", "pm_1")
    clock.advance(days=89)
    assert await broom.sweep() == {"tallies": 1}
    clock.advance(days=2)
    assert await broom.sweep() == {"requests": 3}
    assert await ledger.cards.defaults("default", ["cus_1"]) == {"cus_1": "pm_1"}


async def test_many_go_in_batches_of_every_account(
    ledger: Ledger, order: Callable[..., NewCharge], broom: Broom, clock: Any
) -> None:
    for number in range(450):
        account = "one" if number % 3 else "two"
        charge = (await ledger.begin_charge(order(f"A-{number}", account=account))).charge
        if number % 2:
            await ledger.settle(account, charge.id, Sent("r"))
            end = Reported(EventSource.RESPONSE, Outcome.DECLINED, f"A-{number}", "10.99", "USD")
            await ledger.settle(account, charge.id, end)
    clock.advance(days=4000)
    counted = await broom.sweep(dry=True)
    assert counted == {"charges": 225, "charge_events": 675}
    assert await broom.sweep() == counted
    assert (await broom.rows())["charges"] == 225


async def test_disputes_need_their_charges(url: str, clock: Any) -> None:
    with pytest.raises(ValueError, match="540 days"):
        await prune(url, clock(), timedelta(days=539), dry=True)


async def test_nothing_is_pruned_where_the_tables_are_of_another_version(
    tmp_path: Any, clock: Any
) -> None:
    with pytest.raises(WrongRevision):
        await prune(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}", clock(), YEARS, dry=False)


def dispute(charge: Charge, **changed: Any) -> NewChargeback:
    fields: dict[str, Any] = {
        "account": charge.account,
        "trade_no": charge.trade_no,
        "batch_no": "990",
        "order_no": charge.order_no,
        "amount": "10.99",
        "currency": "USD",
        "reason": "Non-Receipt of Goods",
    }
    return NewChargeback(**(fields | changed))


def parcel(charge: Charge) -> Shipment:
    return Shipment(
        account=charge.account,
        charge_id=charge.id,
        tracking_no="1",
        tracking_site="https://dhl.example",
    )
