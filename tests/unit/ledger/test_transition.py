"""The rule book of a charge: every pair of state and message, and what must hold for all of them."""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import (
    ActionBegun,
    ActionLost,
    ActionNotSent,
    ActionRefused,
    ActionSent,
    ActionStatus,
    Alarm,
    ChargeAction,
    ChargeStatus,
    EventSource,
    Lapsed,
    Message,
    NoAnswer,
    NotFound,
    NotSent,
    Outcome,
    Refused,
    Reported,
    Returned,
    Sent,
    transition,
)
from tests.unit.ledger.records import NOW, a_charge

REPORTING = (EventSource.RESPONSE, EventSource.WEBHOOK, EventSource.LOOKUP)
BANK = "https://bank.example/3ds"


def said(outcome: Outcome, source: EventSource = EventSource.LOOKUP, **changed: str) -> Reported:
    """What Asiabill reports of that charge."""
    fields = {"order_no": "A-1", "amount": "10.99", "currency": "USD", "trade_no": "T1"}
    if outcome is Outcome.REQUIRES_ACTION:
        fields["redirect_url"] = BANK
    return Reported(source, outcome, **(fields | changed))


MESSAGES: list[Message] = [
    Sent("r2"),
    NotSent(1, "refused"),
    NotSent(2, "refused"),
    NoAnswer("time-out"),
    Refused("P0001", "param error"),
    NotFound(),
    NotFound(looks=99),
    Lapsed("too old"),
    Returned(),
    ActionBegun(ChargeAction.CAPTURE),
    ActionSent(ChargeAction.CAPTURE, "r2"),
    ActionNotSent(1, "refused"),
    ActionLost(1, "time-out"),
    ActionRefused(1, "P0001", "no"),
    *(said(outcome, source) for outcome, source in product(Outcome, REPORTING)),
    *(said(outcome, amount="0.01") for outcome in Outcome),
    *(said(outcome, trade_no="T2") for outcome in Outcome),
    said(Outcome.REQUIRES_ACTION, redirect_url=""),
]
CHARGES = [
    a_charge(
        status,
        heard=heard,
        sent_at=sent_at,
        trade_no=trade_no,
        action=None if action is None else ChargeAction.CAPTURE,
        action_status=action,
        action_send_no=1,
        action_at=NOW,
    )
    for status, heard, sent_at, trade_no, action in product(
        ChargeStatus,
        (False, True),
        (None, NOW - timedelta(minutes=1), NOW - timedelta(days=2)),
        (None, "T1"),
        (None, *ActionStatus),
    )
]

# What a report by a look-up does. A dot stays; "?" is UNKNOWN.
GRID = """
                 CREATED  PROCESSING       UNKNOWN          REQUIRES_ACTION  AUTHORIZED
SUCCEEDED        ?        SUCCEEDED        SUCCEEDED        SUCCEEDED        SUCCEEDED
CAPTURED         ?        SUCCEEDED        SUCCEEDED        SUCCEEDED        SUCCEEDED
CLEARED          ?        SUCCEEDED        SUCCEEDED        SUCCEEDED        SUCCEEDED
AUTHORIZED       ?        AUTHORIZED       AUTHORIZED       AUTHORIZED       .
DECLINED         ?        DECLINED         DECLINED         DECLINED         VOIDED
VOIDED           ?        VOIDED           VOIDED           VOIDED           VOIDED
PENDING          ?        .                .                .                .
REQUIRES_ACTION  ?        REQUIRES_ACTION  REQUIRES_ACTION  .                .
"""


def cells() -> list[tuple[ChargeStatus, Outcome, ChargeStatus]]:
    """(status before, what is reported, status after)."""
    head, *rows = [line.split() for line in GRID.strip().splitlines()]
    before = [ChargeStatus(word) for word in head]
    found = []
    for outcome, *words in rows:
        for status, word in zip(before, words, strict=True):
            after = {"?": ChargeStatus.UNKNOWN, ".": status}.get(word) or ChargeStatus(word)
            found.append((status, Outcome(outcome), after))
    return found


@pytest.mark.parametrize(("status", "outcome", "after"), cells())
def test_a_report_moves_a_charge_as_the_grid_says(
    status: ChargeStatus, outcome: Outcome, after: ChargeStatus
) -> None:
    step = transition(a_charge(status), said(outcome), NOW)
    assert step.status is after
    assert step.applied is (after is not status)


