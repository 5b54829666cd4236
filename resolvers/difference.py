"""How a charge or a refund of ours and Asiabill's rows of it differ. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from clients.asiabill import RefundRecord, Transaction
from ledger import Charge, ChargeStatus, Notification, Outcome, Refund, RefundStatus
from resolvers import lookups, refund_reports, reports

_S = ChargeStatus
_IN_DOUBT: Final = frozenset({_S.REQUIRES_ACTION, _S.PROCESSING, _S.UNKNOWN})
_AGREES: Final = {
    Outcome.SUCCEEDED: frozenset({_S.SUCCEEDED}),
    Outcome.CAPTURED: frozenset({_S.SUCCEEDED}),
    Outcome.CLEARED: frozenset({_S.SUCCEEDED}),
    Outcome.AUTHORIZED: frozenset({_S.AUTHORIZED}),
    Outcome.VOIDED: frozenset({_S.VOIDED}),
    Outcome.DECLINED: frozenset({_S.DECLINED}),
    Outcome.PENDING: _IN_DOUBT,
}
# Other words of refundStatus are not documented, and prove nothing.
_REFUND_AGREES: Final = {"success": RefundStatus.SUCCEEDED, "fail": RefundStatus.FAILED}


class Kind(StrEnum):
    """How the two sides differ."""

    MISSING = "missing at Asiabill"
    FOREIGN = "not made here"
    TWICE = "charged twice"
    AMOUNT = "amount"
    CURRENCY = "currency"
    STATUS = "status"
    REFUND_MISSING = "refund missing at Asiabill"
    REFUND_FOREIGN = "refund not made here"
    REFUND_IN_DOUBT = "refund in doubt"
    REFUND_AMOUNT = "refund amount"
    REFUND_CURRENCY = "refund currency"
    REFUND_STATUS = "refund status"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that one side has, or has otherwise. What a side does not have is ""."""

    kind: Kind
    order_no: str
    ours: str
    asiabill: str
    charge_id: str = ""
    refund_id: str = ""
    trade_no: str = ""
    batch_no: str = ""
    at: str = ""


def foreign(row: Transaction) -> Difference:
    return Difference(
        Kind.FOREIGN,
        row.order_no,
        ours="",
        asiabill=f"{row.status} {row.amount} {row.currency}",
        trade_no=row.trade_no,
        at=row.trade_date,
    )


def foreign_refund(news: Notification) -> Difference:
    told = refund_reports.of_notification(news)
    return Difference(
        Kind.REFUND_FOREIGN,
        news.order_no,
        ours="",
        asiabill=f"{told.amount} {told.currency}",
        charge_id=news.charge_id or "",
        trade_no=news.trade_no,
        batch_no=news.batch_no,
        at=news.received_at.isoformat(timespec="seconds"),
    )


def judged(charge: Charge, rows: Mapping[str, Transaction]) -> list[Difference]:
    """What differs between a charge and the rows that bear its number."""

    def differs(kind: Kind, ours: str, asiabill: str, row: Transaction | None = None) -> Difference:
        return Difference(
            kind,
            charge.order_no,
            ours,
            asiabill,
            charge_id=charge.id,
            trade_no=(row.trade_no if row else charge.trade_no) or "",
            at=charge.created_at.isoformat(timespec="seconds"),
        )

    told = {
        trade_no: report
        for trade_no, row in rows.items()
        if (report := reports.of_transaction(row)) is not None
    }
    if not told:
        strange = [row for row in rows.values() if not reports.is_duplicate(row)]
        if strange:
            words = f"{strange[0].status} {strange[0].auth_status}".strip()
            return [differs(Kind.STATUS, charge.status, words, strange[0])]
        expected = charge.sent_at is not None and charge.status is not _S.FAILED
        return [differs(Kind.MISSING, charge.status, "")] if expected else []
    found: list[Difference] = []
    for trade_no in told:
        row = rows[trade_no]
        if not _equal(row.amount, charge.amount):
            found.append(differs(Kind.AMOUNT, charge.amount, row.amount, row))
        if row.currency != charge.currency:
            found.append(differs(Kind.CURRENCY, charge.currency, row.currency, row))
    taken = sorted(trade_no for trade_no, report in told.items() if report.outcome.takes_money)
    if len(taken) > 1:
        found.append(differs(Kind.TWICE, charge.trade_no or "", " ".join(taken)))
    report = max(told.values(), key=lookups.weight)
    if charge.status not in _AGREES.get(report.outcome, frozenset()):
        found.append(
            differs(Kind.STATUS, charge.status, report.outcome, rows[report.trade_no or ""])
        )
    return found


def refund_judged(refund: Refund, record: RefundRecord | None, order_no: str) -> list[Difference]:
    def differs(kind: Kind, ours: str, asiabill: str) -> Difference:
        return Difference(
            kind,
            order_no,
            ours,
            asiabill,
            charge_id=refund.charge_id,
            refund_id=refund.id,
            batch_no=refund.batch_no or "",
            at=refund.created_at.isoformat(timespec="seconds"),
        )

    shown = f"{refund.status} {refund.amount} {refund.currency}"
    if refund.batch_no is None:
        in_doubt = refund.status.unsettled
        return [differs(Kind.REFUND_IN_DOUBT, shown, "")] if in_doubt else []
    if record is None:
        return [differs(Kind.REFUND_MISSING, shown, "")]
    found: list[Difference] = []
    if record.amount and not _equal(record.amount, refund.amount):
        found.append(differs(Kind.REFUND_AMOUNT, refund.amount, record.amount))
    currency = record.currency or record.order_currency
    if currency and currency != refund.currency:
        found.append(differs(Kind.REFUND_CURRENCY, refund.currency, currency))
    if _REFUND_AGREES.get(record.status, refund.status) is not refund.status:
        found.append(differs(Kind.REFUND_STATUS, refund.status, record.status))
    return found


def _equal(told: str, kept: str) -> bool:
    try:
        return Decimal(told) == Decimal(kept)
    except InvalidOperation:
        return False
