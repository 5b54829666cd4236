"""The rule book of a refund: every pair of state and message, and what must hold for all of them."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import (
    Alarm,
    EventSource,
    Lapsed,
    NoAnswer,
    NotMade,
    NotSent,
    RefundMessage,
    RefundOutcome,
    RefundReported,
    RefundStatus,
    Refused,
    Sent,
    refund_transition,
)
from tests.unit.ledger.records import a_refund

REPORTING = (EventSource.RESPONSE, EventSource.WEBHOOK, EventSource.LOOKUP)


def said(
    outcome: RefundOutcome, source: EventSource = EventSource.WEBHOOK, **changed: Any
) -> RefundReported:
    """What Asiabill reports of that refund."""
    fields: dict[str, Any] = {
        "batch_no": "442011",
        "refund_id": "rf_1",
        "amount": "3.00",
        "currency": "USD",
    }
    return RefundReported(source, outcome, **(fields | changed))


MESSAGES: list[RefundMessage] = [
    Sent("r2"),
    NotSent(1, "refused"),
    NotSent(2, "refused"),
    NoAnswer("time-out"),
    NoAnswer("S0001", "S0001"),
    Refused("P0001", "param error"),
    Lapsed("too old"),
    NotMade(),
    *(said(outcome, source) for outcome, source in product(RefundOutcome, REPORTING)),
    *(said(outcome, amount="0.01") for outcome in RefundOutcome),
    *(said(outcome, refund_id="rf_2") for outcome in RefundOutcome),
    *(said(outcome, batch_no="7") for outcome in RefundOutcome),
    *(RefundReported(EventSource.LOOKUP, outcome) for outcome in RefundOutcome),
]
REFUNDS = [
    a_refund(status, in_flight=in_flight, batch_no=batch_no)
    for status, in_flight, batch_no in product(RefundStatus, (False, True), (None, "442011"))
]

# What a report does. A dot stays; "!" marks an alarm.
GRID = """
           CREATED   UNKNOWN    PENDING    SUCCEEDED  FAILED
