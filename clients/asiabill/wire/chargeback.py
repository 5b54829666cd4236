"""Charges that a cardholder's bank disputes."""

from datetime import datetime

from msgspec import Struct, field

from clients.asiabill import moment
from clients.asiabill.wire.page import BookQuery


class ChargebackQuery(BookQuery, frozen=True):
    """Source: contract 6.5."""


class Chargeback(Struct, frozen=True):
    """One dispute; values Asiabill left out are "". Source: contract 6.5, names of 7.

    `amount` and `currency` are what is disputed, `order_amount` is the whole order's. Dates are
    Asiabill's text, in two forms.
    """

    batch_no: str = field(name="batchNo", default="")
    trade_no: str = field(name="tradeNo", default="")
    order_no: str = field(name="orderNo", default="")
    amount: str = ""
    currency: str = ""
    order_amount: str = field(name="orderAmount", default="")
    order_currency: str = field(name="orderCurrency", default="")
    reason: str = ""
    notice_date: str = field(name="noticeDate", default="")
    reply_deadline: str = field(name="replyDeadline", default="")
    cpd_date: str = field(name="cpdDate", default="")

    @property
    def noticed_at(self) -> datetime | None:
        """`notice_date` as a moment, where it can be read as one."""
        return moment.read(self.notice_date)

    @property
    def reply_by(self) -> datetime | None:
        """`reply_deadline` as a moment, where it can be read as one."""
        return moment.read(self.reply_deadline)
