"""The plan of one operation of a document."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution import VariableValues
from graphql.execution.collect_fields import FragmentDetails
from strawberry.types import ExecutionResult

from resolvers.context import Context
from schema.plan.completion import Fields
from schema.plan.resolver import Unsupported
from schema.plan.run import Pending, Run, together
from schema.plan.selection import Compiler
from schema.plan.variables import Variables

# By the values of the variables in @skip and @include. An app has two or three.
_MOST_VARIANTS = 16

Conditions = tuple[bool, ...]


class Plan:
    """Raises Unsupported where it can't be made."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        root = schema.get_root_type(operation.operation)
        if root is None or operation.operation is OperationType.SUBSCRIPTION:
            raise Unsupported
        self._schema, self._operation, self._root = schema, operation, root
        self._serially = operation.operation is OperationType.MUTATION
        self._fragments = {
            node.name.value: FragmentDetails(node)
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._conditions = _conditions(document, operation)
        self._variables = Variables(schema, operation)
        self._variants: dict[Conditions, Fields | None] = {}

    async def execute(self, context: Context, given: Mapping[str, Any]) -> ExecutionResult | None:
        """The result, or None where graphql-core must find it; then nothing was begun."""
        values: VariableValues | None = None
        coerced = self._variables.plain(given)
        if coerced is None:
            found = self._variables.coerced(given)
            if isinstance(found, list):
                return None
            values, coerced = found, found.coerced

        def all_values() -> VariableValues:
            return values if values is not None else self._all_values(given)

        fields = self._fields(coerced, all_values)
        if fields is None:
            return None
        return await self._run(Run(context, coerced, all_values), fields)

    async def _run(self, run: Run, fields: Fields) -> ExecutionResult:
        data: dict[str, Any] = {}
        pending: Pending = []
        try:
            for step in fields.steps:
                step(run, None, data, None, pending)
                if self._serially and pending:
                    await together(pending)
                    pending = []
            if pending:
                await together(pending)
        except GraphQLError as error:
            run.note(error, None)
            return ExecutionResult(None, run.errors)
        return ExecutionResult(data, run.errors or None)

    def _fields(self, coerced: Mapping[str, Any], all_values: Any) -> Fields | None:
        if not self._conditions:
            key: Conditions = ()
        else:
            held = [coerced.get(name) for name in self._conditions]
            if not all(type(value) is bool for value in held):
                return None
            key = tuple(map(bool, held))
        try:
            return self._variants[key]
        except KeyError:
            pass
        if len(self._variants) >= _MOST_VARIANTS:
            return None
        compiler = Compiler(self._schema, self._operation, self._fragments, all_values())
        try:
            fields: Fields | None = compiler.root(self._root)
        except Unsupported:
            fields = None
        self._variants[key] = fields
        return fields

    def _all_values(self, given: Mapping[str, Any]) -> VariableValues:
        values = self._variables.coerced(given)
        assert not isinstance(values, list)
        return values


class Planned:
    """The plan of an operation, made where it is first asked for."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._of = (schema, document, operation)
        self._made = False
        self._plan: Plan | None = None

    def get(self) -> Plan | None:
        """None where the operation is left to graphql-core."""
        if not self._made:
            self._made = True
            try:
                self._plan = Plan(*self._of)
            except Unsupported:
                self._plan = None
        return self._plan


def _conditions(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[str, ...]:
    """The variables in @skip and @include. Raises Unsupported for any other directive."""
    if operation.directives:
        raise Unsupported
    names: dict[str, None] = {}
    for node in document.definitions:
        if node is operation or isinstance(node, FragmentDefinitionNode):
            if node is not operation and (node.directives or node.variable_definitions):
                raise Unsupported
            for directive in _directives(node.selection_set):
                if directive.name.value not in ("skip", "include"):
                    raise Unsupported
                for argument in directive.arguments or ():
                    if isinstance(argument.value, VariableNode):
                        names[argument.value.name.value] = None
    return tuple(names)


def _directives(selections: SelectionSetNode) -> Iterator[DirectiveNode]:
    stack: list[Node] = [selections]
    while stack:
        node: Any = stack.pop()
        if isinstance(node, SelectionSetNode):
            stack += node.selections
            continue
        yield from node.directives or ()
        below = getattr(node, "selection_set", None)
        if below is not None:
            stack.append(below)
