"""Running one operation of a document."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension


class OperationNamed(SchemaExtension):
    """Refuses a document of several operations without an operationName.

    Strawberry would run the first of them, and the first may be the one that takes money.
    """

    def on_validate(self) -> Iterator[None]:
        """Adds the error that the GraphQL specification asks for."""
        context = self.execution_context
        document = context.graphql_document
        # Its public form already falls back to the first operation's name.
        asked = context._provided_operation_name  # noqa: SLF001
        operations = [
            node
            for node in (document.definitions if document else ())
            if isinstance(node, OperationDefinitionNode)
        ]
        if asked is None and len(operations) > 1:
            message = "The document has several operations: operationName must name one."
            context.pre_execution_errors = [GraphQLError(message)]
        yield
