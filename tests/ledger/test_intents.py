"""One payment intent takes money once, whatever is tried on it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ledger import (
    Begun,
    Charge,
    ChargeInProgress,
    ChargeStatus,
    EventSource,
    IdempotencyMismatch,
    Intent,
    IntentCanceled,
    IntentExpired,
    IntentPaid,
    IntentStatus,
    Ledger,
    NewCharge,
    NewIntent,
    NotSendable,
    NotSent,
    OrderNoTaken,
    Outcome,
    Refused,
    Reported,
    Sent,
    TooManyAttempts,
    UnknownIntent,
)

Attempt = Callable[..., NewCharge]
Intended = Callable[..., NewIntent]


@pytest.fixture
async def intent(ledger: Ledger, intended: Intended) -> Intent:
    return (await ledger.create_intent(intended())).intent


async def tell(ledger: Ledger, charge: Charge, outcome: Outcome) -> None:
    report = Reported(EventSource.RESPONSE, outcome, charge.order_no, "10.99", "USD")
    await ledger.settle("default", charge.id, report)


async def send(ledger: Ledger, charge: Charge, outcome: Outcome | None = None) -> None:
    await ledger.settle("default", charge.id, Sent("r"))
    if outcome is not None:
        await tell(ledger, charge, outcome)


async def seen(ledger: Ledger, intent: Intent) -> Intent:
    found = await ledger.intent("default", intent.id)
    assert found is not None
    return found


async def test_a_charge_takes_order_money_and_return_url_from_its_intent(
    ledger: Ledger, intent: Intent, attempt: Attempt
) -> None:
    charge = (await ledger.begin_charge(attempt(intent.id))).charge
    assert (charge.order_no, charge.amount, charge.currency) == ("A-1", "10.99", "USD")
    assert charge.return_url == "https://shop.example/thanks"
    assert charge.intent_id == intent.id


async def test_an_intents_key_makes_one_intent(ledger: Ledger, intended: Intended) -> None:
    new = intended(idempotency_key="k")
    made = await asyncio.gather(*(ledger.create_intent(new) for _ in range(20)))
    assert sum(one.created for one in made) == 1
    assert len({one.intent.id for one in made}) == 1
    with pytest.raises(IdempotencyMismatch):
        await ledger.create_intent(intended("A-2", idempotency_key="k", args_digest="other"))


async def test_an_order_number_belongs_to_one_intent_or_charge(
    ledger: Ledger, intended: Intended, order: Callable[..., NewCharge]
) -> None:
    await ledger.create_intent(intended("A-1"))
    await ledger.begin_charge(order("A-2"))
    for taken in ("A-1", "A-2"):
        with pytest.raises(OrderNoTaken):
            await ledger.create_intent(intended(taken))


async def test_parallel_attempts_from_two_processes_make_one_charge(
    ledger: Ledger, other: Ledger, intent: Intent, attempt: Attempt
) -> None:
    """The same call joins; another card has to wait until the first attempt has ended."""
    doors = (ledger, other) * 5
    same = await asyncio.gather(*(door.begin_charge(attempt(intent.id)) for door in doors))
    assert sorted(one.created for one in same) == [False] * 9 + [True]
    [first] = {one.charge.id: one.charge for one in same}.values()
    await send(ledger, first)
    rival = attempt(intent.id, payment_method_id="pm_2", args_digest="other")
    ended = await asyncio.gather(
        *(door.begin_charge(rival) for door in doors), return_exceptions=True
    )
    assert all(isinstance(end, ChargeInProgress) and end.existing.id == first.id for end in ended)


async def test_parallel_first_attempts_store_one_live_charge(
    ledger: Ledger, other: Ledger, intent: Intent, attempt: Attempt
) -> None:
    """Rivals with other cards may displace an unsent one, but only one is left to be sent."""
    cards = [attempt(intent.id, payment_method_id=f"pm_{n}", args_digest=f"{n}") for n in range(8)]
    ended = await asyncio.gather(
        *(door.begin_charge(card) for door in (ledger, other) for card in cards),
        return_exceptions=True,
    )
    assert all(isinstance(end, Begun | ChargeInProgress) for end in ended)
    attempts = (await seen(ledger, intent)).charges
    sent = 0
    for charge in attempts:
        try:
            await ledger.settle("default", charge.id, Sent("r"))
            sent += 1
        except NotSendable:
            assert charge.status is ChargeStatus.FAILED
    assert sent == 1


async def test_a_new_attempt_after_a_decline_has_a_new_order_number(
    ledger: Ledger, intent: Intent, attempt: Attempt
) -> None:
    numbers = []
    for _ in range(3):
        begun = await ledger.begin_charge(attempt(intent.id))
        assert begun.created
        numbers.append(begun.charge.order_no)
        await send(ledger, begun.charge, Outcome.DECLINED)
    assert numbers == ["A-1", "A-1-2", "A-1-3"]
    assert (await seen(ledger, intent)).attempts_left == 2


async def test_a_paid_intent_takes_no_more(
    ledger: Ledger, intent: Intent, attempt: Attempt, clock: Any
) -> None:
    charge = (await ledger.begin_charge(attempt(intent.id, idempotency_key="k"))).charge
    await send(ledger, charge, Outcome.SUCCEEDED)
    clock.advance(days=1)
    with pytest.raises(IntentPaid) as refused:
        await ledger.begin_charge(attempt(intent.id, idempotency_key="k2"))
    assert refused.value.charge is not None
    assert refused.value.charge.id == charge.id
    with pytest.raises(IntentPaid):
        await ledger.cancel_intent("default", intent.id)
    replayed = await ledger.begin_charge(attempt(intent.id, idempotency_key="k"))
    assert (replayed.created, replayed.charge.status) == (False, ChargeStatus.SUCCEEDED)
    paid = await seen(ledger, intent)
    assert paid.status is IntentStatus.PAID
    assert paid.paid_by == replayed.charge


async def test_a_late_success_closes_the_intent_though_its_charge_stays_failed(
    ledger: Ledger, intent: Intent, attempt: Attempt
) -> None:
    """The buyer's money is gone: a second attempt would take it twice."""
    charge = (await ledger.begin_charge(attempt(intent.id))).charge
    await send(ledger, charge)
    await ledger.settle("default", charge.id, Refused("P0001", "no"))
    assert (await seen(ledger, intent)).status is IntentStatus.OPEN
    await tell(ledger, charge, Outcome.SUCCEEDED)
    with pytest.raises(IntentPaid):
        await ledger.begin_charge(attempt(intent.id))


