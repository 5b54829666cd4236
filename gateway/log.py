"""Structured logs: JSON lines, or colours on a terminal. Nothing leaves unscrubbed."""

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
# No card, key or token is shorter.
_SHORTEST = 11


class _Steadfast(io.TextIOBase):
    """Standard error, but for its failures: a log that cannot be written must not fail a payment."""

    def write(self, text: str) -> int:
        """Writes what it can."""
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Flushes if it can."""
        with suppress(OSError, ValueError):
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
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _scrub,
    ]
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # All that it uses of a TextIO.
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Steadfast())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_Steadfast())
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
            event[name] = scrubbed(value)[:_LONGEST]
        elif not isinstance(value, int | float | bool | None):
            event[name] = scrubbed(str(value))[:_LONGEST]
    return event
