"""Money goes back once, never more than was taken, and nothing of it is forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from ledger import (
    Alarm,
    BadText,
    Charge,
    CurrencyDiffers,
    EventSource,
    IdempotencyMismatch,
    Ledger,
    Money,
    NewCharge,
    NewNotification,
    NewRefund,
    NoAnswer,
    NotRefundable,
    NotSent,
    Outcome,
    Refund,
    RefundExceedsBalance,
    RefundNotSendable,
    RefundOutcome,
    RefundReported,
    RefundSettled,
    RefundStatus,
    Refused,
    Sent,
    UnknownCharge,
    UnknownRefund,
)

Charged = Callable[..., Awaitable[Charge]]


def asked(charge: Charge, amount: str | None = "3.00", key: str = "k", **changed: Any) -> NewRefund:
    fields: dict[str, Any] = {
        "account": charge.account,
        "charge_id": charge.id,
        "money": None if amount is None else Money(amount, charge.currency),
        "reason": "broken",
        "args_digest": f"{charge.id} {amount}",
        "key_scope": "shop",
        "idempotency_key": key,
    }
    return NewRefund(**(fields | changed))


def arrived(charge: Charge) -> NewNotification:
    return NewNotification(
        account=charge.account,
        type="refund.success",
        order_no=charge.order_no,
        trade_no="T1",
        batch_no="442011",
        body_sha256="0" * 64,
        fields={},
    )


def said(outcome: RefundOutcome, refund: Refund, **changed: Any) -> RefundReported:
    fields: dict[str, Any] = {
        "source": EventSource.WEBHOOK,
        "batch_no": "442011",
        "refund_id": refund.id,
        "amount": refund.amount,
        "currency": refund.currency,
    }
    return RefundReported(outcome=outcome, **(fields | changed))


@pytest.fixture
async def charge(charged: Charged) -> Charge:
    """10.99 USD that were taken."""
    return await charged()


async def test_a_refund_is_stored_as_it_was_asked_for(ledger: Ledger, charge: Charge) -> None:
    begun = await ledger.refunds.begin(asked(charge))
    refund = begun.refund
    assert begun.created
    assert refund.id.startswith("rf_")
    assert (refund.status, refund.send_no, refund.full) == (RefundStatus.CREATED, 0, False)
    assert (refund.amount, refund.currency, refund.minor_units) == ("3.00", "USD", 300)
    for named in ({"id": refund.id}, {"key": ("shop", "k")}):
        assert await ledger.refunds.find("default", **named) == refund
        assert await ledger.refunds.find("another", **named) is None
    assert await ledger.refunds.of_charges("default", [charge.id, "ch_none"]) == {
        charge.id: [refund],
        "ch_none": [],
    }


async def test_fifty_calls_with_one_key_over_two_processes_begin_one_refund(
    ledger: Ledger, other: Ledger, charge: Charge
) -> None:
    new = asked(charge, None)
    begun = await asyncio.gather(
        *(door.refunds.begin(new) for door in (ledger, other) for _ in range(25))
    )
    assert sum(one.created for one in begun) == 1
    assert len({one.refund.id for one in begun}) == 1


async def test_no_race_gives_back_more_than_was_taken(
    ledger: Ledger, other: Ledger, charge: Charge
) -> None:
    """Three refunds of 3.00 fit into 10.99, whoever asks and at whatever moment."""
    ended = await asyncio.gather(
        *(
            door.refunds.begin(asked(charge, key=f"k{number}{door is other}"))
            for number in range(5)
            for door in (ledger, other)
        ),
        return_exceptions=True,
    )
    refused = [end for end in ended if isinstance(end, RefundExceedsBalance)]
    assert len(refused) == len(ended) - 3
    assert {refusal.left for refusal in refused} <= {"1.99"}
    stored = await ledger.refunds.of_charges("default", [charge.id])
    assert len(stored[charge.id]) == 3


@pytest.mark.parametrize(
    ("amount", "currency", "part", "rest"),
    [
        ("10.99", "USD", "3", "7.99"),
        ("10.99", "USD", "10.9", "0.09"),
        ("600", "KRW", "599", "1"),
        ("1.25", "KWD", "0.5", "0.75"),
    ],
)
async def test_without_an_amount_all_that_is_left_goes_back(
    ledger: Ledger, charged: Charged, amount: str, currency: str, part: str, rest: str
) -> None:
    charge = await charged("B-1", money=Money(amount, currency))
    first = (await ledger.refunds.begin(asked(charge, part))).refund
    last = (await ledger.refunds.begin(asked(charge, None, "k2"))).refund
    assert (first.full, last.full) == (False, False)
    assert (last.amount, last.currency) == (rest, currency)
    assert first.minor_units + last.minor_units == charge.minor_units
    with pytest.raises(RefundExceedsBalance):
        await ledger.refunds.begin(asked(charge, None, "k3"))


@pytest.mark.parametrize("amount", [None, "10.99"])
async def test_full_is_the_whole_of_a_charge_of_which_nothing_went_back(
    ledger: Ledger, charge: Charge, amount: str | None
) -> None:
    refund = (await ledger.refunds.begin(asked(charge, amount))).refund
    assert (refund.full, refund.amount) == (True, "10.99")


async def test_a_refund_that_failed_frees_its_money_and_full_is_full_again(
    ledger: Ledger, charge: Charge
) -> None:
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    for unfinished in (None, said(RefundOutcome.PENDING, refund)):
        if unfinished is not None:
            await ledger.refunds.settle("default", refund.id, unfinished)
        with pytest.raises(RefundExceedsBalance) as refused:
            await ledger.refunds.begin(asked(charge, "10.99", "k2"))
        assert refused.value.left == "7.99"
    await ledger.refunds.settle("default", refund.id, said(RefundOutcome.FAILED, refund))
    assert (await ledger.refunds.begin(asked(charge, "10.99", "k2"))).refund.full


async def test_money_that_went_back_after_a_failure_is_spent(
    ledger: Ledger, charge: Charge
) -> None:
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    await ledger.refunds.settle("default", refund.id, Refused("P0001", "no"))
    late = await ledger.refunds.settle("default", refund.id, said(RefundOutcome.SUCCEEDED, refund))
    assert late.transition.alarm is Alarm.LATE_SUCCESS
    assert (late.refund.status, late.refund.late_success) == (RefundStatus.FAILED, True)
    assert (await ledger.refunds.history("default", refund.id))[-1].alarm is Alarm.LATE_SUCCESS
    with pytest.raises(RefundExceedsBalance) as refused:
        await ledger.refunds.begin(asked(charge, "10.99", "k2"))
    assert refused.value.left == "7.99"


async def test_only_what_was_taken_can_go_back(
    ledger: Ledger, charged: Charged, order: Callable[..., NewCharge]
) -> None:
    never_sent = (await ledger.begin_charge(order("B-1"))).charge
    held = await charged("B-2", outcome=Outcome.AUTHORIZED)
    declined = await charged("B-3", outcome=Outcome.DECLINED)
    for charge in (never_sent, held, declined):
        with pytest.raises(NotRefundable) as refused:
            await ledger.refunds.begin(asked(charge))
        assert refused.value.charge == charge


async def test_a_charge_is_refunded_in_its_own_currency_and_account(
    ledger: Ledger, charge: Charge
) -> None:
    with pytest.raises(CurrencyDiffers):
        await ledger.refunds.begin(asked(charge, money=Money("3", "EUR")))
    for elsewhere in ({"account": "another"}, {"charge_id": "ch_none"}):
        with pytest.raises(UnknownCharge):
            await ledger.refunds.begin(asked(charge, **elsewhere))


async def test_a_key_belongs_to_one_call(ledger: Ledger, charge: Charge, charged: Charged) -> None:
    first = (await ledger.refunds.begin(asked(charge))).refund
    second = await charged("B-1")
    for new in (asked(charge, "3.01"), asked(second)):
        with pytest.raises(IdempotencyMismatch) as refused:
            await ledger.refunds.begin(new)
        assert refused.value.existing == first
    assert (await ledger.refunds.begin(asked(second, key_scope="another shop"))).created


async def test_a_replay_is_answered_whatever_became_of_the_balance(
    ledger: Ledger, charge: Charge
) -> None:
    new = asked(charge, None)
    refund = (await ledger.refunds.begin(new)).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    done = await ledger.refunds.settle("default", refund.id, said(RefundOutcome.SUCCEEDED, refund))
    again = await ledger.refunds.begin(new)
    assert (again.created, again.refund) == (False, done.refund)


async def test_two_processes_that_race_to_send_send_once(
    ledger: Ledger, other: Ledger, charge: Charge
) -> None:
    for number in range(5):
        new = asked(charge, "1.00", f"k{number}")
        refund = (await ledger.refunds.begin(new)).refund
        ended = await asyncio.gather(
            *(door.refunds.settle("default", refund.id, Sent("r")) for door in (ledger, other) * 3),
            return_exceptions=True,
        )
        lost = [end for end in ended if isinstance(end, RefundNotSendable)]
        assert len(lost) == len(ended) - 1
        sent = await ledger.refunds.find("default", id=refund.id)
        assert sent is not None
        assert (sent.status, sent.send_no, sent.request_ids) == (RefundStatus.UNKNOWN, 1, ["r"])


async def test_each_death_between_two_steps_leaves_a_refund_that_the_next_process_understands(
    url: str, charge: Charge
) -> None:
    """Every step is a new process: what it knows is what the one before had committed."""
    new = asked(charge)
    async with Ledger(url) as first:
        refund = (await first.refunds.begin(new)).refund
    async with Ledger(url) as second:
        again = await second.refunds.begin(new)
        assert (again.created, again.refund.status) == (False, RefundStatus.CREATED)
        await second.refunds.settle("default", refund.id, Sent("r"))
    async with Ledger(url) as third:
        assert (await third.refunds.begin(new)).refund.status is RefundStatus.UNKNOWN
        with pytest.raises(RefundNotSendable):
            await third.refunds.settle("default", refund.id, Sent("r2"))
    async with Ledger(url) as fourth:
        settled = await fourth.refunds.settle(
            "default", refund.id, said(RefundOutcome.SUCCEEDED, refund)
        )
    assert (settled.refund.status, settled.refund.request_ids) == (RefundStatus.SUCCEEDED, ["r"])


async def test_a_send_that_never_left_may_be_made_again_and_its_late_word_undoes_nothing(
    ledger: Ledger, charge: Charge
) -> None:
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r1"))
    back = await ledger.refunds.settle("default", refund.id, NotSent(1, "refused"))
    assert (back.refund.status, back.refund.sent_at) == (RefundStatus.CREATED, None)
    await ledger.refunds.settle("default", refund.id, Sent("r2"))
    late = await ledger.refunds.settle("default", refund.id, NotSent(1, "refused"))
    assert (late.refund.status, late.refund.request_ids) == (RefundStatus.UNKNOWN, ["r1", "r2"])


async def test_a_refund_that_was_never_sent_does_not_hold_its_money_for_ever(
    ledger: Ledger, charge: Charge, clock: Any
) -> None:
    """Its owner sends it within moments, or has died; and then it can never be sent any more."""
    stored = (await ledger.refunds.begin(asked(charge, None))).refund
    clock.advance(seconds=29)
    with pytest.raises(RefundExceedsBalance):
        await ledger.refunds.begin(asked(charge, None, "k2"))
    clock.advance(seconds=1)
    assert (await ledger.refunds.begin(asked(charge, None, "k2"))).created
    with pytest.raises(RefundNotSendable) as refused:
        await ledger.refunds.settle("default", stored.id, Sent("r"))
    assert refused.value.refund.status is RefundStatus.FAILED


async def test_what_waits_to_be_sent_is_left_alone_while_there_is_enough(
    ledger: Ledger, charge: Charge, clock: Any
) -> None:
    stored = (await ledger.refunds.begin(asked(charge))).refund
    clock.advance(hours=1)
    await ledger.refunds.begin(asked(charge, key="k2"))
    await ledger.refunds.settle("default", stored.id, Sent("r"))


async def test_asiabills_number_names_the_refund_from_the_first_word_on(
    ledger: Ledger, charge: Charge
) -> None:
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    taken = said(RefundOutcome.PENDING, refund, source=EventSource.RESPONSE, code="0000")
    settled = (await ledger.refunds.settle("default", refund.id, taken)).refund
    assert (settled.status, settled.upstream_code) == (RefundStatus.PENDING, "0000")
    assert await ledger.refunds.find("default", batch_no="442011") == settled
    assert await ledger.refunds.find("another", batch_no="442011") is None


async def test_the_number_is_the_one_that_the_money_moved_under(
    ledger: Ledger, charge: Charge
) -> None:
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    for outcome, batch_no in (
        (RefundOutcome.PENDING, "1"),
        (RefundOutcome.FAILED, "3"),
        (RefundOutcome.SUCCEEDED, "2"),
        (RefundOutcome.SUCCEEDED, "4"),
    ):
        report = said(outcome, refund, batch_no=batch_no)
        settled = await ledger.refunds.settle("default", refund.id, report)
    assert (settled.refund.status, settled.refund.batch_no) == (RefundStatus.SUCCEEDED, "2")
    assert settled.transition.alarm is Alarm.OTHER_TRADE


async def test_one_number_for_two_refunds_is_kept_to_be_seen(
    ledger: Ledger, charge: Charge
) -> None:
    """It is Asiabill's number: were it unique here, the second refund could not be settled."""
    for key in ("k1", "k2"):
        refund = (await ledger.refunds.begin(asked(charge, key=key))).refund
        await ledger.refunds.settle("default", refund.id, Sent("r"))
        settled = await ledger.refunds.settle(
            "default", refund.id, said(RefundOutcome.SUCCEEDED, refund)
        )
        assert settled.refund.status is RefundStatus.SUCCEEDED


