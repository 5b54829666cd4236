"""What an operation selects below a field, where the answer to it decides what is asked upstream."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
)

from schema.field import Info


def selects_any(info: Info, names: frozenset[str]) -> bool:
    """Whether one of the fields `names` is selected right below the present field.

    Follows fragments and obeys @skip and @include. A plan remembers it: see `Spot.selected`.
    """
    known: dict[frozenset[str], bool] = getattr(info, "selected", {})
    if names not in known:
        known[names] = _selects_any(info, names)
    return known[names]


def _selects_any(info: Info, names: frozenset[str]) -> bool:
    raw = info._raw_info  # noqa: SLF001 Strawberry gives the fragments no other way
    return any(
        name in names
        for node in raw.field_nodes
        if node.selection_set
        for name in _names(node.selection_set, raw.fragments, info.variable_values)
    )


def _names(
    selections: SelectionSetNode, fragments: dict[str, Any], variables: dict[str, Any]
) -> Iterator[str]:
    for node in selections.selections:
        if not _included(node.directives or (), variables):
            continue
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _names(node.selection_set, fragments, variables)
        elif isinstance(node, FragmentSpreadNode):
            fragment = fragments[node.name.value]
            yield from _names(fragment.selection_set, fragments, variables)


def _included(directives: tuple[DirectiveNode, ...], variables: dict[str, Any]) -> bool:
    for directive in directives:
        if directive.name.value in ("skip", "include"):
            (condition,) = (argument.value for argument in directive.arguments or ())
            if isinstance(condition, VariableNode):
                holds = bool(variables.get(condition.name.value))
            else:
                holds = bool(getattr(condition, "value", False))
            if holds is (directive.name.value == "skip"):
                return False
    return True
