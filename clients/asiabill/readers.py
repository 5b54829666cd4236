"""What the answers of single endpoints say, where a Struct alone does not tell.

Each raises msgspec.ValidationError for data that cannot be read. Members that are only shown, such
as goods, never make a row of the book unreadable: the book is what settles charges.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from clients.asiabill import answer as answers
from clients.asiabill.answer import Answer
from clients.asiabill.wire.authorization import AuthorizeAnswer
from clients.asiabill.wire.charge import ChargeAnswer
from clients.asiabill.wire.chargeback import Chargeback, ChargebackQuery
from clients.asiabill.wire.checkout import CheckoutAnswer
from clients.asiabill.wire.page import Page
from clients.asiabill.wire.payment_method import PaymentMethod
from clients.asiabill.wire.refund import RefundAnswer, RefundRecord
from clients.asiabill.wire.shipment import Shipment
from clients.asiabill.wire.transaction import Goods, Transaction, TransactionQuery

S = TypeVar("S", bound=Struct)

# What /transactions calls trade* is order* everywhere else, perhaps in /orderInfo too.
_TRADE_SPELLINGS = {
    "orderAmount": "tradeAmount",
    "orderCurrency": "tradeCurrency",
    "orderInfo": "tradeInfo",
    "orderStatus": "tradeStatus",
}
# As in the order that was sent.
_GOODS_SPELLINGS = {
    "goodsTitle": "goodsName",
    "goodsCount": "goodsNum",
}
_SHIPMENT_SPELLINGS = {"lcCode": "tbLcCode"}
# The request's names, where the webhook's are not used.
_REFUND_SPELLINGS = {
    "refundAmount": "amount",
    "refundCurrency": "currency",
    "refundReason": "reason",
}
_YES_OR_NO = {"yes": True, "no": False}


def charge(answer: Answer) -> ChargeAnswer:
    told = answers.record(answer, ChargeAnswer)
    return replace(told, order_status=told.order_status.lower(), request_id=answer.request_id)


def authorization(answer: Answer) -> AuthorizeAnswer:
    told = answers.record(answer, AuthorizeAnswer)
    return replace(told, status=told.status.lower(), request_id=answer.request_id)


def checkout(answer: Answer) -> CheckoutAnswer:
    told = answers.record(answer, CheckoutAnswer)
    return replace(told, status=told.status.lower(), request_id=answer.request_id)


def refund(answer: Answer) -> RefundAnswer:
    told = answers.record(answer, RefundAnswer)
    return replace(told, status=told.status.lower(), request_id=answer.request_id)


def refund_record(answer: Answer) -> RefundRecord | None:
    data = answers.first(answer)
    if data is None:
        return None
    found = _row(data, RefundRecord, _REFUND_SPELLINGS)
    return replace(found, status=found.status.lower())


def payment_method_if_shown(answer: Answer) -> PaymentMethod | None:
    try:
        return answers.optional(answer, PaymentMethod)
    except msgspec.ValidationError:
        return None


def transactions(answer: Answer, query: TransactionQuery) -> Page[Transaction]:
    """`total` is None where rows were left out, since Asiabill counted them."""
    found: Page[Any] = answers.page(answer, dict, query.page_index, query.page_size)
    rows = [_transaction(row) for row in found.items]
    if query.uploaded is None:
        return replace(found, items=rows)
    kept = [row for row in rows if row.shipment_uploaded is query.uploaded]
    return replace(found, items=kept, total=None)


def order(answer: Answer) -> Transaction | None:
    """What /orderInfo says, in no documented shape: a row of /transactions, perhaps in a list."""
    data = answers.first(answer)
    return None if data is None else _transaction(data)


def chargebacks(answer: Answer, query: ChargebackQuery) -> Page[Chargeback]:
    found: Page[Any] = answers.page(answer, dict, query.page_index, query.page_size)
    return replace(found, items=[_chargeback(row) for row in found.items])


def shipment(answer: Answer) -> Shipment | None:
    data = answers.first(answer)
    return None if data is None else _row(data, Shipment, _SHIPMENT_SPELLINGS)


def _transaction(data: dict[str, Any]) -> Transaction:
    shown = {
        "goods": _goods(data.get("goods")),
        "logistics": _shipment_shown(data.get("logistics")),
        "isUploadGoods": _yes(data.get("isUploadGoods")),
        "isUploadReceipt": _yes(data.get("isUploadReceipt")),
    }
    found = _row(data | shown, Transaction, _TRADE_SPELLINGS)
    return replace(found, status=found.status.lower(), auth_status=found.auth_status.lower())


def _chargeback(data: dict[str, Any]) -> Chargeback:
    """The webhook has the two dates in an object of their own; the list may not."""
    info = data.get("chargebackInfo")
    return _row(data | info if isinstance(info, dict) else data, Chargeback, {})


def _goods(data: Any) -> list[Goods]:
    """Whether it is one object or a list of them is not documented."""
    rows = data if isinstance(data, list) else [data]
    found = (_row_if_readable(row, Goods, _GOODS_SPELLINGS) for row in rows)
    return [goods for goods in found if goods is not None]


def _shipment_shown(data: Any) -> Shipment | None:
    return _row_if_readable(data, Shipment, _SHIPMENT_SPELLINGS)


def _row_if_readable(data: Any, kind: type[S], spellings: dict[str, str]) -> S | None:
    """None for what is no object, for an empty one, and for one with members of another kind."""
    try:
        return _row(data, kind, spellings) if data else None
    except msgspec.ValidationError:
        return None


def _row(data: Any, kind: type[S], spellings: dict[str, str]) -> S:
    row = answers.members(data)
    named = {spellings.get(name, name): value for name, value in row.items()} | row
    return msgspec.convert(named, kind, strict=False)


def _yes(value: Any) -> bool | None:
    return _YES_OR_NO.get(str(value).lower())