async def test_the_history_tells_each_change_and_counts_what_is_repeated(
    ledger: Ledger, charge: Charge
) -> None:
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    await ledger.refunds.settle("default", refund.id, NoAnswer("time-out"))
    for _ in range(4):
        await ledger.refunds.settle("default", refund.id, said(RefundOutcome.SUCCEEDED, refund))
    events = await ledger.refunds.history("default", refund.id)
    told = [(event.kind, event.status.value, event.applied, event.count) for event in events]
    assert told == [
        ("Begun", "CREATED", True, 1),
        ("Sent", "UNKNOWN", True, 1),
        ("NoAnswer", "UNKNOWN", False, 1),
        ("RefundReported", "SUCCEEDED", True, 1),
        ("RefundReported", "SUCCEEDED", False, 3),
    ]
    assert events[3].source is EventSource.WEBHOOK


async def test_a_report_of_another_amount_teaches_nothing_but_that_it_was_heard(
    ledger: Ledger, charge: Charge
) -> None:
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    wrong = await ledger.refunds.settle(
        "default", refund.id, said(RefundOutcome.SUCCEEDED, refund, amount="300")
    )
    assert wrong.transition.alarm is Alarm.MISMATCH
    assert (wrong.refund.status, wrong.refund.batch_no) == (RefundStatus.UNKNOWN, None)
    refused = await ledger.refunds.settle("default", refund.id, Refused("P0001", "no"))
    assert (refused.refund.status, refused.transition.alarm) == (
        RefundStatus.UNKNOWN,
        Alarm.CONTRADICTION,
    )


