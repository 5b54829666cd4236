"""Calls that move no money and still must have one effect per key: `ledger.requests`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, select, update

from ledger.database import Transaction, insert_new
from ledger.error import ClaimLost
from ledger.store import Store
from ledger.table import requests


class ClaimState(StrEnum):
    """What a caller who names a key is told."""

    NEW = "NEW"
    DONE = "DONE"
    IN_PROGRESS = "IN_PROGRESS"
    MISMATCH = "MISMATCH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """NEW: do the work, then finish or release. DONE: `result` is what the first call had."""

    account: str
    operation: str
    key_scope: str
    key: str
    state: ClaimState
    result: str | None = None
    token: str = field(default="", repr=False)


class Requests:
    """The keys of such calls. Each call is one transaction."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], new_id: Callable[[str], str]
    ) -> None:
        self._store: Final = store
        self._now: Final = now
        self._new_id: Final = new_id

    async def claim(
        self,
        account: str,
        operation: str,
        key_scope: str,
        key: str,
        digest: str,
        lease_seconds: float,
    ) -> Claim:
        """Take the key for `operation`, or learn who has it. After the lease another may take over."""
        wanted = Claim(
            account=account,
            operation=operation,
            key_scope=key_scope,
            key=key,
            state=ClaimState.NEW,
            token=self._new_id("claim"),
        )
        lease = timedelta(seconds=lease_seconds)
        return await self._store.write(
            lambda transaction: _claim(transaction, wanted, digest, lease, self._now())
        )

    async def finish(self, claim: Claim, result: str) -> None:
        """Keep `result` for every later call. Raises ClaimLost where the lease ran out and another
        took over."""

        def work(transaction: Transaction) -> None:
            kept = transaction.connection.execute(
                update(requests).where(_held(claim)).values(result=result)
            )
            if not kept.rowcount:
                raise ClaimLost(claim.operation)

        await self._store.write(work)

    async def release(self, claim: Claim) -> None:
        """Give the key back, since nothing was done; of no effect where it is no longer ours."""

        def work(transaction: Transaction) -> None:
            transaction.connection.execute(delete(requests).where(_held(claim)))

        await self._store.write(work)


def _claim(
    transaction: Transaction,
    wanted: Claim,
    digest: str,
    lease: timedelta,
    now: datetime,
) -> Claim:
    values = {
        "account": wanted.account,
        "operation": wanted.operation,
        "key_scope": wanted.key_scope,
        "idempotency_key": wanted.key,
        "args_digest": digest,
        "token": wanted.token,
        "lease_until": now + lease,
        "created_at": now,
    }
    if insert_new(transaction.connection, requests, values) is not None:
        return wanted
    row = (
        transaction.connection.execute(select(requests).where(_same(wanted)).with_for_update())
    ).first()
    if row is None:
        # Released between the two statements: the next call takes it.
        return _told(wanted, ClaimState.IN_PROGRESS)
    if row.args_digest != digest:
        return _told(wanted, ClaimState.MISMATCH)
    if row.result is not None:
        return _told(wanted, ClaimState.DONE, row.result)
    if row.lease_until > now:
        return _told(wanted, ClaimState.IN_PROGRESS)
    taken = transaction.connection.execute(
        update(requests)
        .where(_same(wanted), requests.c.token == row.token)
        .values(token=wanted.token, lease_until=now + lease)
    )
    return wanted if taken.rowcount else _told(wanted, ClaimState.IN_PROGRESS)


def _told(wanted: Claim, state: ClaimState, result: str | None = None) -> Claim:
    return Claim(
        account=wanted.account,
        operation=wanted.operation,
        key_scope=wanted.key_scope,
        key=wanted.key,
        state=state,
        result=result,
    )


def _same(claim: Claim) -> ColumnElement[bool]:
    return and_(
        requests.c.account == claim.account,
        requests.c.operation == claim.operation,
        requests.c.key_scope == claim.key_scope,
        requests.c.idempotency_key == claim.key,
    )


def _held(claim: Claim) -> ColumnElement[bool]:
    return and_(_same(claim), requests.c.token == claim.token, requests.c.result.is_(None))
