"""What was sent and is not settled: how much, and for how long."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select

from ledger.column import Instant
from ledger.status import REFUND_UNSETTLED, UNSETTLED
from ledger.table import charges, refunds

# Besides the status, what keeps it a walk over small indexes, however large the ledger is.
_KINDS: Final = (
    ("charge", charges, UNSETTLED, charges.c.next_look_at.is_not(None)),
    (
        "refund",
        refunds,
        REFUND_UNSETTLED,
        # One without Asiabill's number can't be looked up: it waits for a person.
        or_(refunds.c.next_look_at.is_not(None), refunds.c.batch_no.is_(None)),
    ),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """The unsettled charges or refunds of one account and status; `since` is when the oldest was sent."""

    account: str
    kind: str
    status: str
    count: int
    since: datetime

    # Every kind and status that there can be.
    KINDS: ClassVar[tuple[tuple[str, str], ...]] = tuple(
        (kind, status.value) for kind, _, statuses, _ in _KINDS for status in sorted(statuses)
    )


def unsettled(connection: Connection) -> list[Standing]:
    """One for each account, kind and status of which there is any."""
    return [
        standing
        for kind, table, statuses, pending in _KINDS
        for standing in _of(
            connection, kind, table, and_(pending, table.c.status.in_(sorted(statuses)))
        )
    ]


def _of(
    connection: Connection, kind: str, table: Table, which: ColumnElement[bool]
) -> list[Standing]:
    columns = table.c
    since = func.min(func.coalesce(columns.sent_at, columns.created_at), type_=Instant())
    rows = connection.execute(
        select(columns.account, columns.status, func.count(), since)
        .where(which)
        .group_by(columns.account, columns.status)
    )
    return [
        Standing(account, kind, status.value, count, since)
        for account, status, count, since in rows
    ]
