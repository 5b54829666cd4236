"""Asiabill's verified notifications as a stream that can be resumed."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from enum import Enum

from ledger import Charge, Notification
from resolvers.context import Context
from resolvers.failure import BadUserInput

_BATCH = 100
_LOOK_AGAIN_SECONDS = 60.0


class EventType(Enum):
    """What happened, in this API's words."""

    TRANSACTION_SUCCESS = "transaction.success"
    TRANSACTION_FAIL = "transaction.fail"
    TRANSACTION_PENDING = "transaction.pending"
    TRANSACTION_CLEAR = "transaction.clear"


@dataclass(frozen=True, slots=True)
class Event:
    """A notification and the charge that it is about, where the ledger has it."""

    notification: Notification
    type: EventType
    charge: Charge | None


async def stream(
    context: Context, types: Collection[EventType] | None, after: str | None
) -> AsyncIterator[Event]:
    """What was received after `after` (an event's id), then what comes; from now on without it."""
    account, ledger = context.account.name, context.ledger
    wanted = [event.value for event in (types or EventType)]
    if after is None:
        seen = await ledger.last_event_id(account)
    elif after.isdecimal() and len(after) < 19:
        seen = int(after)
    else:
        raise BadUserInput("after is not an event's id.")
    async with ledger.watch(account, notifications=True) as watch:
        while True:
            batch = await ledger.events_after(account, wanted, seen, limit=_BATCH)
            ids = {found.charge_id for found in batch if found.charge_id}
            charges = await ledger.charges(account, ids) if ids else {}
            for found in batch:
                seen = found.id
                yield Event(found, EventType(found.type), charges.get(found.charge_id or ""))
            if len(batch) < _BATCH:
                await watch.wait(_LOOK_AGAIN_SECONDS)
