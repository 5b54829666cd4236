"""Generated documents, made harder: fragments, merged fields, @skip, @include, variables, ids that exist."""

import random
from collections.abc import Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_composite_type,
    parse,
    print_ast,
    visit,
)
from graphql.type import GraphQLID


def harder(
    schema: GraphQLSchema, text: str, seed: int, ids: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """A document that is as valid as the given one, and the values of its variables."""
    made = _Harder(schema, random.Random(seed), ids)
    return made.document(parse(text))


class _Harder:
    def __init__(self, schema: GraphQLSchema, chance: random.Random, ids: Sequence[str]) -> None:
        self._schema, self._chance, self._ids = schema, chance, ids
        self._fragments: list[FragmentDefinitionNode] = []
        self._variables: dict[str, tuple[str, Any]] = {}

    def document(self, node: DocumentNode) -> tuple[str, dict[str, Any]]:
        info = TypeInfo(self._schema)
        node = visit(node, TypeInfoVisitor(info, _KnownIds(info, self)))
        info = TypeInfo(self._schema)
        node = visit(node, TypeInfoVisitor(info, _Wrapped(info, self)))
        (operation,) = (d for d in node.definitions if isinstance(d, OperationDefinitionNode))
        defined = tuple(
            VariableDefinitionNode(
                variable=VariableNode(name=NameNode(value=name)),
                type=NonNullTypeNode(type=NamedTypeNode(name=NameNode(value=kind))),
                default_value=None,
                directives=(),
            )
            for name, (kind, _) in self._variables.items()
        )
        operation = OperationDefinitionNode(
            operation=operation.operation,
            name=operation.name,
            variable_definitions=(*(operation.variable_definitions or ()), *defined),
            directives=(),
            selection_set=operation.selection_set,
        )
        whole = DocumentNode(definitions=(operation, *self._fragments))
        return print_ast(whole), {name: value for name, (_, value) in self._variables.items()}

    def id(self) -> ValueNode:
        value = self._chance.choice(self._ids)
        if self._chance.random() < 0.3:
            return self.variable("ID", value)
        return StringValueNode(value=value)

    def variable(self, kind: str, value: Any) -> VariableNode:
        name = f"v{len(self._variables)}"
        self._variables[name] = (kind, value)
        return VariableNode(name=NameNode(value=name))

    def often(self, share: float) -> bool:
        return self._chance.random() < share

    def condition(self) -> tuple[DirectiveNode, ...]:
        """Mostly none."""
        if not self.often(0.12):
            return ()
        value = self.often(0.5)
        given: ValueNode = BooleanValueNode(value=value)
        if self.often(0.5):
            given = self.variable("Boolean", value)
        name = "skip" if self.often(0.5) else "include"
        argument = ArgumentNode(name=NameNode(value="if"), value=given)
        return (DirectiveNode(name=NameNode(value=name), arguments=(argument,)),)

    def selections(self, node: SelectionSetNode, parent: str) -> SelectionSetNode:
        """Some of the fields in fragments, some twice, some with a condition, and __typename."""
        found: list[Any] = []
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                selection = FieldNode(
                    alias=selection.alias,
                    name=selection.name,
                    arguments=selection.arguments or (),
                    directives=self.condition(),
                    selection_set=selection.selection_set,
                )
            found.append(selection)
            if self.often(0.1):
                found.append(self._inline([selection], parent))
            elif self.often(0.08):
                found.append(selection)
        if self.often(0.15):
            found.insert(
                0, FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())
            )
        if self.often(0.12):
            cut = self._chance.randrange(len(found))
            found = [*found[:cut], self._spread(found[cut:], parent)]
        elif self.often(0.12):
            cut = self._chance.randrange(len(found))
            found = [self._inline(found[: cut + 1], parent), *found[cut + 1 :]]
        return SelectionSetNode(selections=tuple(found))

    def _inline(self, selections: list[Any], parent: str) -> InlineFragmentNode:
        on = NamedTypeNode(name=NameNode(value=parent)) if self.often(0.7) else None
        return InlineFragmentNode(
            type_condition=on,
            directives=self.condition(),
            selection_set=SelectionSetNode(selections=tuple(selections)),
        )

    def _spread(self, selections: list[Any], parent: str) -> FragmentSpreadNode:
        name = f"F{len(self._fragments)}"
        self._fragments.append(
            FragmentDefinitionNode(
                name=NameNode(value=name),
                type_condition=NamedTypeNode(name=NameNode(value=parent)),
                variable_definitions=(),
                directives=(),
                selection_set=SelectionSetNode(selections=tuple(selections)),
            )
        )
        return FragmentSpreadNode(name=NameNode(value=name), directives=self.condition())


class _KnownIds(Visitor):
    """Puts ids that mean something in the place of most others."""

    def __init__(self, info: TypeInfo, harder_: _Harder) -> None:
        super().__init__()
        self._info, self._harder = info, harder_

    def enter(self, node: Any, *_: Any) -> Any:
        kind = getattr(node, "kind", "")
        if kind in ("string_value", "int_value"):
            type_ = self._info.get_input_type()
            if type_ is not None and get_named_type(type_) is GraphQLID and self._harder.often(0.9):
                return self._harder.id()
        return None


class _Wrapped(Visitor):
    def __init__(self, info: TypeInfo, harder_: _Harder) -> None:
        super().__init__()
        self._info, self._harder = info, harder_

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        parent = self._info.get_parent_type()
        if parent is None or not is_composite_type(parent):
            return None
        return self._harder.selections(node, parent.name)
