"""From Asiabill's words on a refund to the ledger's messages. Source: contract 6.1, 6.2, 7, 12."""

from collections.abc import Sequence
from typing import Final

from clients.asiabill import RefundAnswer, RefundRecord
from ledger import (
    EventSource,
    Notification,
    Refund,
    RefundOutcome,
    RefundReported,
    RefundStatus,
    refund_matches,
)

SUCCESS: Final = "refund.success"
_NOTIFIED = {
    SUCCESS: RefundOutcome.SUCCEEDED,
    "refund.fail": RefundOutcome.FAILED,
}
# The words of refundStatus are not documented. These two are Asiabill's own for the end of
# everything else; whatever it may say besides is no end.
_RECORDED = {
    "success": RefundOutcome.SUCCEEDED,
    "fail": RefundOutcome.FAILED,
}


def is_refund(notification: Notification) -> bool:
    """Whether it is about money that goes back."""
    return notification.type in _NOTIFIED


def of_answer(answer: RefundAnswer) -> RefundReported:
    """Asiabill took the refund on. Its end comes later, whatever refundStatus says by now."""
    return RefundReported(
        source=EventSource.RESPONSE, outcome=RefundOutcome.PENDING, batch_no=answer.batch_no
    )


def of_record(record: RefundRecord, asked: str) -> RefundReported:
    """What the look-up by the number `asked` says."""
    return RefundReported(
        source=EventSource.LOOKUP,
        outcome=_RECORDED.get(record.status, RefundOutcome.PENDING),
        batch_no=record.batch_no or asked,
        refund_id=record.refund_id or None,
        amount=record.amount or None,
        currency=record.currency or record.order_currency or None,
        message=record.status,
    )


def of_notification(notification: Notification, *, certain: bool = True) -> RefundReported:
    """What a notification says. Where it is not `certain` whose it is, that a refund failed is not
    believed: it would free the money for another. The number is, and a look-up follows."""
    fields = notification.fields
    outcome = _NOTIFIED[notification.type]
    if not certain and outcome is RefundOutcome.FAILED:
        outcome = RefundOutcome.PENDING
    return RefundReported(
        source=EventSource.WEBHOOK,
        outcome=outcome,
        batch_no=notification.batch_no or None,
        refund_id=fields.get("merTrackNo") or None,
        amount=fields.get("amount", ""),
        currency=fields.get("currency") or fields.get("orderCurrency", ""),
        message=notification.type,
    )


def named(notification: Notification, refunds: Sequence[Refund]) -> Refund | None:
    """Which of a charge's refunds it names: by Asiabill's number first, then by ours."""
    by_batch = (one for one in refunds if one.batch_no and one.batch_no == notification.batch_no)
    track_no = notification.fields.get("merTrackNo")
    by_id = (one for one in refunds if one.id == track_no)
    return next(by_batch, None) or next(by_id, None)


def nameless(notification: Notification, refunds: Sequence[Refund]) -> list[Refund]:
    """Those of a charge's refunds that it may be about although it names none: sent, without a
    number by now, and of the same amount."""
    if notification.fields.get("merTrackNo"):
        return []
    told = of_notification(notification)
    return [
        refund
        for refund in refunds
        if refund.status is RefundStatus.UNKNOWN
        and refund.batch_no is None
        and refund_matches(refund, told)
    ]
