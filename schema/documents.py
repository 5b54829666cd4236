"""Documents parsed, measured and validated once, however often they are sent.

The order is that of cost: a document is cut off after 1,000 tokens, then measured by one linear walk,
and only what is within the limits is worth graphql-core's validation.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    TokenKind,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from resolvers.context import Context
from resolvers.cost import Cost
from resolvers.failure import BadUserInput, Failure, LimitExceeded
from schema.limits import (
    MAX_COMMENTS,
    MAX_FRAGMENTS,
    MAX_OPERATIONS,
    MAX_TOKENS,
    MAX_WORD,
    Limits,
    Weight,
)
from schema.plan import Planned

# An app has a few dozen.
MOST_KEPT = 512
# The first mistakes help; to look for all of them is work that anybody could ask for.
_MOST_ERRORS = 5

Variables = Mapping[str, Any]


class Wrong(Exception):
    """A document that must not run. `node` is None where it can't even be read."""

    def __init__(self, errors: list[GraphQLError], node: DocumentNode | None = None) -> None:
        super().__init__(errors)
        self.errors = errors
        self.node = node


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document that may run."""

    node: OperationDefinitionNode
    document: DocumentNode
    limits: Limits
    weight: Weight
    by_variables: bool
    planned: Planned

    def admit(self, variables: Variables | None, cost: Cost) -> None:
        """Note in `cost` what it may cause. Raises LimitExceeded where that is too much."""
        weight = self.weight
        if self.by_variables:
            weight = self.limits.measure(self.document, self.node, variables or {}).weight
            weight.demand()
        cost.points, cost.most_upstream_calls = weight.all_points, weight.all_calls


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may run, with its operations by name."""

    node: DocumentNode
    operations: Mapping[str | None, Operation]

    def operation(self, name: str | None) -> Operation:
        """The operation to run. Raises BadUserInput where none or several are meant.

        Strawberry would run the first of several, and the first may be the one that takes money.
        """
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise BadUserInput("The document has several operations: operationName must name one.")
        found = self.operations.get(name)
        if found is None:
            raise BadUserInput("operationName names no operation of the document.")
        return found


class Documents:
    """The documents of one schema; those that may run are kept."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self._schema = schema
        self._limits = Limits(schema)
        self._introspection = introspection
        hidden = () if introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules = (
            *specified_rules,
            MaybeNullValidationRule,
            OneOfInputValidationRule,
            *hidden,
        )
        self.read = lru_cache(MOST_KEPT)(self._read)
        self._wrong: tuple[str, Wrong] | None = None

    def _read(self, text: str) -> Document:
        """The document of a text. Raises Wrong."""
        # For the one who asks again at once: graphql-core's way after the plan's.
        if self._wrong is not None and self._wrong[0] == text:
            raise self._wrong[1]
        try:
            return self._read_anew(text)
        except Wrong as wrong:
            self._wrong = (text, wrong)
            raise

    def _read_anew(self, text: str) -> Document:
        node = _parsed(text)
        try:
            operations = self._operations(node)
        except LimitExceeded as failure:
            raise Wrong([_error(failure)], node) from failure
        errors = validate(
            self._schema,
            node,
            self._rules,
            max_errors=_MOST_ERRORS,
            hide_suggestions=not self._introspection,
        )
        if errors:
            raise Wrong(errors[:_MOST_ERRORS], node)
        return Document(node, operations)

    def _operations(self, document: DocumentNode) -> dict[str | None, Operation]:
        operations: dict[str | None, Operation] = {}
        kinds = Counter(type(node) for node in document.definitions)
        if (
            kinds[OperationDefinitionNode] > MAX_OPERATIONS
            or kinds[FragmentDefinitionNode] > MAX_FRAGMENTS
        ):
            limit = f"a document may have {MAX_OPERATIONS} operations, {MAX_FRAGMENTS} fragments."
            raise LimitExceeded(f"Ask for less: {limit}")
        self._limits.demand_of_fragments(document)
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                measured = self._limits.measure(document, node, {})
                measured.weight.demand()
                operations[node.name.value if node.name else None] = Operation(
                    node,
                    document,
                    self._limits,
                    measured.weight,
                    measured.by_variables,
                    Planned(self._schema, document, node),
                )
        return operations


def _parsed(text: str) -> DocumentNode:
    try:
        node = parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS)
    except GraphQLError as error:
        if "Document contains more than" in error.message:
            limit = f"a document may have {MAX_TOKENS} tokens and {MAX_COMMENTS} comments."
            raise Wrong([_error(LimitExceeded(f"Ask for less: {limit}"))]) from error
        raise Wrong([error]) from error
    except RecursionError as error:
        raise Wrong([_error(LimitExceeded("The document is nested too deep."))]) from error
    token = node.loc.start_token if node.loc else None
    while token is not None:
        # A long text is a value; a long name is looked for letter by letter in names of ours.
        if token.kind not in _LONG and token.end - token.start > MAX_WORD:
            limit = f"a name or number may have {MAX_WORD} characters."
            raise Wrong([_error(LimitExceeded(f"Ask for less: {limit}"))])
        token = token.next
    return node


_LONG = frozenset({TokenKind.STRING, TokenKind.BLOCK_STRING, TokenKind.COMMENT})


def _error(failure: Failure) -> GraphQLError:
    return GraphQLError(str(failure), original_error=failure)


class Checked(SchemaExtension):
    """Makes Strawberry take its documents from here, and none that asks for too much."""

    _errors: list[GraphQLError] | None = None
    _document: Document | None = None

    def on_parse(self) -> Iterator[None]:
        """Read the document, or take it as it was read before."""
        context = self.execution_context
        documents: Documents = cast("Any", context.schema).documents
        if context.query is None:
            return
        try:
            self._document = documents.read(context.query)
            context.graphql_document = self._document.node
        except Wrong as wrong:
            if wrong.node is None:
                raise wrong.errors[0] from None
            self._errors = wrong.errors
            context.graphql_document = wrong.node
        yield

    def on_validate(self) -> Iterator[None]:
        """Tell what is wrong with the document, or with what this operation of it asks for."""
        context = self.execution_context
        if self._document is not None:
            # Its public form already falls back to the first operation's name.
            name = context._provided_operation_name  # noqa: SLF001
            cost = context.context.cost if isinstance(context.context, Context) else Cost(limit=0)
            try:
                self._document.operation(name).admit(context.variables, cost)
            except Failure as failure:
                self._errors = [_error(failure)]
        context.pre_execution_errors = self._errors or []
        yield
