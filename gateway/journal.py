"""One line in the log and one count for each operation, once it is over: never its text or its values."""

import hashlib
import time
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog

from gateway import metrics, traces
from gateway.traces import Traces
from resolvers.context import Context
from resolvers.principal import Role
from schema.documents import Documents

if TYPE_CHECKING:
    from opentelemetry.trace import Span

# Of all names that were ever seen, since a client may send any; what comes later is "other".
MOST_NAMES: Final = 200
# Customers' pages may use half of them, so that no page can take the shop's own away.
_MOST_OF_CUSTOMERS: Final = 100
_MOST_CHARGES: Final = 10
_MOST_DIGITS: Final = 8

Loudness = Literal["all", "changes", "errors"]
Way = Literal["http", "sse", "socket"]

# To find a series by its labels takes longer than to count in it, and labels are bounded.
_ended = cache(metrics.OPERATIONS.labels)
_lasted = cache(metrics.OPERATION_SECONDS.labels)

_log = structlog.get_logger("gateway.operation")


class Entry:
    """An operation under way, as it will be told of."""

    __slots__ = (
        "asked_name",
        "begun",
        "charges",
        "code",
        "context",
        "ran",
        "request_id",
        "span",
        "text",
        "way",
    )

    def __init__(self, request_id: str, way: Way) -> None:
        self.request_id = request_id
        self.way = way
        self.begun = time.perf_counter()
        self.context: Context | None = None
        self.text = ""
        self.asked_name: str | None = None
        # What it is as long as nothing went to the client.
        self.code: str | None = "CANCELLED"
        self.ran = False
        self.charges: list[dict[str, str | None]] = []
        self.span: Span | None = None

    def runs(self, text: str, asked_name: str | None, context: Context) -> None:
        """It has got as far as being run."""
        self.text, self.asked_name, self.context = text, asked_name, context

    def answered(self, content: Mapping[str, Any]) -> None:
        """What went to the client: `errors` make the outcome, the worst of them first."""
        codes = [error["extensions"].get("code", "") for error in content.get("errors", ())]
        self.ran = "data" in content
        self.code = "INTERNAL" if "INTERNAL" in codes else (codes[0] if codes else None)

    def settled(self, facts: dict[str, str | None]) -> None:
        """It changed a charge."""
        if len(self.charges) < _MOST_CHARGES:
            self.charges.append(facts)


_current: ContextVar[Entry | None] = ContextVar("entry", default=None)


def note_charge(charge_id: str, order_no: str, trade_no: str | None) -> None:
    """A charge was changed, by the present operation if there is one."""
    entry = _current.get()
    if entry is not None:
        entry.settled({"charge_id": charge_id, "order_no": order_no, "trade_no": trade_no})


class Journal:
    """Begins entries and tells of them. `loudness` says of which: all, those that may change
    something or failed, or those that failed. Where there are `traces`, each is a span too."""

    def __init__(
        self, documents: Documents, loudness: Loudness, traces: Traces | None = None
    ) -> None:
        self._traces = traces
        self._documents = documents
        self._loudness = loudness
        self._names: set[str] = set()
        self._by_customers = 0
        self._described = lru_cache(512)(self._describe)

    def begin(self, request_id: str, way: Way, traceparent: str = "") -> Entry:
        """From here on, whatever this task does belongs to this operation, and that to the trace which
        the header `traceparent` names."""
        entry = Entry(request_id, way)
        _current.set(entry)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        metrics.OPERATIONS_IN_FLIGHT.inc()
        if self._traces is not None:
            entry.span = self._traces.begin(traceparent)
        return entry

    def end(self, entry: Entry) -> None:
        """Count it, and tell of it."""
        seconds = time.perf_counter() - entry.begun
        metrics.OPERATIONS_IN_FLIGHT.dec()
        context, outcome = entry.context, (entry.code or "ok").lower()
        principal = context.caller.principal if context else None
        kind, name, digest = "none", "", ""
        # A stop may cut off what has begun to ask Asiabill: that ran, though nothing of it went out.
        ran = entry.ran or (context is not None and context.cost.upstream_calls > 0)
        if ran:
            # Such a document is kept, so reading it again costs nothing.
            kind, name, digest = self._described(entry.text, entry.asked_name)
        label = self._bounded(name, principal.role if principal else None, entry.code)
        _ended(label, outcome).inc()
        if entry.way == "http":
            _lasted(label).observe(seconds)
        told = entry.code is not None or not (
            self._loudness == "errors" or (self._loudness == "changes" and kind == "query")
        )
        if not told and entry.span is None:
            return
        facts: dict[str, Any] = {
            "operation": name[:100],
            "kind": kind,
            "document": digest,
            "way": entry.way,
            "outcome": outcome,
            "ms": round(seconds * 1000, 1),
            "upstream_calls": context.cost.upstream_calls if context else 0,
            "role": principal.role.value if principal else None,
            "account": principal.account if principal else None,
            "request_id": entry.request_id,
        }
        for number, charge in enumerate(_once(entry.charges)):
            # Flat, so that one word finds an order in any tool.
            suffix = f"_{number + 1}" if number else ""
            facts |= {f"{key}{suffix}": value for key, value in charge.items() if value}
        if entry.span is not None:
            shown = f"{kind} {name[:100]}".strip() if ran else "operation"
            traces.end(entry.span, shown, entry.code is not None, facts)
        if told:
            _log.info("operation", **facts)

    def _describe(self, text: str, asked_name: str | None) -> tuple[str, str, str]:
        """Kind, name, and the first half of the text's SHA-256."""
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
        try:
            node = self._documents.read(text).operation(asked_name).node
        except Exception:  # noqa: BLE001 whatever is wrong with it, the client has been told
            return "none", "", digest
        name = node.name.value if node.name else ""
        # A card's number can be a name too, with or without underscores.
        told = sum(letter.isdigit() for letter in name) <= _MOST_DIGITS
        return node.operation.value, name if told else "", digest

    def _bounded(self, name: str, role: Role | None, code: str | None) -> str:
        """A label: the name where it is known or may become so."""
        if name in self._names:
            return name
        if not name:
            return "anonymous"
        of_customer = role is Role.CUSTOMER
        if (
            role is None
            or code is not None
            or len(self._names) >= MOST_NAMES
            or (of_customer and self._by_customers >= _MOST_OF_CUSTOMERS)
        ):
            return "other"
        self._names.add(name)
        self._by_customers += of_customer
        return name


def _once(charges: list[dict[str, str | None]]) -> list[dict[str, str | None]]:
    """The last word on each charge."""
    return list({charge["charge_id"]: charge for charge in charges}.values())
