"""Lines of history: one for each message that moved something, one for each run of those that did not."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, Select, Table, Update, bindparam, insert, select, update

from ledger.database import Transaction
from ledger.statement import first
from ledger.table import MESSAGE
from ledger.text import tamed


def write(
    transaction: Transaction,
    table: Table,
    owner: Mapping[str, str],
    seq: int,
    line: Mapping[str, object],
    now: datetime,
) -> None:
    """Add `line` as number `seq` of the history that `owner`, the first columns of the key, has.

    `line` holds status, source, kind, applied, note and alarm.
    """
    line = {**line, "note": tamed(str(line["note"]), MESSAGE)}
    newest, count, add = _statements(table)
    if not line["applied"]:
        # Repeated webhooks and hourly looks share a line, or a history would have no end.
        last = first(transaction.connection, newest, owner)
        if last is not None and all(last[name] == value for name, value in line.items()):
            line_of = {f"of_{name}": value for name, value in owner.items()}
            first(transaction.connection, count, line_of | {"of_seq": last["seq"], "last_at": now})
            return
    values = {**owner, "seq": seq, "at": now, "last_at": now, "count": 1, **line}
    first(transaction.connection, add, values)


@cache
def _statements(table: Table) -> tuple[Select[Any], Update, Insert]:
    """The newest line, counting it once more, and adding one. Built once, as those of `charges`."""
    *owner, seq = table.primary_key.columns
    newest = (
        select(table)
        .where(*(column == bindparam(column.name) for column in owner))
        .order_by(seq.desc())
        .limit(1)
    )
    same = (column == bindparam(f"of_{column.name}") for column in (*owner, seq))
    return newest, update(table).where(*same).values(count=table.c.count + 1), insert(table)
