"""Structured logs: JSON lines, or colours on a terminal. Nothing leaves unscrubbed."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from gateway.scrub import scrubbed

_LONGEST = 2000


def configure() -> None:
    """Set up structlog and the standard library's logging, once for a process."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
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
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    # Libraries at WARNING and above: below it httpx logs URLs and uvicorn whole requests.
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _scrub(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = scrubbed(value)[:_LONGEST]
        elif not isinstance(value, int | float | bool | None):
            event[name] = scrubbed(str(value))[:_LONGEST]
    return event