async def test_an_intent_ends_with_its_time_its_attempts_or_its_merchants_word(
    ledger: Ledger, intended: Intended, attempt: Attempt, clock: Any
) -> None:
    canceled = (await ledger.create_intent(intended("A-1"))).intent
    tried = (await ledger.create_intent(intended("A-2", max_attempts=1))).intent
    expired = (await ledger.create_intent(intended("A-3"))).intent
    for _ in range(2):
        assert (await ledger.cancel_intent("default", canceled.id)).status is IntentStatus.CANCELED
    with pytest.raises(IntentCanceled):
        await ledger.begin_charge(attempt(canceled.id))
    charge = (await ledger.begin_charge(attempt(tried.id))).charge
    await send(ledger, charge, Outcome.DECLINED)
    with pytest.raises(TooManyAttempts):
        await ledger.begin_charge(attempt(tried.id))
    clock.advance(minutes=30)
    with pytest.raises(IntentExpired):
        await ledger.begin_charge(attempt(expired.id))
    assert (await seen(ledger, expired)).status is IntentStatus.EXPIRED


async def test_an_intent_in_doubt_can_be_neither_canceled_nor_charged_again(
    ledger: Ledger, intent: Intent, attempt: Attempt, clock: Any
) -> None:
    charge = (await ledger.begin_charge(attempt(intent.id))).charge
    await send(ledger, charge)
    clock.advance(days=3)
    with pytest.raises(ChargeInProgress):
        await ledger.cancel_intent("default", intent.id)
    with pytest.raises(ChargeInProgress):
        await ledger.begin_charge(attempt(intent.id, idempotency_key="new"))
    assert (await seen(ledger, intent)).status is IntentStatus.IN_PROGRESS


async def test_a_charge_that_was_never_sent_does_not_block_its_intent_for_ever(
    ledger: Ledger, intent: Intent, attempt: Attempt, clock: Any
) -> None:
    """Its process died before sending; should it come back to life, it may not send any more."""
    dead = (await ledger.begin_charge(attempt(intent.id, idempotency_key="k1"))).charge
    with pytest.raises(ChargeInProgress):
        await ledger.begin_charge(attempt(intent.id, idempotency_key="k2"))
    clock.advance(seconds=30)
    begun = await ledger.begin_charge(attempt(intent.id, idempotency_key="k2"))
    assert (begun.created, begun.charge.order_no) == (True, "A-1-2")
    with pytest.raises(NotSendable) as refused:
        await ledger.settle("default", dead.id, Sent("r"))
    assert refused.value.charge.status is ChargeStatus.FAILED
    assert (await seen(ledger, intent)).attempts_left == 4


async def test_an_attempt_that_never_left_is_joined_and_costs_nothing(
    ledger: Ledger, intent: Intent, attempt: Attempt
) -> None:
    charge = (await ledger.begin_charge(attempt(intent.id))).charge
    await send(ledger, charge)
    await ledger.settle("default", charge.id, NotSent(1, "refused"))
    again = await ledger.begin_charge(attempt(intent.id))
    assert (again.created, again.charge.id) == (False, charge.id)
    await send(ledger, charge, Outcome.SUCCEEDED)
    assert (await seen(ledger, intent)).status is IntentStatus.PAID


async def test_canceling_gives_up_a_charge_that_was_not_sent(
    ledger: Ledger, intent: Intent, attempt: Attempt
) -> None:
    charge = (await ledger.begin_charge(attempt(intent.id))).charge
    canceled = await ledger.cancel_intent("default", intent.id)
    assert canceled.status is IntentStatus.CANCELED
    with pytest.raises(NotSendable):
        await ledger.settle("default", charge.id, Sent("r"))


async def test_anothers_intent_is_an_unknown_one(
    ledger: Ledger, intended: Intended, attempt: Attempt
) -> None:
    intent = (await ledger.create_intent(intended(customer_id="cus_1"))).intent
    strangers = (
        attempt(intent.id, customer_id="cus_2"),
        attempt(intent.id, account="another"),
        attempt("pi_none"),
    )
    for stranger in strangers:
        with pytest.raises(UnknownIntent):
            await ledger.begin_charge(stranger)
    assert await ledger.intent("another", intent.id) is None
    with pytest.raises(UnknownIntent):
        await ledger.cancel_intent("another", intent.id)
