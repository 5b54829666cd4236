"""What is counted, for `/metrics`. No label grows without bound."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response

REGISTRY = CollectorRegistry()

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
    ["outcome"],
    registry=REGISTRY,
)
LOOKUPS = Counter(
    "gateway_lookups_total",
    "Look-ups of charges and refunds in doubt: answered or unanswered.",
    ["outcome"],
    registry=REGISTRY,
)


LIMITED = Counter(
    "gateway_rate_limited_total",
    "Calls refused by a limit against card testing.",
    ["limit"],
    registry=REGISTRY,
)


async def page(_request: Request) -> Response:
    """The counts of this process, for Prometheus."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
