"""graphql-core's executor, which forgets what it worked out for an event when the event is over."""

from typing import Any

from graphql.execution import executor
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class Executor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core 3.3 gives the executors of all events of a subscription one memo of collected
    fields. Its keys are lists made anew for each event: it is never hit by a later one, and grows for
    as long as the subscription lives (some 2 KB an event)."""

    def build_per_event_executor(self, payload: Any) -> executor.Executor[Any]:
        """As graphql-core does it, with a memo of its own."""
        of_event = super().build_per_event_executor(payload)
        # There is no public way to it.
        of_event._relevant_sub_fields = {}  # noqa: SLF001
        return of_event
