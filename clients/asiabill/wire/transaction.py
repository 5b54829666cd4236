"""Asiabill's book."""

from datetime import datetime

from msgspec import Struct, field

from clients.asiabill import moment
from clients.asiabill.wire.page import BookQuery
from clients.asiabill.wire.shipment import Shipment


class TransactionQuery(BookQuery, frozen=True):
    """`uploaded` keeps the rows that have a shipment, or those that have none.

    It is applied to the page that came, since the values of uploadLogisticsFlag are not documented:
    such a page may be shorter than its size, or empty, with more to come. Source: contract 6.3.
    """

    uploaded: bool | None = None


class Goods(Struct, frozen=True):
    """One row of an order in the book; `quantity` and `unit_price` are text."""

    name: str = field(name="goodsName", default="")
    quantity: str = field(name="goodsNum", default="")
    unit_price: str = field(name="goodsPrice", default="")


class Transaction(Struct, frozen=True):
    """One row of the book; values Asiabill left out are "". Source: contract 6.3.

    `trade_date` is local time in China without a zone, of no documented form. `status` and
    `auth_status` are lower-cased. The two `..._uploaded` are None where Asiabill said neither yes
    nor no.
    """

    order_no: str = field(name="orderNo", default="")
    trade_no: str = field(name="tradeNo", default="")
    trade_date: str = field(name="tradeDate", default="")
    amount: str = field(name="tradeAmount", default="")
    currency: str = field(name="tradeCurrency", default="")
    auth_status: str = field(name="authStatus", default="")
    status: str = field(name="tradeStatus", default="")
    info: str = field(name="tradeInfo", default="")
    website: str = field(name="sourceWebSite", default="")
    goods: tuple[Goods, ...] = ()
    goods_uploaded: bool | None = field(name="isUploadGoods", default=None)
    receipt_uploaded: bool | None = field(name="isUploadReceipt", default=None)
    shipment: Shipment | None = field(name="logistics", default=None)

    @property
    def traded_at(self) -> datetime | None:
        """`trade_date` as a moment, where it can be read as one."""
        return moment.read(self.trade_date)

    @property
    def shipment_uploaded(self) -> bool:
        """A shipment came with the row, or isUploadReceipt says there is one."""
        return self.shipment is not None or self.receipt_uploaded is True
