"""The whole schema, put together from its nouns."""

import re
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection, ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from schema.cards import CardMutation, CardQuery
from schema.charges import ChargeMutation, ChargeQuery, ChargeSubscription
from schema.checkout import CheckoutMutation
from schema.customers import CustomerMutation, CustomerQuery
from schema.events import EventSubscription
from schema.intents import IntentMutation, IntentQuery
from schema.operation import OperationNamed
from schema.scalar import SCALARS
from schema.sessions import SessionMutation, SessionQuery
from schema.user_error import IdempotencyError, InputError, UpstreamError

Query = merge_types("Query", (SessionQuery, CustomerQuery, CardQuery, IntentQuery, ChargeQuery))
Mutation = merge_types(
    "Mutation",
    (
        SessionMutation,
        IntentMutation,
        CustomerMutation,
        CardMutation,
        ChargeMutation,
        CheckoutMutation,
    ),
)
Subscription = merge_types("Subscription", (ChargeSubscription, EventSubscription))

# Documents kept parsed and validated; an app has a few dozen.
_DOCUMENTS = 512

_SUGGESTION = re.compile(r" Did you mean [^?]*\?")


class Schema(strawberry.Schema):
    """Strawberry's schema without its own logging: errors go through `schema.failure` alone."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Takes the names out of errors where the schema is not to be explored, and logs nothing.

        Strawberry would log each client's typo, and the query with its literals. Its own setting
        hides the suggestions for misspelt fields and leaves those for arguments and types.
        """
        if self.config.disable_field_suggestions:
            for error in errors:
                error.message = _SUGGESTION.sub("", error.message)


def build(*, introspection: bool = True) -> Schema:
    """A schema of its own, with nothing shared but the parsed documents."""
    extensions: list[Any] = [
        lambda: ParserCache(maxsize=_DOCUMENTS),
        lambda: ValidationCache(maxsize=_DOCUMENTS),
        # After the cache, which writes the errors of a document anew for each operation.
        OperationNamed,
    ]
    if not introspection:
        # First in the list, so that its rule is there when the cached validation runs.
        extensions.insert(0, DisableIntrospection)
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[InputError, IdempotencyError, UpstreamError],
        extensions=extensions,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not introspection),
    )
