"""Lists that Asiabill gives page by page, and how they are asked for."""

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from clients.asiabill import moment

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """`total` is None where Asiabill did not say; `more` whether a page comes after this one."""

    items: list[T]
    total: int | None
    page_index: int
    page_size: int
    more: bool


class BookQuery(Struct, frozen=True):
    """A page, from 1, of what happened between two moments; "" asks for no order and no trade.

    `start` and `end` have a zone, else ValueError; Asiabill gets them in China's time. Source:
    contract 6.3, 6.5.
    """

    start: datetime
    end: datetime
    page_index: int = 1
    page_size: int = 100
    order_no: str = ""
    trade_no: str = ""

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a time without a zone cannot be told in China's time")

    def parameters(self) -> dict[str, str]:
        """What goes into the URL; what is not asked for is left out."""
        asked = {
            "startTime": moment.written(self.start),
            "endTime": moment.written(self.end),
            "pageIndex": str(self.page_index),
            "pageSize": str(self.page_size),
            "orderNo": self.order_no,
            "tradeNo": self.trade_no,
        }
        return {name: value for name, value in asked.items() if value}
