"""Counts that all processes share and that survive them.

A count is kept in twelve steps of its time, each a row. What happened within the last `seconds` is
the sum of the rows that can hold any of it: a step too many at most, so that a limit errs on the
strict side and is never exceeded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from math import floor
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, or_, select

from ledger.charge import Charge
from ledger.database import Transaction, count_one
from ledger.status import ChargeStatus
from ledger.table import tallies
from ledger.tally import Guard, LimitReached, Rate, Tally, Total

_STEPS: Final = 12

_ENDS: Final = frozenset(
    {ChargeStatus.SUCCEEDED, ChargeStatus.AUTHORIZED, ChargeStatus.DECLINED, ChargeStatus.VOIDED}
)


def totals(
    connection: Connection, account: str, wanted: Sequence[Tally], now: datetime
) -> list[Total]:
    """One for each of `wanted`, in its order."""
    if not wanted:
        return []
    moment = now.timestamp()
    rows = connection.execute(
        select(tallies.c.name, tallies.c.subject, tallies.c.begun, tallies.c.count)
        .where(
            tallies.c.account == account,
            or_(
                *(
                    and_(
                        tallies.c.name == tally.name,
                        tallies.c.subject == tally.subject,
                        tallies.c.begun > moment - tally.rate.seconds - _width(tally.rate),
                    )
                    for tally in wanted
                )
            ),
        )
        .order_by(tallies.c.begun)
    )
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for name, subject, begun, count in rows:
        found.setdefault((name, subject), []).append((begun, count))
    return [
        _total(tally.rate, found.get((tally.name, tally.subject), []), moment) for tally in wanted
    ]


def demand(connection: Connection, account: str, guard: Guard, now: datetime) -> None:
    """Raises LimitReached where a tally of the guard has no room for one more. Counts nothing."""
    wanted = [*guard.take, *guard.below]
    for tally, total in zip(wanted, totals(connection, account, wanted, now), strict=True):
        if total.count >= tally.rate.most:
            raise LimitReached(tally, total.frees_in)


def take(transaction: Transaction, account: str, guard: Guard, now: datetime) -> None:
    """Count to `guard.take`. Raises LimitReached where there is no room: nothing is counted then.

    Each row that is counted to is locked until the commit, so that rivals wait and see the count.
    """
    count(transaction, account, guard.take, now)
    # This one is counted by now, and is to be allowed itself.
    taken = tuple(replace(tally, rate=_one_more(tally.rate)) for tally in guard.take)
    demand(transaction.connection, account, Guard(below=taken + guard.below), now)


def count(transaction: Transaction, account: str, counted: Iterable[Tally], now: datetime) -> None:
    """One more for each, whether or not there is room."""
    # In one order everywhere, or two transactions could wait for each other.
    for tally in sorted(counted, key=lambda tally: (tally.name, tally.subject)):
        width = _width(tally.rate)
        begun = floor(now.timestamp()) // width * width
        values = {
            "account": account,
            "name": tally.name,
            "subject": tally.subject,
            "begun": begun,
            "until": begun + width + tally.rate.seconds,
            "count": 1,
        }
        count_one(transaction.connection, tallies, values)


def sweep(transaction: Transaction, now: datetime) -> None:
    """Forget what is of no account any more."""
    transaction.connection.execute(delete(tallies).where(tallies.c.until < floor(now.timestamp())))


def written(guard: Guard) -> dict[str, Any]:
    """What a charge keeps, so that whoever learns of its end can count it."""
    return {
        "ended": [_line(tally) for tally in guard.ended],
        "declined": [_line(tally) for tally in guard.declined],
    }


def count_end(
    transaction: Transaction, charge: Charge, kept: dict[str, Any] | None, now: datetime
) -> None:
    """Count that a charge has come to its end, in the transaction that says so."""
    if not kept or charge.status not in _ENDS:
        return
    lines = list(kept["ended"])
    if charge.status is ChargeStatus.DECLINED:
        lines += kept["declined"]
    count(
        transaction,
        charge.account,
        [Tally(name, subject, Rate(most, seconds)) for name, subject, most, seconds in lines],
        now,
    )


def _line(tally: Tally) -> list[str | int]:
    return [tally.name, tally.subject, tally.rate.most, tally.rate.seconds]


def _one_more(rate: Rate) -> Rate:
    return Rate(rate.most + 1, rate.seconds)


def _width(rate: Rate) -> int:
    return max(1, rate.seconds // _STEPS)


def _total(rate: Rate, steps: Sequence[tuple[int, int]], moment: float) -> Total:
    """`steps` are (begun, count), the oldest first."""
    count = sum(counted for _, counted in steps)
    left, frees_in = count, 0
    for begun, counted in steps:
        if left < rate.most:
            break
        left -= counted
        frees_in = floor(begun + _width(rate) + rate.seconds - moment) + 1
    return Total(count, max(1, frees_in))
