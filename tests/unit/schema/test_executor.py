"""A subscription may live for years: what an event took is given back."""

import tracemalloc
from collections.abc import AsyncIterator

import pytest
import strawberry
from strawberry.types import ExecutionResult

from schema.executor import Executor

EVENTS = 1000


@strawberry.type
class Charge:
    id: str


@strawberry.type
class Event:
    charge: Charge


@strawberry.type
class Query:
    ready: bool = True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def events(self) -> AsyncIterator[Event]:
        for number in range(EVENTS):
            yield Event(charge=Charge(id=str(number)))


@pytest.mark.anyio
async def test_a_subscription_keeps_nothing_of_its_events() -> None:
    schema = strawberry.Schema(Query, subscription=Subscription, execution_context_class=Executor)
    events = await schema.subscribe("subscription { events { charge { id } } }")
    assert not isinstance(events, ExecutionResult)
    taken = []
    tracemalloc.start()
    try:
        number = 0
        async for event in events:
            assert isinstance(event, ExecutionResult)
            assert event.data == {"events": {"charge": {"id": str(number)}}}
            number += 1
            # The first hundred may fill what is kept once.
            if number in (100, EVENTS):
                taken.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    grown = (taken[1] - taken[0]) / (EVENTS - 100)
    assert grown < 100, f"{grown:.0f} bytes an event"
