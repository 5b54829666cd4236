"""One simulated Asiabill: its state and the tasks that it owns."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from simulator.book import Book
from simulator.calls import Calls
from simulator.faults import Faults
from simulator.numbers import Numbers
from simulator.options import Options
from simulator.outbox import Outbox
from simulator.refunds import RefundMode, schedule_refund
from simulator.request_ids import RequestIds
from simulator.session_tokens import SessionTokens
from simulator.state_file import State, StateFile


class Sandbox:
    """Everything the endpoints share. Webhooks are sent, and late acts done, while `running`.

    `refund_mode` is what becomes of the refunds that are made from now on.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.book = Book(options.sign_keys)
        self.numbers = Numbers(options.clock)
        self.session_tokens = SessionTokens()
        self.request_ids = {gateway_no: RequestIds() for gateway_no in options.sign_keys}
        self.calls = Calls()
        self.faults = Faults()
        self.outbox = Outbox(
            self.book, self.numbers, options.clock, options.webhook_time_scale, self.durable
        )
        self.refund_mode: RefundMode = "success"
        self._late: set[asyncio.Task[None]] = set()
        self._state_file: StateFile | None = None
        if options.state_file is not None:
            state = StateFile.read(options.state_file)
            if state is not None:
                self._restore(state)
            self._state_file = StateFile(options.state_file, self._state, self._changes)

    async def durable(self) -> None:
        """Returns once all that happened so far is on disk, if there is a state file at all."""
        if self._state_file is not None:
            await self._state_file.flush()

    def fresh_batch_no(self) -> str:
        batch_no = self.numbers.batch_no()
        while self.book.has_batch(batch_no):
            batch_no = self.numbers.batch_no()
        return batch_no

    def later(self, seconds: float, act: Callable[[], Awaitable[object]]) -> None:
        """Does `act` after a while, unless the simulator is reset or ends before."""
        task = asyncio.create_task(_after(seconds, act))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def reset(self) -> None:
        """Forgets everything but the accounts themselves."""
        for task in self._late:
            task.cancel()
        self.book.clear()
        self.session_tokens.reset()
        for gateway_no in self.request_ids:
            self.request_ids[gateway_no] = RequestIds()
        self.calls.reset()
        self.faults.clear()
        self.outbox.reset()
        self.refund_mode = "success"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        sender = asyncio.create_task(self.outbox.run())
        for account in self.book.accounts():
            for refund in account.refunds():
                schedule_refund(self, account, refund)
        try:
            yield
        finally:
            tasks = [sender, *self._late]
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            await self.durable()
            failures = [end for end in ends if isinstance(end, Exception)]
            if failures:
                raise ExceptionGroup("the simulator's own tasks failed", failures)

    def _state(self) -> State:
        return State(self.numbers.last, self.book.shelves(), self.outbox.unfinished())

    def _changes(self) -> int:
        return self.book.changes + self.outbox.changes

    def _restore(self, state: State) -> None:
        self.numbers.last = state.last_number
        self.book.restore(state.accounts)
        self.outbox.restore(state.deliveries)


async def _after(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(seconds)
    await act()
