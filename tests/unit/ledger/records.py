"""Records for the tests of pure rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger import Charge, ChargeStatus, ChargeUsage, Refund, RefundStatus

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def a_charge(status: ChargeStatus = ChargeStatus.PROCESSING, **changed: object) -> Charge:
    """A charge of 10.99 USD that was sent once, a minute ago."""
    charge = Charge(
        account="default",
        id="ch_1",
        order_no="A-1",
        status=status,
        trade_no=None,
        customer_id="cus_1",
        payment_method_id="pm_1",
        amount="10.99",
        currency="USD",
        minor_units=1099,
        usage=ChargeUsage.ON_SESSION,
        live=False,
        intent_id=None,
        attempt=1,
        key_scope="",
        idempotency_key=None,
        args_digest="d",
        send_no=1,
        sent_at=NOW - timedelta(minutes=1),
        heard=False,
        request_ids=["r1"],
        redirect_url=None,
        return_url=None,
        masked_card=None,
        upstream_code=None,
        upstream_message=None,
        webhook_count=0,
        empty_looks=0,
        late_success=False,
        looks=0,
        next_look_at=None,
        version=2,
        created_at=NOW - timedelta(minutes=2),
        updated_at=NOW - timedelta(minutes=1),
    )
    return replace(charge, **changed)  # type: ignore[arg-type]


def a_refund(status: RefundStatus = RefundStatus.UNKNOWN, **changed: object) -> Refund:
    """A refund of 3.00 USD that was sent once, and is waited for."""
    refund = Refund(
        account="default",
        id="rf_1",
        charge_id="ch_1",
        amount="3.00",
        currency="USD",
        minor_units=300,
        full=False,
        reason="broken",
        status=status,
        batch_no=None,
        key_scope="",
        idempotency_key="k",
        args_digest="d",
        send_no=1,
        sent_at=NOW - timedelta(seconds=1),
        in_flight=True,
        request_ids=["r1"],
        upstream_code=None,
        upstream_message=None,
        late_success=False,
        looks=0,
        next_look_at=None,
        version=2,
        created_at=NOW - timedelta(minutes=1),
        updated_at=NOW - timedelta(seconds=1),
    )
    return replace(refund, **changed)  # type: ignore[arg-type]
