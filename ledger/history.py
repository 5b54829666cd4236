"""Lines of history: one for each message that moved something, one for each run of those that did not."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Table, insert, select, update

from ledger.database import Transaction
from ledger.table import MESSAGE
from ledger.text import tamed


async def write(
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
    own = [table.c[name] == value for name, value in owner.items()]
    if not line["applied"]:
        # Repeated webhooks and hourly looks share a line, or a history would have no end.
        newest = await transaction.connection.execute(
            select(table).where(*own).order_by(table.c.seq.desc()).limit(1)
        )
        last = newest.mappings().first()
        if last is not None and all(last[name] == value for name, value in line.items()):
            await transaction.connection.execute(
                update(table)
                .where(*own, table.c.seq == last["seq"])
                .values(count=table.c.count + 1, last_at=now)
            )
            return
    await transaction.connection.execute(
        insert(table).values(**owner, seq=seq, at=now, last_at=now, count=1, **line)
    )
