"""The resolver of doubts: asks Asiabill about every charge whose end is not known, until it is.

One runs in each process; leases in the ledger keep two of them from asking the same at once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeVar
from uuid import uuid4

import structlog

from gateway import metrics, traces
from gateway.traces import Traces
from ledger import Charge, Doubt, Ledger, LedgerError, Message, Refund, RefundDoubt
from resolvers import lookups, notifications, refund_lookups
from resolvers.account import Account

_BATCH: Final = 50
_IDLE_SECONDS: Final = 1.0
_LEAST_SECONDS: Final = 0.05
_PENDING_EVERY: Final = 5
_STOP_SECONDS: Final = 3.0
# Less is what keeping time does to a clock each day.
_SET_SECONDS: Final = 30.0
# Callers' own writes must not queue behind a whole batch.
_AT_ONCE: Final = 5

_log = structlog.get_logger("gateway.recovery")

Doubtful = TypeVar("Doubtful", Doubt, RefundDoubt)


class Recovery:
    """Looks up what is due, round after round, from `start` to `aclose`; `accounts` by name.

    A round that finds something is a trace, where there are `traces`.
    """

    def __init__(
        self, accounts: Mapping[str, Account], ledger: Ledger, traces: Traces | None = None
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._traces = traces
        self._strange: set[str] = set()
        self._owner = uuid4().hex
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._time_of_day = _time_of_day()

    async def start(self) -> None:
        """Make everything unsettled due, since whoever was to settle it may have died, and begin."""
        if unsettled := await self._look_at_all():
            _log.info("unsettled charges and refunds found", count=unsettled)
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """End after the present round, or after a few seconds; what is left is taken by the next start."""
        self._stop.set()
        if self._task is not None:
            done, _ = await asyncio.wait({self._task}, timeout=_STOP_SECONDS)
            if not done:
                self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def once(self) -> list[Charge]:
        """Look up everything that is unsettled, each once. The charges as they are then."""
        await self._look_at_all()
        while await self.refund_round():
            pass
        seen: dict[str, Charge] = {}
        while doubts := await self._ledger.due_doubts(self._owner, _BATCH):
            await self._resolve(doubts)
            for name in {doubt.charge.account for doubt in doubts}:
                ids = [doubt.charge.id for doubt in doubts if doubt.charge.account == name]
                seen |= await self._ledger.charges(name, ids)
        return list(seen.values())

    async def round(self) -> int:
        """Look up what is due. How many charges that were."""
        doubts = await self._ledger.due_doubts(self._owner, _BATCH)
        if doubts:
            await self._resolve(doubts)
        return len(doubts)

    async def _look_at_all(self) -> int:
        return await self._ledger.look_at_all() + await self._ledger.refunds.look_at_all()

    async def _mind_the_clock(self) -> None:
        """What was put off by a clock that was ahead is due now that it was set back."""
        now = _time_of_day()
        moved = now - self._time_of_day
        if abs(moved) > _SET_SECONDS:
            _log.warning("the clock was set", seconds=round(moved))
        if moved < -_SET_SECONDS:
            await self._look_at_all()
        self._time_of_day = now

    async def _resolve(self, doubts: Sequence[Doubt]) -> None:
        with traces.work(self._traces, "look up charges", charges=len(doubts)):
            await self._look_up_all(doubts)

    async def _look_up_all(self, doubts: Sequence[Doubt]) -> None:
        of: dict[str, list[Charge]] = {}
        for doubt in doubts:
            of.setdefault(doubt.charge.account, []).append(doubt.charge)
        found: dict[str, Message | None] = {}
        for answers in await asyncio.gather(*(self._look_up(*each) for each in of.items())):
            found |= answers

        async def learn(doubt: Doubt) -> None:
            message = found[doubt.charge.id]
            metrics.LOOKUPS.labels("unanswered" if message is None else "answered").inc()
            if message is None:
                await self._ledger.put_back(doubt)
            else:
                await self._ledger.looked(doubt, message)

        await _each(learn, doubts)

    async def _look_up(self, name: str, charges: Sequence[Charge]) -> dict[str, Message | None]:
        account = self._account(name)
        if account is None:
            return dict.fromkeys(charge.id for charge in charges)
        return await lookups.look_up(account, charges)

    async def refund_round(self) -> int:
        """Look up the refunds that are due. How many that were."""
        doubts = await self._ledger.refunds.due_doubts(self._owner, _BATCH)

        async def look(doubt: RefundDoubt) -> None:
            look = await self._look_up_refund(doubt.refund)
            metrics.LOOKUPS.labels("answered" if look.answered else "unanswered").inc()
            if look.answered:
                await self._ledger.refunds.looked(doubt, look.report)
            else:
                await self._ledger.refunds.put_back(doubt)

        if doubts:
            with traces.work(self._traces, "look up refunds", refunds=len(doubts)):
                await _each(look, doubts)
        return len(doubts)

    async def _look_up_refund(self, refund: Refund) -> refund_lookups.Look:
        account = self._account(refund.account)
        if account is None:
            return refund_lookups.Look(answered=False)
        return await refund_lookups.look_up(account, refund)

    def _account(self, name: str) -> Account | None:
        """None where nobody can be asked: its rows wait until it is in the settings again."""
        account = self._accounts.get(name)
        if account is None and name not in self._strange:
            self._strange.add(name)
            _log.error("unsettled charges of an account that is not in the settings", account=name)
        return account

    async def _refunds_due(self) -> bool:
        due = await self._ledger.refunds.next_look_at()
        return due is not None and due <= datetime.now(due.tzinfo)

    async def _run(self) -> None:
        rounds = 0
        while not self._stop.is_set():
            try:
                if rounds % _PENDING_EVERY == 0:
                    for account in self._accounts.values():
                        await notifications.apply_pending(account, self._ledger)
                rounds += 1
                await self._mind_the_clock()
                full = await self.round() == _BATCH
                if await self._refunds_due():
                    full |= await self.refund_round() == _BATCH
                pause = 0.0 if full else await self._pause()
            except LedgerError as error:
                _log.error("recovery waits for the ledger", reason=type(error).__name__)
                pause = _IDLE_SECONDS
            except Exception:  # noqa: BLE001 it must outlive every defect, or doubts stay for ever
                _log.exception("recovery round failed")
                pause = _IDLE_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stop.wait()

    async def _pause(self) -> float:
        due = await self._ledger.next_look_at()
        if due is None:
            return _IDLE_SECONDS
        left = (due - datetime.now(due.tzinfo)).total_seconds()
        return min(_IDLE_SECONDS, max(_LEAST_SECONDS, left))


def _time_of_day() -> float:
    """The same number, in seconds, until somebody sets the clock."""
    return time.time() - time.monotonic()


async def _each(work: Callable[[Doubtful], Awaitable[None]], doubts: Sequence[Doubtful]) -> None:
    """Side by side, each to its end: one that fails holds no other up, and is raised last."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(doubt: Doubtful) -> None:
        async with room:
            await work(doubt)

    ends = await asyncio.gather(*map(one, doubts), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
