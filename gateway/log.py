"""Structured logs: JSON lines, or colours on a terminal. Nothing leaves unscrubbed."""

import asyncio
import atexit
import io
import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import msgspec
import structlog

from gateway.scrub import scrubbed

_LONGEST = 2000
# Lines of several processes do not mix where each write is at most a pipe's PIPE_BUF.
_AT_ONCE = 4096
# No card, key or token is shorter.
_SHORTEST = 11
_HARMLESS = (int, float, bool, type(None))


class _Steadfast(io.TextIOBase):
    """Standard error, but for its failures: a log that cannot be written must not fail a payment.

    What one turn of the event loop tells is written together at its end, since a line alone costs a
    visit to the system. Elsewhere, and in other threads, each is written at once.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[str] = []
        atexit.register(self._write_waiting)

    def write(self, text: str) -> int:
        """Writes what it can, soon."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            _write(text)
            return len(text)
        if not self._waiting or loop is not self._loop:
            self._loop = loop
            loop.call_soon(self._write_waiting)
        self._waiting.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing: what waits has its turn already."""

    def _write_waiting(self) -> None:
        texts, self._waiting = self._waiting, []
        together = ""
        for text in texts:
            if together and len(together) + len(text) > _AT_ONCE:
                _write(together)
                together = ""
            together += text
        if together:
            _write(together)


def _write(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def configure() -> None:
    """Set up structlog and the standard library's logging, once for a process."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(serializer=_json)
    )
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        _scrub,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    out = _Steadfast()
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # All that it uses of a TextIO.
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, out)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    # Libraries at WARNING and above: below it httpx logs URLs and uvicorn whole requests.
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _json(event: object, **_options: object) -> str:
    """As json.dumps does, and quicker: there is a line for each operation."""
    return msgspec.json.encode(event, enc_hook=str).decode()


def _scrub(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            if len(value) < _SHORTEST:
                continue
            text = scrubbed(value)
            # The last lines of a traceback say what went wrong, and where.
            event[name] = text[-_LONGEST:] if name == "exception" else text[:_LONGEST]
        elif not isinstance(value, _HARMLESS):
            event[name] = scrubbed(str(value))[:_LONGEST]
    return event
