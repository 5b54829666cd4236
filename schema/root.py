"""The whole schema, put together from its nouns."""

from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import GraphQLError, OperationType
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError

from resolvers.context import Context
from resolvers.failure import Failure
from schema.cards import CardMutation, CardQuery
from schema.charge_list import ChargeListQuery
from schema.chargebacks import ChargebackQuery
from schema.charges import ChargeMutation, ChargeQuery, ChargeSubscription
from schema.checkout import CheckoutMutation
from schema.customers import CustomerMutation, CustomerQuery
from schema.documents import Checked, Documents, Wrong
from schema.events import EventSubscription
from schema.executor import Executor
from schema.hidden_names import HiddenNames
from schema.intents import IntentMutation, IntentQuery
from schema.refunds import RefundMutation, RefundQuery
from schema.scalar import SCALARS
from schema.sessions import SessionMutation, SessionQuery
from schema.shipment import ShipmentMutation
from schema.transactions import TransactionQuery
from schema.user_error import (
    IdempotencyError,
    InputError,
    NotAllowedError,
    RateLimitError,
    UpstreamError,
)

Query = merge_types(
    "Query",
    (
        SessionQuery,
        CustomerQuery,
        CardQuery,
        IntentQuery,
        ChargeQuery,
        ChargeListQuery,
        TransactionQuery,
        RefundQuery,
        ChargebackQuery,
    ),
)
Mutation = merge_types(
    "Mutation",
    (
        SessionMutation,
        IntentMutation,
        CustomerMutation,
        CardMutation,
        ChargeMutation,
        CheckoutMutation,
        ShipmentMutation,
        RefundMutation,
    ),
)
Subscription = merge_types("Subscription", (ChargeSubscription, EventSubscription))


class Schema(strawberry.Schema):
    """Strawberry's schema with our own look at documents, and without its own logging: errors go
    through `schema.failure` alone."""

    def __init__(self, *, introspection: bool, plans: bool, **parts: Any) -> None:
        super().__init__(**parts)
        self._plans = plans
        self.documents = Documents(self._schema, introspection=introspection)
        self._hidden = None if introspection else HiddenNames(self._schema)

    async def run(
        self,
        text: str,
        variables: Mapping[str, Any] | None,
        context: Context,
        operation_name: str | None,
        *,
        queries_only: bool = False,
    ) -> ExecutionResult | None:
        """The result by the operation's plan, or what is wrong with the document; None where
        `execute` must find it, and nothing was begun: for what plans can't do."""
        if not self._plans:
            return None
        try:
            operation = self.documents.read(text).operation(operation_name)
            if queries_only and operation.node.operation is not OperationType.QUERY:
                return None
            plan = operation.planned.get()
            if plan is None:
                return None
            operation.admit(variables, context.cost)
        except Wrong as wrong:
            if queries_only:
                # What is no query is told first, whatever else is wrong with it.
                return None
            # Told from here: to find it again would cost as much again.
            self.process_errors(wrong.errors)
            return PreExecutionError(data=None, errors=wrong.errors)
        except Failure:
            return None
        result = await plan.execute(context, variables or {})
        if result is not None and result.errors:
            self.process_errors(result.errors)
        return result

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Takes the names out of errors where the schema is not to be explored, and logs nothing.

        Strawberry would log each client's typo, and the query with its literals. Its own setting
        hides the suggestions for misspelt fields and leaves those for arguments and types.
        """
        if self._hidden is not None:
            self._hidden.take_out(errors)


def build(*, introspection: bool = True, plans: bool = True) -> Schema:
    """A schema of its own. Nothing is shared with another one."""
    return Schema(
        introspection=introspection,
        plans=plans,
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[InputError, NotAllowedError, IdempotencyError, RateLimitError, UpstreamError],
        extensions=[Checked],
        execution_context_class=Executor,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not introspection),
    )
