"""What the rooms below tell of as it happens, made into lines of the log and counts."""

from functools import cache

import structlog

from clients.asiabill import Call
from gateway import journal, metrics, traces
from ledger import RefundSettled, Settled
from resolvers.cost import count_upstream_call

_LIST_HIT = metrics.CARD_LISTS.labels("hit")
_LIST_MISS = metrics.CARD_LISTS.labels("miss")

# To find a series by its labels takes longer than to count in it. There is one for each endpoint.
_ended = cache(metrics.UPSTREAM_CALLS.labels)
_lasted = cache(metrics.UPSTREAM_SECONDS.labels)

_log = structlog.get_logger("gateway")


def called(call: Call) -> None:
    """A call to Asiabill began, or ended. Reads that were answered make no line: they are many."""
    traces.called(call)
    if call.outcome is None:
        count_upstream_call()
        metrics.UPSTREAM_IN_FLIGHT.inc()
        return
    metrics.UPSTREAM_IN_FLIGHT.dec()
    _ended(call.endpoint, call.outcome.value).inc()
    if call.seconds is not None:
        _lasted(call.endpoint).observe(call.seconds)
    answered = call.outcome.value == "answered"
    if answered and call.endpoint.startswith("GET "):
        return
    tell = _log.info if answered else _log.warning
    tell(
        "call",
        endpoint=call.endpoint,
        outcome=call.outcome.value,
        ms=round((call.seconds or 0.0) * 1000, 1),
        gateway_no=call.gateway_no,
        upstream_request_id=call.request_id,
    )


def list_wanted(hit: bool) -> None:
    """Somebody wanted a card list, while lists are kept."""
    (_LIST_HIT if hit else _LIST_MISS).inc()


def limited(name: str) -> None:
    """A limit against card testing refused somebody."""
    metrics.LIMITED.labels(name).inc()
    _log.warning("rate limited", limit=name)


def circuit_changed(account: str, base: str, is_open: bool) -> None:
    """Asiabill was found down, or back."""
    metrics.CIRCUIT.labels(account, base).set(is_open)
    if is_open:
        metrics.CIRCUIT_OPENINGS.labels(account, base).inc()


def charge_settled(settled: Settled) -> None:
    """One line and one count for each change of a charge; an alarm is an error in the log."""
    charge, step = settled.charge, settled.transition
    facts = {
        "account": charge.account,
        "charge_id": charge.id,
        "order_no": charge.order_no,
        "trade_no": charge.trade_no,
        "status": charge.status.value,
    }
    journal.note_charge(charge.id, charge.order_no, charge.trade_no)
    if step.applied:
        metrics.CHARGE_CHANGES.labels(charge.status.value).inc()
        _log.info("charge", **facts)
    if step.alarm is not None:
        metrics.CHARGE_ALARMS.labels(step.alarm.value).inc()
        _log.error("charge alarm", alarm=step.alarm.value, note=step.note, **facts)


def refund_settled(settled: RefundSettled) -> None:
    """The same of a refund."""
    refund, step = settled.refund, settled.transition
    facts = {
        "account": refund.account,
        "refund_id": refund.id,
        "charge_id": refund.charge_id,
        "batch_no": refund.batch_no,
        "status": refund.status.value,
    }
    if step.applied:
        metrics.REFUND_CHANGES.labels(refund.status.value).inc()
        _log.info("refund", **facts)
    if step.alarm is not None:
        metrics.REFUND_ALARMS.labels(step.alarm.value).inc()
        _log.error("refund alarm", alarm=step.alarm.value, note=step.note, **facts)