def test_the_grid_has_every_pair() -> None:
    """Final states are left out: nothing moves them, as the next test says."""
    assert len(cells()) == len(Outcome) * len([s for s in ChargeStatus if not s.final])


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_what_holds_for_every_state_and_message(message: Message) -> None:
    """The law: each line here is something that no message may break."""
    for charge in CHARGES:
        step = transition(charge, message, NOW)
        before, after = charge.status, step.status
        assert step.applied is (after is not before)
        assert step.note
        if before.final:
            assert after is before
        if before is ChargeStatus.CREATED and step.applied:
            assert after in (ChargeStatus.PROCESSING, ChargeStatus.FAILED, ChargeStatus.UNKNOWN)
            assert (after is ChargeStatus.PROCESSING) is isinstance(message, Sent)
            assert (after is ChargeStatus.FAILED) is isinstance(message, Lapsed)
        if before is not ChargeStatus.CREATED and after is ChargeStatus.CREATED:
            assert isinstance(message, NotSent)
            assert message.send_no == charge.send_no
            assert not charge.heard
        if after in (ChargeStatus.SUCCEEDED, ChargeStatus.AUTHORIZED) and step.applied:
            assert isinstance(message, Reported)
            assert message.outcome.takes_money
            assert (message.order_no, message.amount, message.currency) == ("A-1", "10.99", "USD")
        if after is ChargeStatus.UNKNOWN and step.applied:
            assert not isinstance(message, NotFound | Returned | Lapsed | NotSent | Sent)
        if after is ChargeStatus.FAILED and step.applied:
            assert isinstance(message, Refused | NotFound | Lapsed)
        if isinstance(message, Returned):
            assert not step.applied
        if isinstance(message, ActionBegun | ActionSent | ActionLost | ActionRefused):
            assert not step.applied


@given(st.lists(st.tuples(st.sampled_from(MESSAGES), st.integers(0, 90_000)), max_size=30))
def test_no_sequence_sends_twice_or_leaves_a_final_state(
    told: list[tuple[Message, int]],
) -> None:
    """Between two sends there is always the proof that the first one never left."""
    charge = replace(a_charge(ChargeStatus.CREATED), send_no=0, sent_at=None)
    now = NOW
    ended: ChargeStatus | None = None
    may_send = True
    for message, seconds in told:
        now += timedelta(seconds=seconds)
        step = transition(charge, message, now)
        if isinstance(message, Sent) and step.applied:
            assert may_send
            may_send = False
            charge = replace(charge, send_no=charge.send_no + 1, sent_at=now, heard=False)
        if isinstance(message, NotSent) and step.applied:
            may_send = True
        if isinstance(message, Reported):
            charge = replace(charge, heard=True)
        if isinstance(message, NotFound) and charge.status.unsettled:
            charge = replace(charge, empty_looks=charge.empty_looks + message.looks)
        charge = replace(charge, status=step.status)
        if ended is not None:
            assert charge.status is ended
        if charge.final:
            ended = charge.status