async def test_a_notification_is_settled_and_applied_together(
    ledger: Ledger, charge: Charge
) -> None:
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    stored = (await ledger.notifications.record(arrived(charge))).notification
    with pytest.raises(UnknownRefund):
        await ledger.refunds.settle(
            "default", "rf_none", said(RefundOutcome.SUCCEEDED, refund), notification=stored.id
        )
    assert len(await ledger.notifications.pending("default")) == 1
    await ledger.refunds.settle(
        "default", refund.id, said(RefundOutcome.SUCCEEDED, refund), notification=stored.id
    )
    assert await ledger.notifications.pending("default") == []


async def test_it_is_told_once_though_two_find_it(
    ledger: Ledger, other: Ledger, charge: Charge
) -> None:
    """Whoever received it, and whoever looks for what was left behind."""
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    stored = (await ledger.notifications.record(arrived(charge))).notification
    settled = await asyncio.gather(
        *(
            door.refunds.settle(
                "default", refund.id, said(RefundOutcome.SUCCEEDED, refund), notification=stored.id
            )
            for door in (ledger, other)
        )
    )
    assert {one.refund.status for one in settled} == {RefundStatus.SUCCEEDED}
    assert sorted(one.transition.applied for one in settled) == [False, True]
    lines = await ledger.refunds.history("default", refund.id)
    assert [(line.kind, line.count) for line in lines] == [
        ("Begun", 1),
        ("Sent", 1),
        ("RefundReported", 1),
    ]


