"""What is counted, for `/metrics`. No label grows without bound."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ledger import Alarm

REGISTRY = CollectorRegistry()

_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 45.0)

OPERATIONS = Counter(
    "gateway_operations_total",
    "Operations by name and outcome: ok, or the code of the worst error.",
    ["operation", "outcome"],
    registry=REGISTRY,
)
OPERATION_SECONDS = Histogram(
    "gateway_operation_seconds",
    "Time of queries and mutations, from the request's head to the answer's.",
    ["operation"],
    buckets=_FAST,
    registry=REGISTRY,
)
OPERATIONS_IN_FLIGHT = Gauge(
    "gateway_operations_in_flight",
    "Operations that are being answered, streams included.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
SUBSCRIBERS = Gauge(
    "gateway_subscribers",
    "Open subscriptions, on sockets and as server-sent events.",
    ["way"],
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
TASKS = Gauge(
    "gateway_tasks",
    "Tasks of the process that served the page: they come and go with its work, and never only come.",
    registry=REGISTRY,
    multiprocess_mode="mostrecent",
)
UPSTREAM_SECONDS = Histogram(
    "gateway_upstream_call_seconds",
    "Time of calls to Asiabill, answered or not.",
    ["endpoint"],
    buckets=_FAST,
    registry=REGISTRY,
)
UPSTREAM_IN_FLIGHT = Gauge(
    "gateway_upstream_calls_in_flight",
    "Calls to Asiabill that are under way.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
UNSETTLED = Gauge(
    "gateway_unsettled",
    "Charges and refunds that were sent and whose end is not known, by status.",
    ["account", "kind", "status"],
    registry=REGISTRY,
    multiprocess_mode="mostrecent",
)
UNSETTLED_AGE = Gauge(
    "gateway_unsettled_oldest_seconds",
    "Age of the oldest of them; 0 where there is none. What an on-call person watches.",
    ["account", "kind", "status"],
    registry=REGISTRY,
    multiprocess_mode="mostrecent",
)
LEDGER_UP = Gauge(
    "gateway_ledger_up",
    "1 where the ledger could be read for this page.",
    registry=REGISTRY,
    multiprocess_mode="mostrecent",
)

UPSTREAM_CALLS = Counter(
    "gateway_upstream_calls_total",
    "Calls to Asiabill by endpoint and outcome.",
    ["endpoint", "outcome"],
    registry=REGISTRY,
)
CIRCUIT = Gauge(
    "gateway_upstream_circuit_open",
    "1 while Asiabill is taken for down and calls end before they are sent.",
    ["account", "base"],
    registry=REGISTRY,
    # Each process has its own opinion; one that can't reach Asiabill is worth looking at.
    multiprocess_mode="livemax",
)
CIRCUIT_OPENINGS = Counter(
    "gateway_upstream_circuit_openings_total",
    "How often Asiabill was found down.",
    ["account", "base"],
    registry=REGISTRY,
)
CLOCK_SKEW = Gauge(
    "gateway_clock_skew_seconds",
    "How far this machine's clock is ahead of Asiabill's, by its last answer; at 600 it refuses.",
    registry=REGISTRY,
    multiprocess_mode="mostrecent",
)
CHARGE_CHANGES = Counter(
    "gateway_charge_changes_total",
    "Changes of charges by the status that they came to.",
    ["status"],
    registry=REGISTRY,
)
CHARGE_ALARMS = Counter(
    "gateway_charge_alarms_total",
    "News of a charge that no rule can put right; a person must look.",
    ["alarm"],
    registry=REGISTRY,
)
REFUND_CHANGES = Counter(
    "gateway_refund_changes_total",
    "Changes of refunds by the status that they came to.",
    ["status"],
    registry=REGISTRY,
)
REFUND_ALARMS = Counter(
    "gateway_refund_alarms_total",
    "News of a refund that no rule can put right; a person must look.",
    ["alarm"],
    registry=REGISTRY,
)
WEBHOOKS = Counter(
    "gateway_webhooks_total",
    "Notifications by what became of them: new, repeat, forged, malformed, unavailable.",
    ["type", "outcome"],
    registry=REGISTRY,
)
LOOKUPS = Counter(
    "gateway_lookups_total",
    "Look-ups of charges and refunds in doubt: answered or unanswered.",
    ["outcome"],
    registry=REGISTRY,
)


CARD_LISTS = Counter(
    "gateway_card_lists_total",
    "Card lists that were kept from a read before (hit), or were asked for (miss).",
    ["outcome"],
    registry=REGISTRY,
)
LIMITED = Counter(
    "gateway_rate_limited_total",
    "Calls refused by a limit against card testing.",
    ["limit"],
    registry=REGISTRY,
)

# Shown as 0 from the start: Prometheus sees no increase in a series that begins with its first event.
for _alarm in Alarm:
    CHARGE_ALARMS.labels(_alarm.value)
    REFUND_ALARMS.labels(_alarm.value)
for _outcome in ("answered", "unanswered"):
    LOOKUPS.labels(_outcome)


@contextmanager
def listening(way: Literal["sse", "socket"]) -> Iterator[None]:
    """Count one more subscriber while it lasts."""
    subscribers = SUBSCRIBERS.labels(way)
    subscribers.inc()
    try:
        yield
    finally:
        subscribers.dec()
