"""A charge is begun once, sent once, and ends once, whoever races for it."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from ledger import (
    Alarm,
    BadText,
    Charge,
    ChargeStatus,
    EventSource,
    IdempotencyMismatch,
    Lapsed,
    Ledger,
    Message,
    NewCharge,
    NoAnswer,
    NotFound,
    NotSendable,
    NotSent,
    OrderNoTaken,
    Outcome,
    Refused,
    Reported,
    Returned,
    Sent,
    UnknownCharge,
)

Order = Callable[..., NewCharge]


def said(outcome: Outcome, charge: Charge, **changed: Any) -> Reported:
    fields: dict[str, Any] = {
        "source": EventSource.WEBHOOK,
        "order_no": charge.order_no,
        "amount": charge.amount,
        "currency": charge.currency,
        "trade_no": "T1",
    }
    return Reported(outcome=outcome, **(fields | changed))


async def test_a_charge_is_stored_as_it_was_asked_for(ledger: Ledger, order: Order) -> None:
    begun = await ledger.begin_charge(order(idempotency_key="k", key_scope="shop"))
    charge = begun.charge
    assert begun.created
    assert charge.id.startswith("ch_")
    assert (charge.status, charge.send_no, charge.sent_at) == (ChargeStatus.CREATED, 0, None)
    assert (charge.amount, charge.currency, charge.minor_units) == ("10.99", "USD", 1099)
    for named in ({"id": charge.id}, {"order_no": "A-1"}, {"key": ("shop", "k")}):
        assert await ledger.charge("default", **named) == charge
        assert await ledger.charge("another", **named) is None
    assert await ledger.charges("default", [charge.id, "ch_none"]) == {charge.id: charge}


async def test_fifty_calls_with_one_key_over_two_processes_begin_one_charge(
    ledger: Ledger, other: Ledger, order: Order
) -> None:
    for number in range(3):
        new = order(f"A-{number}", idempotency_key=f"k{number}")
        begun = await asyncio.gather(
            *(door.begin_charge(new) for door in (ledger, other) for _ in range(25))
        )
        assert sum(one.created for one in begun) == 1
        assert len({one.charge.id for one in begun}) == 1


async def test_a_key_belongs_to_one_call(ledger: Ledger, order: Order) -> None:
    first = await ledger.begin_charge(order(idempotency_key="k"))
    with pytest.raises(IdempotencyMismatch) as refused:
        await ledger.begin_charge(order("A-2", idempotency_key="k", args_digest="other"))
    assert refused.value.existing == first.charge
    elsewhere = (
        order("A-3", idempotency_key="k", key_scope="cus_2"),
        order(idempotency_key="k", account="another"),
    )
    for new in elsewhere:
        assert (await ledger.begin_charge(new)).created


async def test_an_order_number_is_taken_once(ledger: Ledger, order: Order) -> None:
    first = await ledger.begin_charge(order(idempotency_key="k"))
    for key in ("k2", None):
        with pytest.raises(OrderNoTaken) as refused:
            await ledger.begin_charge(order(idempotency_key=key))
        assert refused.value.existing == first.charge


async def test_two_processes_that_race_to_send_send_once(
    ledger: Ledger, other: Ledger, order: Order
) -> None:
    for number in range(10):
        charge = (await ledger.begin_charge(order(f"A-{number}"))).charge
        ended = await asyncio.gather(
            *(door.settle("default", charge.id, Sent("r")) for door in (ledger, other) * 3),
            return_exceptions=True,
        )
        lost = [end for end in ended if isinstance(end, NotSendable)]
        assert len(lost) == len(ended) - 1
        assert all(end.charge.status is ChargeStatus.PROCESSING for end in lost)
        sent = await ledger.charge("default", id=charge.id)
        assert sent is not None
        assert (sent.send_no, sent.request_ids) == (1, ["r"])


async def test_a_send_that_never_left_may_be_made_again_and_its_late_word_undoes_nothing(
    ledger: Ledger, order: Order
) -> None:
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r1"))
    back = await ledger.settle("default", charge.id, NotSent(1, "refused"))
    assert (back.charge.status, back.charge.sent_at) == (ChargeStatus.CREATED, None)
    await ledger.settle("default", charge.id, Sent("r2"))
    late = await ledger.settle("default", charge.id, NotSent(1, "refused"))
    assert late.charge.status is ChargeStatus.PROCESSING
    assert late.charge.request_ids == ["r1", "r2"]


async def test_each_death_between_two_steps_leaves_a_charge_that_the_next_process_understands(
    url: str, order: Order
) -> None:
    """Every step is a new process: what it knows is what the one before had committed."""
    new = order(idempotency_key="k")
    async with Ledger(url) as first:
        charge = (await first.begin_charge(new)).charge
    async with Ledger(url) as second:
        again = await second.begin_charge(new)
        assert (again.created, again.charge.status) == (False, ChargeStatus.CREATED)
        await second.settle("default", charge.id, Sent("r"))
    async with Ledger(url) as third:
        assert (await third.begin_charge(new)).charge.status is ChargeStatus.PROCESSING
        with pytest.raises(NotSendable):
            await third.settle("default", charge.id, Sent("r2"))
        await third.settle("default", charge.id, NoAnswer("the process died"))
    async with Ledger(url) as fourth:
        with pytest.raises(NotSendable):
            await fourth.settle("default", charge.id, Sent("r3"))
        paid = said(Outcome.SUCCEEDED, charge, source=EventSource.LOOKUP)
        settled = await fourth.settle("default", charge.id, paid)
    assert settled.charge.status is ChargeStatus.SUCCEEDED
    assert settled.charge.request_ids == ["r"]


async def test_the_history_tells_each_change_and_counts_what_is_repeated(
    ledger: Ledger, order: Order, clock: Any
) -> None:
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    for _ in range(4):
        clock.advance(seconds=10)
        await ledger.settle("default", charge.id, said(Outcome.SUCCEEDED, charge))
    await ledger.settle("default", charge.id, Returned())
    events = await ledger.history("default", charge.id)
    told = [(event.kind, event.status.value, event.applied, event.count) for event in events]
    assert told == [
        ("Begun", "CREATED", True, 1),
        ("Sent", "PROCESSING", True, 1),
        ("Reported", "SUCCEEDED", True, 1),
        ("Reported", "SUCCEEDED", False, 3),
        ("Returned", "SUCCEEDED", False, 1),
    ]
    assert (events[3].last_at - events[3].at).total_seconds() == 20
    settled = await ledger.charge("default", trade_no="T1")
    assert settled is not None
    assert settled.webhook_count == 4


async def test_a_late_success_is_recorded_and_not_applied(ledger: Ledger, order: Order) -> None:
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    await ledger.settle("default", charge.id, Refused("P0001", "no"))
    late = await ledger.settle("default", charge.id, said(Outcome.SUCCEEDED, charge))
    assert late.transition.alarm is Alarm.LATE_SUCCESS
    assert (late.charge.status, late.charge.late_success) == (ChargeStatus.FAILED, True)
    assert late.charge.trade_no == "T1"
    assert (await ledger.history("default", charge.id))[-1].alarm is Alarm.LATE_SUCCESS


async def test_a_report_of_another_amount_teaches_nothing(ledger: Ledger, order: Order) -> None:
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    wrong = said(Outcome.SUCCEEDED, charge, amount="1099", masked_card="4***1")
    settled = await ledger.settle("default", charge.id, wrong)
    assert settled.transition.alarm is Alarm.MISMATCH
    assert settled.charge.status is ChargeStatus.PROCESSING
    assert (settled.charge.trade_no, settled.charge.masked_card) == (None, None)


async def test_the_trade_number_is_the_one_that_the_money_moved_under(
    ledger: Ledger, order: Order
) -> None:
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    for outcome, trade_no in (
        (Outcome.PENDING, "T1"),
        (Outcome.DECLINED, "T3"),
        (Outcome.SUCCEEDED, "T2"),
        (Outcome.SUCCEEDED, "T4"),
    ):
        report = said(outcome, charge, trade_no=trade_no)
        settled = await ledger.settle("default", charge.id, report)
    assert (settled.charge.status, settled.charge.trade_no) == (ChargeStatus.SUCCEEDED, "T2")
    assert settled.transition.alarm is Alarm.OTHER_TRADE


async def test_a_decline_keeps_its_reason_whatever_is_said_later(
    ledger: Ledger, order: Order
) -> None:
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    for message in ("Insufficient funds", "Host index exists"):
        no = said(Outcome.DECLINED, charge, code="E1", message=message)
        settled = await ledger.settle("default", charge.id, no)
    assert settled.charge.upstream_message == "Insufficient funds"


async def test_hostile_words_from_asiabill_never_stop_a_settlement(
    ledger: Ledger, order: Order
) -> None:
    charge = (await ledger.begin_charge(order())).charge
    await ledger.settle("default", charge.id, Sent("r"))
    words = "\x00\ud800 4242424242424242 " + "x" * 5000
    no = said(Outcome.DECLINED, charge, code=words, message=words, masked_card=words)
    settled = await ledger.settle("default", charge.id, no)
    assert settled.charge.status is ChargeStatus.DECLINED
    assert "4242424242424242" not in repr(settled.charge)
    assert "4242424242424242" not in repr(await ledger.history("default", charge.id))


@pytest.mark.parametrize("bad", ["a\x00", "\ud800", "x" * 300])
async def test_text_that_a_database_cannot_hold_is_refused_before_it(
    ledger: Ledger, order: Order, bad: str
) -> None:
    for field in ("order_no", "customer_id", "idempotency_key", "account"):
        with pytest.raises(BadText):
            await ledger.begin_charge(order(**{field: bad}))
    with pytest.raises(BadText):
        await ledger.charge("default", order_no=bad)
    assert (await ledger.begin_charge(order())).created


async def test_an_unknown_charge_cannot_be_settled(ledger: Ledger, order: Order) -> None:
    charge = (await ledger.begin_charge(order())).charge
    for account, charge_id in (("default", "ch_none"), ("another", charge.id)):
        with pytest.raises(UnknownCharge):
            await ledger.settle(account, charge_id, Returned())


async def test_a_cancelled_caller_does_not_undo_what_it_asked_for(
    ledger: Ledger, order: Order
) -> None:
    """GraphQL cancels sibling fields; a half-made write would be worse than a whole one."""
    for number in range(20):
        call = asyncio.create_task(ledger.begin_charge(order(f"A-{number}")))
        for _ in range(number):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
    await ledger.close()
    await ledger.open()
    stored = [await ledger.charge("default", order_no=f"A-{number}") for number in range(1, 20)]
    assert all(charge is not None for charge in stored)


@pytest.mark.parametrize("seed", range(4))
async def test_random_messages_keep_record_and_history_in_step(
    ledger: Ledger, order: Order, clock: Any, seed: int
) -> None:
    chance = random.Random(seed)
    charge = (await ledger.begin_charge(order())).charge
    messages: list[Callable[[], Message]] = [
        lambda: Sent("r"),
        lambda: NotSent(chance.choice((1, 2)), "refused"),
        lambda: NoAnswer("time-out"),
        lambda: Refused("P0001", "no"),
        lambda: NotFound(),
        lambda: Lapsed("old"),
        lambda: Returned(),
        lambda: said(
            chance.choice(list(Outcome)), charge, amount=chance.choice(("10.99", "10.99", "1"))
        ),
    ]
    ended: ChargeStatus | None = None
    for _ in range(40):
        clock.advance(hours=chance.choice((0, 0, 13)))
        try:
            settled = await ledger.settle("default", charge.id, chance.choice(messages)())
        except NotSendable:
            continue
        last = (await ledger.history("default", charge.id))[-1]
        assert last.status is settled.charge.status is settled.transition.status
        assert settled.charge.status.unsettled is (settled.charge.next_look_at is not None)
        assert ended in (None, settled.charge.status)
        ended = settled.charge.status if settled.charge.final else None
