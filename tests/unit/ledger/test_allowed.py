"""What a merchant is offered to do with a charge, and how much is left to give back."""

import pytest

from ledger import (
    ActionStatus,
    ChargeAction,
    ChargeStatus,
    Refund,
    RefundStatus,
    allowed_actions,
    refundable,
    refunded,
)
from tests.unit.ledger.records import a_charge, a_refund

CAPTURE, VOID, REFUND = ChargeAction.CAPTURE, ChargeAction.VOID, ChargeAction.REFUND
RECONCILE, SHIP = ChargeAction.RECONCILE, ChargeAction.UPLOAD_SHIPMENT


def whole(status: RefundStatus, **changed: object) -> Refund:
    """Of all 10.99 USD."""
    return a_refund(status, amount="10.99", minor_units=1099, full=True, **changed)


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (ChargeStatus.PROCESSING, {RECONCILE}),
        (ChargeStatus.UNKNOWN, {RECONCILE}),
        (ChargeStatus.REQUIRES_ACTION, {RECONCILE}),
        (ChargeStatus.AUTHORIZED, {CAPTURE, VOID, RECONCILE}),
        (ChargeStatus.SUCCEEDED, {REFUND, SHIP, RECONCILE}),
        (ChargeStatus.DECLINED, {RECONCILE}),
        (ChargeStatus.VOIDED, {RECONCILE}),
        (ChargeStatus.FAILED, {RECONCILE}),
    ],
)
def test_each_state_of_what_was_sent_allows(
    status: ChargeStatus, allowed: set[ChargeAction]
) -> None:
    assert allowed_actions(a_charge(status), []) == allowed


@pytest.mark.parametrize("status", [ChargeStatus.CREATED, ChargeStatus.FAILED])
def test_what_never_left_allows_nothing(status: ChargeStatus) -> None:
    assert allowed_actions(a_charge(status, sent_at=None), []) == set()


@pytest.mark.parametrize(
    ("under_way", "allowed"),
    [
        (ActionStatus.BEGUN, {CAPTURE, RECONCILE}),
        (ActionStatus.SENT, {RECONCILE}),
        (ActionStatus.UNKNOWN, {RECONCILE}),
    ],
)
def test_a_capture_under_way_leaves_no_choice(
    under_way: ActionStatus, allowed: set[ChargeAction]
) -> None:
    charge = a_charge(ChargeStatus.AUTHORIZED, action=CAPTURE, action_status=under_way)
    assert allowed_actions(charge, []) == allowed


@pytest.mark.parametrize("status", RefundStatus)
def test_what_may_yet_go_back_is_spent_until_it_has_surely_failed(status: RefundStatus) -> None:
    charge = a_charge(ChargeStatus.SUCCEEDED)
    failed = status is RefundStatus.FAILED
    assert refundable(charge, [a_refund(status)]) == (1099 if failed else 799)
    assert (REFUND in allowed_actions(charge, [whole(status)])) is failed


def test_money_that_went_back_late_is_spent_too() -> None:
    charge = a_charge(ChargeStatus.SUCCEEDED)
    late = whole(RefundStatus.FAILED, late_success=True)
    assert (refundable(charge, [late]), refunded([late])) == (0, 1099)


def test_only_what_surely_went_back_is_refunded() -> None:
    assert refunded([a_refund(status) for status in RefundStatus]) == 300


def test_there_is_never_less_than_nothing_left() -> None:
    charge = a_charge(ChargeStatus.SUCCEEDED)
    twice = [whole(RefundStatus.SUCCEEDED), whole(RefundStatus.FAILED, late_success=True)]
    assert refundable(charge, twice) == 0


@pytest.mark.parametrize(
    "status", [status for status in ChargeStatus if status is not ChargeStatus.SUCCEEDED]
)
def test_nothing_can_be_given_back_that_was_not_taken(status: ChargeStatus) -> None:
    assert refundable(a_charge(status), []) == 0