@pytest.mark.parametrize("status", [ChargeStatus.DECLINED, ChargeStatus.FAILED])
@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome.takes_money])
def test_money_after_an_end_without_money_raises_the_alarm(
    status: ChargeStatus, outcome: Outcome
) -> None:
    for source in REPORTING:
        step = transition(a_charge(status), said(outcome, source), NOW)
        assert (step.status, step.applied, step.alarm) == (status, False, Alarm.LATE_SUCCESS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "10.98"},
        {"amount": "1099"},
        {"amount": "NaN"},
        {"amount": "sNaN"},
        {"amount": "Infinity"},
        {"amount": "ten"},
        {"amount": ""},
        {"currency": "EUR"},
        {"currency": ""},
        {"order_no": "A-11"},
        {"order_no": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", ChargeStatus)
def test_a_report_of_another_payment_settles_nothing(
    status: ChargeStatus, wrong: dict[str, str]
) -> None:
    for outcome in Outcome:
        report = said(outcome, EventSource.LOOKUP, **wrong)
        step = transition(a_charge(status), report, NOW)
        assert (step.status, step.applied, step.alarm) == (status, False, Alarm.MISMATCH)


@pytest.mark.parametrize("same", ["10.99", "10.990", "010.99", "1099E-2"])
def test_amounts_are_compared_by_value(same: str) -> None:
    step = transition(a_charge(), said(Outcome.SUCCEEDED, amount=same), NOW)
    assert step.status is ChargeStatus.SUCCEEDED


def test_an_answer_without_amount_may_capture_but_not_charge() -> None:
    """The answer to a capture names no amount; the hold was compared when it was made."""
    bare = Reported(EventSource.RESPONSE, Outcome.CAPTURED, "A-1")
    held = transition(a_charge(ChargeStatus.AUTHORIZED), bare, NOW)
    assert held.status is ChargeStatus.SUCCEEDED
    for status in (ChargeStatus.PROCESSING, ChargeStatus.UNKNOWN):
        assert transition(a_charge(status), bare, NOW).alarm is Alarm.MISMATCH


def test_an_order_reported_before_we_sent_it_is_never_sent() -> None:
    step = transition(a_charge(ChargeStatus.CREATED), said(Outcome.PENDING), NOW)
    assert (step.status, step.alarm) == (ChargeStatus.UNKNOWN, Alarm.UNSENT)


def test_another_trade_number_is_never_passed_over() -> None:
    """Money under a second number counts, since it is taken; all else under it is somebody else's."""
    charge = a_charge(ChargeStatus.UNKNOWN, trade_no="T1")
    taken = transition(charge, said(Outcome.SUCCEEDED, trade_no="T2"), NOW)
    assert (taken.status, taken.alarm) == (ChargeStatus.SUCCEEDED, Alarm.OTHER_TRADE)
    declined = transition(charge, said(Outcome.DECLINED, trade_no="T2"), NOW)
    assert (declined.status, declined.alarm) == (ChargeStatus.UNKNOWN, Alarm.OTHER_TRADE)
    paid = a_charge(ChargeStatus.SUCCEEDED, trade_no="T1")
    twice = transition(paid, said(Outcome.SUCCEEDED, trade_no="T2"), NOW)
    assert twice.alarm is Alarm.OTHER_TRADE


def test_a_refusal_is_not_believed_once_the_order_is_known() -> None:
    step = transition(a_charge(heard=True), Refused("P0001", "no"), NOW)
    assert (step.status, step.alarm) == (ChargeStatus.UNKNOWN, Alarm.CONTRADICTION)


def test_a_webhook_alone_does_not_turn_a_hold_into_a_sale() -> None:
    """The same event announces both; the look-up's word tells them apart."""
    held = a_charge(ChargeStatus.AUTHORIZED)
    for source, after in (
        (EventSource.WEBHOOK, ChargeStatus.AUTHORIZED),
        (EventSource.LOOKUP, ChargeStatus.SUCCEEDED),
    ):
        assert transition(held, said(Outcome.SUCCEEDED, source), NOW).status is after


def test_an_unknown_order_is_given_up_only_after_the_grace_and_two_further_looks() -> None:
    day = timedelta(hours=24)
    charge = a_charge(ChargeStatus.UNKNOWN, sent_at=NOW, empty_looks=99)
    early = transition(charge, NotFound(), NOW + day - timedelta(seconds=1))
    assert early.status is ChargeStatus.UNKNOWN
    statuses = [
        transition(replace(charge, empty_looks=looks), NotFound(), NOW + day).status
        for looks in range(3)
    ]
    assert statuses == [ChargeStatus.UNKNOWN, ChargeStatus.UNKNOWN, ChargeStatus.FAILED]


@pytest.mark.parametrize(
    "source", [EventSource.RETURN_PAGE, EventSource.REQUEST, EventSource.OPERATOR]
)
def test_only_asiabill_itself_can_report(source: EventSource) -> None:
    """The return page's signature binds too little: its parameters cannot even be said."""
    with pytest.raises(ValueError, match="cannot report"):
        said(Outcome.SUCCEEDED, source)


def test_the_page_draws_every_move_and_no_other() -> None:
    """The diagram of docs/charges.md, from the rule book."""
    page = (Path(__file__).parents[3] / "docs" / "charges.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^    (\S+) --> (\w+|\[\*\])", page, re.MULTILINE)
    moves = {
        (charge.status.value, step.status.value)
        for charge, message in product(CHARGES, MESSAGES)
        if (step := transition(charge, message, NOW)).applied
    }
    ends = {(status.value, "[*]") for status in ChargeStatus if status.final}
    assert set(drawn) == {("[*]", "CREATED")} | moves | ends
    assert len(drawn) == len(set(drawn))