async def test_a_watcher_of_the_charge_is_woken_by_its_refunds(
    ledger: Ledger, charge: Charge
) -> None:
    async with ledger.watch("default", charge_ids=[charge.id]) as watch:
        while await watch.wait(0.4):
            pass
        refund = (await ledger.refunds.begin(asked(charge))).refund
        assert await watch.wait(0)
        await ledger.refunds.settle("default", refund.id, Sent("r"))
        assert await watch.wait(0)


async def test_the_observer_of_refunds_hears_what_was_committed(url: str, charge: Charge) -> None:
    heard: list[RefundSettled] = []
    async with Ledger(url, observe_refund=heard.append) as ledger:
        refund = (await ledger.refunds.begin(asked(charge))).refund
        sent = await ledger.refunds.settle("default", refund.id, Sent("r"))
        with pytest.raises(RefundNotSendable):
            await ledger.refunds.settle("default", refund.id, Sent("r"))
    assert heard == [sent]


async def test_hostile_words_from_asiabill_never_stop_a_settlement(
    ledger: Ledger, charge: Charge
) -> None:
    words = "\x00\ud800 4242424242424242 " + "x" * 5000
    refund = (await ledger.refunds.begin(asked(charge))).refund
    await ledger.refunds.settle("default", refund.id, Sent("r"))
    report = said(RefundOutcome.FAILED, refund, batch_no=words, code=words, message=words)
    settled = await ledger.refunds.settle("default", refund.id, report)
    assert settled.refund.status is RefundStatus.FAILED
    assert "4242424242424242" not in repr(settled.refund)
    assert "4242424242424242" not in repr(await ledger.refunds.history("default", refund.id))


