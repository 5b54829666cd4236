"""Refunds whose end only Asiabill knows, and that have a number to ask for: which to look up now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_

from ledger.database import Transaction
from ledger.doubts import after_answer, after_silence
from ledger.leases import Leases
from ledger.refund import Refund
from ledger.refund_rows import refund_of
from ledger.status import REFUND_UNSETTLED
from ledger.table import refunds

_leases: Final = Leases(
    refunds,
    and_(refunds.c.status.in_(sorted(REFUND_UNSETTLED)), refunds.c.batch_no.is_not(None)),
)


@dataclass(frozen=True, slots=True)
class RefundDoubt:
    """A refund to look up. `token` proves that the lease is still ours."""

    refund: Refund
    token: int


def due(
    transaction: Transaction, owner: str, limit: int, lease: timedelta, now: datetime
) -> list[RefundDoubt]:
    """Lease up to `limit` refunds whose look is due, the longest overdue first."""
    rows = _leases.take(transaction, owner, limit, lease, now)
    return [RefundDoubt(refund_of(row), row["lease_token"]) for row in rows]


def looked(transaction: Transaction, doubt: RefundDoubt, now: datetime, jitter: float) -> None:
    """The look was answered: the next one comes by schedule. Of no effect where the lease is lost."""
    looks = doubt.refund.looks + 1
    next_look_at = after_answer(looks, now, jitter)
    _leases.give_back(transaction, _key(doubt), doubt.token, next_look_at, looks)


def put_back(transaction: Transaction, doubt: RefundDoubt, now: datetime, jitter: float) -> None:
    """The look was not answered: it is repeated soon. Of no effect where the lease is lost."""
    looks = doubt.refund.looks
    next_look_at = after_silence(looks, now, jitter)
    _leases.give_back(transaction, _key(doubt), doubt.token, next_look_at, looks)


def look_soon(transaction: Transaction, account: str, refund_id: str, now: datetime) -> bool:
    """Make a look due now. False where the refund needs none, or has no number to ask for."""
    return _leases.hasten(transaction, (account, refund_id), now)


def look_at_all(transaction: Transaction, now: datetime) -> int:
    """At start-up: whatever can be looked up is due now. How many that are."""
    return _leases.hasten_all(transaction, now)


def next_due(connection: Connection) -> datetime | None:
    """When there is something to look up, if nothing changes before."""
    return _leases.next_due(connection)


def _key(doubt: RefundDoubt) -> tuple[str, str]:
    return doubt.refund.account, doubt.refund.id
