"""Group commit: the writes that wait for a file's one writer share its next transaction.

Most of what a small write takes is its commit, which waits for the disk: who comes while one is under
way waits for it anyway, and then goes with everybody else who came.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from ledger.statement import driven

# Of one group, since nobody in it is told before all of it is done.
_MOST: Final = 100

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Write:
    """`latest` is when it may begin at the latest, by the monotonic clock."""

    work: Callable[[Connection], Any]
    latest: float
    told: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Undone:
    """What came of a write that raised."""

    error: BaseException


_Outcomes = Sequence[object]
# Runs a function with the writer's connection, in the writer's thread.
Visit = Callable[[Callable[[Connection], _Outcomes]], asyncio.Future[_Outcomes]]


class GroupCommit:
    """Writes that are whole or undone each by itself, in the order in which they came.

    Each is told once its group is on the disk. Where that fails nothing of the group is there, and
    all of it is told so. A write that finds the writer idle goes alone, in a transaction of its own.
    """

    def __init__(self, visit: Visit, patience: float) -> None:
        self._visit: Final = visit
        self._patience: Final = patience
        self._waiting: list[_Write] = []
        self._under_way = False

    def write(self, work: Callable[[Connection], Result]) -> asyncio.Future[Result]:
        """What `work` returns, once it is committed; or what it raised, and TimeoutError where its turn
        did not come within `patience` seconds: then nothing was done."""
        told: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Write(work, time.monotonic() + self._patience, told))
        if not self._under_way:
            self._begin()
        return told

    def _begin(self) -> None:
        # Who has gone before its turn wants nothing done.
        waiting = [write for write in self._waiting if not write.told.done()]
        group, self._waiting = waiting[:_MOST], waiting[_MOST:]
        if not group:
            return
        try:
            visit = self._visit(partial(_together, group))
        except Exception as error:  # noqa: BLE001 whatever it is, those who wait must hear of it
            for write in (*group, *self._waiting):
                write.told.set_exception(error)
            self._waiting = []
            return
        self._under_way = True
        visit.add_done_callback(partial(self._tell, group))

    def _tell(self, group: Sequence[_Write], visit: asyncio.Future[_Outcomes]) -> None:
        self._under_way = False
        # The writer goes on while this thread tells.
        self._begin()
        failure = ConnectionAbortedError("cancelled") if visit.cancelled() else visit.exception()
        outcomes = [_Undone(failure)] * len(group) if failure else visit.result()
        for write, outcome in zip(group, outcomes, strict=True):
            if write.told.done():
                continue
            if isinstance(outcome, _Undone):
                write.told.set_exception(outcome.error)
            else:
                write.told.set_result(outcome)


def _together(group: Sequence[_Write], connection: Connection) -> _Outcomes:
    """What came of each, after the commit."""
    # Their turn has come. That another process holds the file is no matter of turns.
    now = time.monotonic()
    with connection.begin():
        if len(group) == 1:
            return [_run(group[0], now, connection)]
        return [_one(write, now, connection) for write in group]


def _one(write: _Write, now: float, connection: Connection) -> object:
    """One of several: what it wrote is undone where it raises, and the others' is not."""
    driven(connection, "SAVEPOINT one")
    outcome: object
    try:
        outcome = _run(write, now, connection)
    except Exception as error:  # noqa: BLE001 its waiter is told
        # Where SQLite has undone the whole group, on a full disk say, this raises too.
        driven(connection, "ROLLBACK TO one")
        outcome = _Undone(error)
    driven(connection, "RELEASE one")
    return outcome


def _run(write: _Write, now: float, connection: Connection) -> object:
    if now > write.latest:
        raise TimeoutError("the ledger's file was busy")
    return write.work(connection)