@pytest.mark.parametrize("bad", ["a\x00", "\ud800", "x" * 1001])
async def test_text_that_a_database_cannot_hold_is_refused_before_it(
    ledger: Ledger, charge: Charge, bad: str
) -> None:
    for field in ("reason", "idempotency_key", "charge_id"):
        with pytest.raises(BadText):
            await ledger.refunds.begin(asked(charge, **{field: bad}))


class TestDoubts:
    """What has a number is looked up until it ends; what has none is kept in sight."""

    @staticmethod
    async def pending(ledger: Ledger, charge: Charge, key: str = "k") -> Refund:
        refund = (await ledger.refunds.begin(asked(charge, key=key))).refund
        await ledger.refunds.settle("default", refund.id, Sent("r"))
        taken = said(RefundOutcome.PENDING, refund, batch_no=f"b-{key}")
        return (await ledger.refunds.settle("default", refund.id, taken)).refund

    async def test_looks_follow_the_schedule_for_as_long_as_it_takes(
        self, ledger: Ledger, charge: Charge, clock: Any
    ) -> None:
        await self.pending(ledger, charge)
        waits = []
        for _ in range(5):
            begun, due_at = clock(), await ledger.refunds.next_look_at()
            assert due_at is not None
            clock.moment = due_at - timedelta(microseconds=1)
            assert await ledger.refunds.due_doubts("one", 10) == []
            clock.moment = due_at
            [doubt] = await ledger.refunds.due_doubts("one", 10)
            await ledger.refunds.looked(doubt)
            waits.append((clock() - begun).total_seconds())
        assert waits == [60, 300, 1800, 3600, 3600]

    async def test_a_look_that_was_not_answered_is_repeated_soon(
        self, ledger: Ledger, charge: Charge, clock: Any
    ) -> None:
        await self.pending(ledger, charge)
        clock.advance(hours=1)
        [doubt] = await ledger.refunds.due_doubts("one", 10)
        await ledger.refunds.put_back(doubt)
        assert await ledger.refunds.next_look_at() == clock() + timedelta(seconds=15)

    async def test_two_processes_never_look_up_the_same_refund(
        self, ledger: Ledger, other: Ledger, charge: Charge, clock: Any
    ) -> None:
        for number in range(3):
            await self.pending(ledger, charge, f"k{number}")
        clock.advance(hours=1)
        shares = await asyncio.gather(
            *(door.refunds.due_doubts("x", 1) for door in (ledger, other) * 3)
        )
        leased = [doubt.refund.id for share in shares for doubt in share]
        assert len(leased) == len(set(leased)) > 0
        rest = await other.refunds.due_doubts("y", 10)
        assert len(leased) + len(rest) == 3

    async def test_a_lease_that_was_lost_changes_nothing(
        self, ledger: Ledger, charge: Charge, clock: Any
    ) -> None:
        refund = await self.pending(ledger, charge)
        clock.advance(hours=1)
        [stopped] = await ledger.refunds.due_doubts("one", 10, lease_seconds=30)
        assert await ledger.refunds.look_soon("default", refund.id)
        await ledger.refunds.looked(stopped)
        assert await ledger.refunds.next_look_at() == clock()

    async def test_what_is_settled_or_has_no_number_is_not_looked_up(
        self, ledger: Ledger, charge: Charge, clock: Any
    ) -> None:
        done = await self.pending(ledger, charge)
        await ledger.refunds.settle(
            "default", done.id, said(RefundOutcome.SUCCEEDED, done, batch_no=done.batch_no)
        )
        lost = (await ledger.refunds.begin(asked(charge, key="k2"))).refund
        await ledger.refunds.settle("default", lost.id, Sent("r"))
        clock.advance(days=1)
        assert await ledger.refunds.look_at_all() == 0
        assert await ledger.refunds.next_look_at() is None
        assert await ledger.refunds.due_doubts("one", 10) == []
        for refund in (done, lost):
            assert not await ledger.refunds.look_soon("default", refund.id)

    async def test_at_start_up_whatever_can_be_looked_up_is_due(
        self, ledger: Ledger, charge: Charge
    ) -> None:
        refund = await self.pending(ledger, charge)
        assert await ledger.refunds.due_doubts("one", 10) == []
        assert await ledger.refunds.look_at_all() == 1
        [doubt] = await ledger.refunds.due_doubts("one", 10)
        assert doubt.refund.id == refund.id

    async def test_a_number_that_comes_late_makes_the_refund_due(
        self, ledger: Ledger, charge: Charge, clock: Any
    ) -> None:
        refund = (await ledger.refunds.begin(asked(charge))).refund
        await ledger.refunds.settle("default", refund.id, Sent("r"))
        for batch_no, due_at in ((None, None), ("7", clock() + timedelta(seconds=60))):
            report = said(RefundOutcome.PENDING, refund, batch_no=batch_no)
            await ledger.refunds.settle("default", refund.id, report)
            assert await ledger.refunds.next_look_at() == due_at

    async def test_what_nobody_can_look_up_stays_in_sight_until_it_is_settled(
        self, ledger: Ledger, charge: Charge, clock: Any
    ) -> None:
        async def unresolved() -> list[str]:
            return [refund.id for refund in await ledger.refunds.unresolved("default")]

        lost = (await ledger.refunds.begin(asked(charge, key="lost"))).refund
        await ledger.refunds.settle("default", lost.id, Sent("r"))
        assert await unresolved() == []
        await ledger.refunds.settle("default", lost.id, NoAnswer("time-out"))
        died = (await ledger.refunds.begin(asked(charge, key="died"))).refund
        await ledger.refunds.settle("default", died.id, Sent("r"))
        await self.pending(ledger, charge, "numbered")
        assert await unresolved() == [lost.id]
        clock.advance(seconds=50)
        assert set(await unresolved()) == {lost.id, died.id}
        assert await ledger.refunds.unresolved("another") == []
        await ledger.refunds.settle("default", lost.id, said(RefundOutcome.SUCCEEDED, lost))
        assert await unresolved() == [died.id]
