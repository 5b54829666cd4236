"""The lean read path: kept connections to one origin, for reads alone."""

# Else the annotations of functions inside of functions are worked out at each call.
from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextvars import Context
from typing import Final

from clients.asiabill.connection import Connection, Reply
from clients.asiabill.deadlines import Deadlines

# Most front ends close after a minute. One that closes sooner is seen at once, unless its word
# crosses ours; then the read fails, and is repeated by the caller's rule.
IDLE_SECONDS: Final = 30.0

# What became of a request, and whether its caller had gone away by then.
Ended = Callable[[Reply | Exception, bool], None]


class Unreachable(Exception):
    """There is no connection: no byte was sent."""


class Unasked(Exception):
    """The caller went away before there was a connection: no byte was sent."""


class Pool:
    """Opens a connection where none is idle; the limit is the caller's own.

    Who goes away takes only itself away: its request runs on to its end, and a connection that is
    being opened is kept for the next. So nothing that happens to callers costs a connection.
    """

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None, deadlines: Deadlines
    ) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._connect = deadlines.connect
        self._silence = deadlines.silence(money=False)
        self._answer = deadlines.whole(money=False)
        self._period = max(0.01, min(self._silence, self._answer) / 20)
        self._loop = asyncio.get_running_loop()
        self._idle: list[tuple[float, Connection]] = []
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[Connection]] = set()
        self._asked: set[Connection] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._quiet: asyncio.Future[None] | None = None
        self._closed = False

    async def get(self, head: bytes, ended: Ended) -> Reply:
        """The answer to a whole request without a body.

        `ended` is told once what became of it, and whether the caller has gone away meanwhile; a
        request that was not sent has ended too. Raises Unreachable where nothing was sent, and
        anything else where it may have been.
        """
        connection = self._kept() or await self._opened(ended)
        waiter: asyncio.Future[Reply | Exception] = self._loop.create_future()

        def over(outcome: Reply | Exception) -> None:
            self._asked.discard(connection)
            self._hush()
            if waiter.done():
                ended(outcome, True)
            else:
                ended(outcome, False)
                waiter.set_result(outcome)

        self._ask(connection, head, over)
        outcome = await waiter
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        while self._asked or self._opening:
            self._quiet = self._loop.create_future()
            await self._quiet

    def close(self) -> None:
        """Close every connection; what is under way fails."""
        self._closed = True
        for task in self._opening:
            task.cancel()
        for connection in list(self._open):
            connection.close()
        if self._sweeping is not None:
            self._sweeping.cancel()

    def _ask(
        self, connection: Connection, head: bytes, over: Callable[[Reply | Exception], None]
    ) -> None:
        self._asked.add(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(self._period, self._sweep)
        connection.ask(head, over)

    def _kept(self) -> Connection | None:
        oldest = self._loop.time() - IDLE_SECONDS
        while self._idle:
            # The last one used is the least likely to have been closed meanwhile.
            since, connection = self._idle.pop()
            if connection.usable:
                if since > oldest:
                    return connection
                connection.close()
        return None

    async def _opened(self, ended: Ended) -> Connection:
        # In a context of its own: the connection outlives the operation that asked for it.
        task = self._loop.create_task(self._new(), context=Context())
        self._opening.add(task)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: self._not_wanted(done, ended))
            raise
        self._opening.discard(task)
        self._hush()
        try:
            return task.result()
        except asyncio.CancelledError:
            failure = Unreachable("the transport was closed")
        except Unreachable as error:
            failure = error
        ended(failure, False)
        raise failure

    def _not_wanted(self, task: asyncio.Task[Connection], ended: Ended) -> None:
        self._opening.discard(task)
        self._hush()
        if not task.cancelled() and task.exception() is None:
            self._settled(task.result())
        ended(Unasked(), True)

    async def _new(self) -> Connection:
        try:
            async with asyncio.timeout(self._connect):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self._settled, self._lost),
                    self._host,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                )
        except TimeoutError:
            raise Unreachable("ConnectTimeout") from None
        except (OSError, ssl.SSLError, UnicodeError) as error:
            raise Unreachable(str(error) or type(error).__name__) from None
        self._open.add(connection)
        if self._closed:
            connection.close()
            raise Unreachable("the transport was closed")
        return connection

    def _settled(self, connection: Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.append((self._loop.time(), connection))

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)

    def _hush(self) -> None:
        if self._quiet is not None and not self._quiet.done():
            self._quiet.set_result(None)

    def _sweep(self) -> None:
        """End what is overdue. One timer for all costs a request nothing."""
        now = self._loop.time()
        for connection in list(self._asked):
            if (
                now - connection.heard_at > self._silence
                or now - connection.asked_at > self._answer
            ):
                connection.fail(TimeoutError())
        while self._idle and not (
            self._idle[0][1].usable and self._idle[0][0] > now - IDLE_SECONDS
        ):
            self._idle.pop(0)[1].close()
        self._sweeping = (
            self._loop.call_later(self._period, self._sweep) if self._asked or self._idle else None
        )
