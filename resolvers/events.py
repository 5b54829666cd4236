"""Asiabill's verified notifications as a stream that can be resumed."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from ledger import Charge, Chargeback, Notification, Refund
from resolvers import chargebacks, refund_reports
from resolvers.context import Context
from resolvers.failure import BadUserInput

_BATCH = 100
_LOOK_AGAIN_SECONDS = 60.0
# News is stored first and told to its charge a moment later. Whoever hears of it is to see the charge
# as it is after that; what waits for longer is shown as it is.
_APPLIED_SECONDS = 5.0


class EventType(Enum):
    """What happened, in this API's words."""

    TRANSACTION_SUCCESS = "transaction.success"
    TRANSACTION_FAIL = "transaction.fail"
    TRANSACTION_PENDING = "transaction.pending"
    TRANSACTION_CLEAR = "transaction.clear"
    PREAUTH_CAPTURED = "pre-authorized.captured"
    PREAUTH_VOID = "pre-authorized.void"
    REFUND_SUCCESS = "refund.success"
    REFUND_FAIL = "refund.fail"
    CHARGEBACK = chargebacks.NOTICE


@dataclass(frozen=True, slots=True)
class Event:
    """A notification and what it is about, where the ledger has it."""

    notification: Notification
    type: EventType
    charge: Charge | None
    refund: Refund | None = None
    chargeback: Chargeback | None = None


async def stream(
    context: Context, types: Collection[EventType] | None, after: str | None
) -> AsyncIterator[Event]:
    """What was received after `after` (an event's id), then what comes; from now on without it."""
    account, ledger = context.account.name, context.ledger
    wanted = [event.value for event in (types or EventType)]
    if after is None:
        seen = await ledger.notifications.last_id(account)
    elif after.isdecimal() and len(after) < 19:
        seen = int(after)
        if seen < (kept_after := await ledger.notifications.pruned_id(account)):
            raise BadUserInput(
                f"Not all events after that one are kept. Read the charges up to now, then resume "
                f"after {kept_after}."
            )
    else:
        raise BadUserInput("after is not an event's id.")
    async with ledger.watch(account, notifications=True) as watch:
        while True:
            batch = await ledger.notifications.after(account, wanted, seen, limit=_BATCH)
            ready = _applied(batch, context.now())
            for event in await _events(context, ready):
                seen = event.notification.id
                context.renew()
                yield event
            if len(ready) < len(batch):
                await watch.wait(_APPLIED_SECONDS)
            elif len(batch) < _BATCH:
                await watch.wait(_LOOK_AGAIN_SECONDS)


def _applied(batch: Sequence[Notification], now: datetime) -> Sequence[Notification]:
    """Those before the first one that is still being told to its charge."""
    for place, found in enumerate(batch):
        young = now - found.received_at < timedelta(seconds=_APPLIED_SECONDS)
        if found.charge_id is not None and found.applied_at is None and young:
            return batch[:place]
    return batch


async def _events(context: Context, batch: Sequence[Notification]) -> list[Event]:
    account, ledger = context.account.name, context.ledger
    ids = {found.charge_id for found in batch if found.charge_id}
    charges = await ledger.charges(account, ids) if ids else {}
    ids = {
        found.charge_id for found in batch if found.charge_id and refund_reports.is_refund(found)
    }
    refunds = await ledger.refunds.of_charges(account, ids) if ids else {}
    disputes = await chargebacks.of_notifications(ledger, account, batch)
    return [
        Event(
            found,
            EventType(found.type),
            charges.get(found.charge_id or ""),
            refund_reports.named(found, refunds.get(found.charge_id or "", [])),
            disputes.get(found.id),
        )
        for found in batch
    ]