PENDING    UNKNOWN!  PENDING    .          .          .
SUCCEEDED  UNKNOWN!  SUCCEEDED  SUCCEEDED  .          .!
FAILED     UNKNOWN!  FAILED     FAILED     .!         .
"""


def cells() -> list[tuple[RefundStatus, RefundOutcome, RefundStatus, bool]]:
    """(status before, what is reported, status after, whether a person must hear of it)."""
    head, *rows = [line.split() for line in GRID.strip().splitlines()]
    found = []
    for outcome, *words in rows:
        for before, word in zip(map(RefundStatus, head), words, strict=True):
            name = word.rstrip("!")
            after = before if name == "." else RefundStatus(name)
            found.append((before, RefundOutcome(outcome), after, word.endswith("!")))
    return found


@pytest.mark.parametrize(("before", "outcome", "after", "alarm"), cells())
@pytest.mark.parametrize("source", REPORTING)
def test_a_report_moves_a_refund_as_the_grid_says(
    before: RefundStatus,
    outcome: RefundOutcome,
    after: RefundStatus,
    alarm: bool,
    source: EventSource,
) -> None:
    step = refund_transition(a_refund(before), said(outcome, source))
    assert (step.status, step.applied) == (after, after is not before)
    assert (step.alarm is not None) is alarm


def test_the_grid_has_every_pair() -> None:
    assert len(cells()) == len(RefundOutcome) * len(RefundStatus)


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_what_holds_for_every_state_and_message(message: RefundMessage) -> None:
    """The law: each line here is something that no message may break."""
    for refund in REFUNDS:
        step = refund_transition(refund, message)
        before, after = refund.status, step.status
        assert step.applied is (after is not before)
        assert step.note
        if before.final:
            assert after is before
        if before is RefundStatus.CREATED and step.applied:
            assert isinstance(message, Sent | Lapsed | RefundReported)
            assert (after is RefundStatus.FAILED) is isinstance(message, Lapsed)
        if before is not RefundStatus.CREATED and after is RefundStatus.CREATED:
            assert isinstance(message, NotSent)
            assert message.send_no == refund.send_no
            assert refund.in_flight
        if after is RefundStatus.SUCCEEDED and step.applied:
            assert isinstance(message, RefundReported)
            assert message.outcome is RefundOutcome.SUCCEEDED
            assert message.refund_id in (None, "rf_1")
            assert message.amount in (None, "3.00")
        if after is RefundStatus.FAILED and step.applied:
            assert isinstance(message, Refused | Lapsed | NotMade | RefundReported)
            if isinstance(message, Refused):
                assert refund.in_flight
        if isinstance(message, NoAnswer):
            assert not step.applied
        if step.applied and isinstance(message, NotMade):
            assert (before, refund.batch_no) == (RefundStatus.UNKNOWN, None)


@given(st.lists(st.sampled_from(MESSAGES), max_size=30))
def test_no_sequence_sends_twice_or_leaves_a_final_state(told: list[RefundMessage]) -> None:
    """Between two sends there is always the proof that the first one never left."""
    refund = a_refund(RefundStatus.CREATED, send_no=0, in_flight=False)
    ended: RefundStatus | None = None
    may_send = True
    for message in told:
        step = refund_transition(refund, message)
        if step.applied and isinstance(message, Sent):
            assert may_send
            may_send = False
            refund = replace(refund, send_no=refund.send_no + 1, in_flight=True)
        elif isinstance(message, NoAnswer | RefundReported) or step.applied:
            refund = replace(refund, in_flight=False)
        may_send |= step.applied and isinstance(message, NotSent)
        refund = replace(refund, status=step.status)
        assert ended in (None, refund.status)
        ended = refund.status if refund.final else None


def test_what_was_sent_is_unknown_from_that_moment() -> None:
    """A process that dies while it waits leaves the truth behind."""
    step = refund_transition(a_refund(RefundStatus.CREATED), Sent("r"))
    assert (step.status, step.applied) == (RefundStatus.UNKNOWN, True)


def test_a_send_whose_answer_was_lost_is_never_taken_back() -> None:
    lost = a_refund(in_flight=False)
    assert not refund_transition(lost, NotSent(1, "refused")).applied


def test_a_refusal_is_believed_only_as_the_answer_that_is_waited_for() -> None:
    assert refund_transition(a_refund(), Refused("P0001", "no")).status is RefundStatus.FAILED
    for known in (
        a_refund(in_flight=False),
        a_refund(RefundStatus.PENDING),
        a_refund(RefundStatus.SUCCEEDED),
    ):
        step = refund_transition(known, Refused("P0001", "no"))
        assert (step.applied, step.alarm) == (False, Alarm.CONTRADICTION)


def test_money_that_goes_back_after_a_failure_raises_the_alarm() -> None:
    step = refund_transition(a_refund(RefundStatus.FAILED), said(RefundOutcome.SUCCEEDED))
    assert (step.status, step.alarm) == (RefundStatus.FAILED, Alarm.LATE_SUCCESS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "3.01"},
        {"amount": "300"},
        {"amount": "NaN"},
        {"amount": ""},
        {"currency": "EUR"},
        {"currency": ""},
        {"refund_id": "rf_11"},
        {"refund_id": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", RefundStatus)
def test_a_report_of_another_refund_settles_nothing(
    status: RefundStatus, wrong: dict[str, Any]
) -> None:
    for outcome in RefundOutcome:
        step = refund_transition(a_refund(status), said(outcome, **wrong))
        assert (step.status, step.applied, step.alarm) == (status, False, Alarm.MISMATCH)


@pytest.mark.parametrize("missing", ["batch_no", "refund_id", "amount", "currency"])
def test_what_a_report_leaves_out_is_not_held_against_it(missing: str) -> None:
    """The documents' own example of refund.success lacks our number."""
    left_out: dict[str, Any] = {missing: None}
    step = refund_transition(a_refund(), said(RefundOutcome.SUCCEEDED, **left_out))
    assert step.status is RefundStatus.SUCCEEDED


def test_amounts_are_compared_by_value() -> None:
    step = refund_transition(a_refund(), said(RefundOutcome.SUCCEEDED, amount="3"))
    assert step.status is RefundStatus.SUCCEEDED


def test_another_batch_number_is_never_passed_over() -> None:
    """Money under a second number counts, since it went back; all else under it is another's."""
    refund = a_refund(RefundStatus.PENDING, batch_no="7")
    gone = refund_transition(refund, said(RefundOutcome.SUCCEEDED))
    assert (gone.status, gone.alarm) == (RefundStatus.SUCCEEDED, Alarm.OTHER_TRADE)
    failed = refund_transition(refund, said(RefundOutcome.FAILED))
    assert (failed.status, failed.alarm) == (RefundStatus.PENDING, Alarm.OTHER_TRADE)
    done = a_refund(RefundStatus.SUCCEEDED, batch_no="7")
    twice = refund_transition(done, said(RefundOutcome.SUCCEEDED))
    assert twice.alarm is Alarm.OTHER_TRADE


@pytest.mark.parametrize(
    "source", [EventSource.RETURN_PAGE, EventSource.REQUEST, EventSource.OPERATOR]
)
def test_only_asiabill_itself_can_report(source: EventSource) -> None:
    with pytest.raises(ValueError, match="cannot report"):
        said(RefundOutcome.SUCCEEDED, source)
