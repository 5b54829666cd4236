"""Giving money back."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from clients.asiabill import moment


class RefundType(StrEnum):
    """FULL only for the amount of the whole order, with nothing of it refunded before.

    Source: contract 6.1, 12.
    """

    FULL = "1"
    PARTIAL = "2"


class RefundRequest(Struct, frozen=True, omit_defaults=True):
    """`refund_id` is ours, and never used twice. Source: contract 6.1."""

    refund_id: str = field(name="merTrackNo")
    trade_no: str = field(name="tradeNo")
    amount: str = field(name="refundAmount")
    refund_type: RefundType = field(name="refundType")
    reason: str = field(name="refundReason")
    remark: str = ""


class RefundAnswer(Struct, frozen=True):
    """Asiabill took the request; the end of it comes later, by a webhook or by `refund_record`.

    The words of `status`, lower-cased, are not documented. Source: contract 6.1.
    """

    # Without its number the refund could never be asked for.
    batch_no: str = field(name="batchNo")
    status: str = field(name="refundStatus", default="")
    request_id: str = ""


class RefundRecord(Struct, frozen=True):
    """A refund as Asiabill has it; values it left out are "". Source: contract 6.2, names of 7.

    No field of this answer is documented. `status` is refundStatus, lower-cased, of no documented
    words; `amount` and `currency` are the refund's own, `order_amount` the whole order's.
    """

    batch_no: str = field(name="batchNo", default="")
    refund_id: str = field(name="merTrackNo", default="")
    status: str = field(name="refundStatus", default="")
    amount: str = ""
    currency: str = ""
    order_no: str = field(name="orderNo", default="")
    trade_no: str = field(name="tradeNo", default="")
    order_amount: str = field(name="orderAmount", default="")
    order_currency: str = field(name="orderCurrency", default="")
    reason: str = ""
    notice_date: str = field(name="noticeDate", default="")

    @property
    def noticed_at(self) -> datetime | None:
        """`notice_date` as a moment, where it can be read as one."""
        return moment.read(self.notice_date)
