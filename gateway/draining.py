"""Stopping in order: first say that no more should come, then let what is under way end."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Draining:
    """Whether this process is stopping, and the streams that must end then.

    `seconds` is how long it goes on taking requests after SIGTERM, while `/readyz` already says no:
    a balancer needs that time to send them elsewhere.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._streams: set[asyncio.Timeout] = set()
        self._closing = False
        self.begun = False

    @contextmanager
    def heeding(self) -> Iterator[None]:
        """Stand before the server's own handler of SIGTERM, which comes after us."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

        def stop(number: int, frame: FrameType | None) -> None:
            def end() -> None:
                if callable(before):
                    before(number, frame)

            loop.call_soon_threadsafe(self._begin, end)

        signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    @contextmanager
    def ending(self, stream: asyncio.Timeout) -> Iterator[None]:
        """Let a stream end by its time-out when the process stops."""
        if self._closing:
            # Its client came back to us before the port was closed; it must not hold up the end.
            stream.reschedule(0)
        self._streams.add(stream)
        try:
            yield
        finally:
            self._streams.discard(stream)

    def _begin(self, end: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        if self.begun:
            # Told a second time: at once.
            end()
            return
        self.begun = True
        loop.call_later(self._seconds, self._end_streams)
        loop.call_later(self._seconds, end)

    def _end_streams(self) -> None:
        self._closing = True
        for stream in self._streams:
            if not stream.expired():
                stream.reschedule(0)
