"""Charges whose end only Asiabill knows: which to look up now, and by whom."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, or_

from ledger.charge import Charge
from ledger.charges import charge_of
from ledger.database import Transaction
from ledger.leases import Leases
from ledger.schedule import pause
from ledger.status import ACTION_IN_DOUBT, UNSETTLED
from ledger.table import charges

# Asiabill did not answer the look-up: nothing was learned, so the schedule does not move on.
RETRY: Final = timedelta(seconds=15)

_leases: Final = Leases(
    charges,
    or_(
        charges.c.status.in_(sorted(UNSETTLED)),
        charges.c.action_status.in_(sorted(ACTION_IN_DOUBT)),
    ),
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A charge to look up. `token` proves that the lease is still ours."""

    charge: Charge
    token: int


def due(
    transaction: Transaction, owner: str, limit: int, lease: timedelta, now: datetime
) -> list[Doubt]:
    """Lease up to `limit` charges whose look is due, the longest overdue first."""
    rows = _leases.take(transaction, owner, limit, lease, now)
    return [Doubt(charge_of(row), row["lease_token"]) for row in rows]


def looked(transaction: Transaction, doubt: Doubt, now: datetime, jitter: float) -> None:
    """The look was answered: the next one comes by schedule. Of no effect where the lease is lost."""
    looks = doubt.charge.looks + 1
    next_look_at = after_answer(looks, now, jitter)
    _leases.give_back(transaction, _key(doubt), doubt.token, next_look_at, looks)


def put_back(transaction: Transaction, doubt: Doubt, now: datetime, jitter: float) -> None:
    """The look was not answered: it is repeated soon. Of no effect where the lease is lost."""
    looks = doubt.charge.looks
    next_look_at = after_silence(looks, now, jitter)
    _leases.give_back(transaction, _key(doubt), doubt.token, next_look_at, looks)


def look_soon(transaction: Transaction, account: str, charge_id: str, now: datetime) -> bool:
    """Make a look due now, even beside one under way. False where the charge needs none."""
    return _leases.hasten(transaction, (account, charge_id), now)


def look_at_all(transaction: Transaction, now: datetime) -> int:
    """At start-up: whatever is unsettled is due now. How many that are."""
    return _leases.hasten_all(transaction, now)


def next_due(connection: Connection) -> datetime | None:
    """When there is something to look up, if nothing changes before."""
    return _leases.next_due(connection)


def after_answer(looks: int, now: datetime, jitter: float) -> datetime:
    """When to look again after `looks` looks that were answered. `jitter` is from 0 to 1."""
    return now + pause(looks) * (1 + 0.1 * jitter)


def after_silence(looks: int, now: datetime, jitter: float) -> datetime:
    """When to repeat a look that was not answered, after `looks` that were."""
    return now + min(pause(looks), RETRY) * (1 + 0.1 * jitter)


def _key(doubt: Doubt) -> tuple[str, str]:
    return doubt.charge.account, doubt.charge.id
