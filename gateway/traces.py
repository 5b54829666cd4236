"""Spans of an operation or a work of the gateway's own, and of what it causes, sent by OTLP: the extra
`[otel]`, off unless asked for.

A span has names, counts and ids; never a document, an argument or an answer. Whoever is in no traced
operation pays one look at a variable.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from clients.asiabill import Call
from resolvers.loader import watch_dispatches

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanKind, Tracer

NAME: Final = "asiabill-gateway"
_FLUSH_SECONDS: Final = 2.0

# What new spans belong to. The transport and the ledger call back from tasks that copy the caller's
# context, so a variable finds it.
_above: ContextVar["tuple[Tracer, Context] | None"] = ContextVar("span", default=None)
# Of calls to Asiabill under way, by their ids: one may end where its caller is gone.
_calls: dict[str, "Span"] = {}


def installed() -> bool:
    """Whether the extra is there."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http.trace_exporter") is not None
    except ModuleNotFoundError:
        return False


class Traces:
    """The way to the collector, which OTEL_EXPORTER_OTLP_ENDPOINT and its relatives name."""

    def __init__(self) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        name = os.environ.get("OTEL_SERVICE_NAME", NAME)
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: name}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(NAME)

    def begin(self, traceparent: str) -> "Span | None":
        """From here on, whatever this task does belongs to this operation, and the operation to the
        trace that `traceparent` names. None where it is not sampled."""
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        # Not `tracestate`, in which a stranger could write anything.
        given = {"traceparent": traceparent}
        parent = TraceContextTextMapPropagator().extract(given, Context())
        span = self._tracer.start_span("operation", parent, SpanKind.SERVER)
        if not span.is_recording():
            _above.set(None)
            return None
        _above.set((self._tracer, set_span_in_context(span, Context())))
        watch_dispatches(dispatch)
        return span

    @contextmanager
    def work(self, name: str, facts: Mapping[str, Any]) -> Iterator[None]:
        """What is done in here, for no operation, is a trace of its own."""
        from opentelemetry.context import Context

        span = self._tracer.start_span(name, Context(), attributes=facts)
        if not span.is_recording():
            yield
            return
        with _inside(self._tracer, span):
            yield

    async def aclose(self) -> None:
        """Send what is left, for a short while: a collector that is not there must hold nobody up.

        The exporter heeds no time that it is given, and its thread dies with the process.
        """
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, _FLUSH_SECONDS)


def end(span: "Span", name: str, failed: bool, facts: Mapping[str, Any]) -> None:
    """End an operation's span, with the facts of its line in the log."""
    from opentelemetry.trace import StatusCode

    span.update_name(name)
    span.set_attributes({f"gateway.{key}": value for key, value in facts.items() if value})
    if failed:
        span.set_status(StatusCode.ERROR)
    span.end()


def work(traces: Traces | None, name: str, **facts: Any) -> AbstractContextManager[None]:
    """As `Traces.work`, where there are any; the facts' names are given without our prefix."""
    if traces is None:
        return nullcontext()
    return traces.work(name, {f"gateway.{key}": value for key, value in facts.items()})


@contextmanager
def dispatch(keys: int) -> Iterator[None]:
    """A loader asks for so many keys at once."""
    with _span("loader dispatch", {"gateway.keys": keys}):
        yield


@contextmanager
def transaction(kind: str, work: Callable[..., object]) -> Iterator[None]:
    """The ledger runs a transaction: `kind` is read or write, the function's name says which."""
    if _above.get() is None:
        yield
        return
    name = getattr(work, "__qualname__", type(work).__qualname__).partition(".<locals>")[0]
    with _span(f"ledger {kind}", {"code.function.name": name}):
        yield


def called(call: Call) -> None:
    """A call to Asiabill began, or ended."""
    if call.outcome is None:
        if (above := _above.get()) is not None:
            _calls[call.request_id] = _begun(above, call.endpoint, _client(), {})
    elif _calls and (span := _calls.pop(call.request_id, None)) is not None:
        from opentelemetry.trace import StatusCode

        span.set_attribute("gateway.outcome", call.outcome.value)
        span.set_attribute("gateway.upstream_request_id", call.request_id)
        if call.outcome.value != "answered":
            span.set_status(StatusCode.ERROR)
        span.end()


@contextmanager
def _span(name: str, facts: Mapping[str, Any]) -> Iterator[None]:
    above = _above.get()
    if above is None:
        yield
        return
    with _inside(above[0], _begun(above, name, None, facts)):
        yield


@contextmanager
def _inside(tracer: "Tracer", span: "Span") -> Iterator[None]:
    """New spans stand below this one, which ends with it."""
    from opentelemetry.context import Context
    from opentelemetry.trace import StatusCode, set_span_in_context

    token = _above.set((tracer, set_span_in_context(span, Context())))
    try:
        yield
    except BaseException as error:
        # Its text may quote what was asked.
        span.set_status(StatusCode.ERROR, type(error).__name__)
        raise
    finally:
        _above.reset(token)
        span.end()


def _begun(
    above: "tuple[Tracer, Context]", name: str, kind: "SpanKind | None", facts: Mapping[str, Any]
) -> "Span":
    from opentelemetry.trace import SpanKind

    tracer, context = above
    return tracer.start_span(name, context, kind or SpanKind.INTERNAL, attributes=facts)


def _client() -> "SpanKind":
    from opentelemetry.trace import SpanKind

    return SpanKind.CLIENT
