"""How much one operation may ask for: one walk over its document, linear, with a memo for each fragment.

It runs before graphql-core's own validation, which is slower than linear, so it meets documents
that are wrong in every way: what it does not know it counts as nothing, and leaves to the others.
@skip and @include are not looked at: what stands in the document counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from resolvers.failure import LimitExceeded
from schema.rate import Rate, rates_of, roots_of

MAX_TOKENS = 1000
MAX_COMMENTS = 200
MAX_WORD = 100
MAX_OPERATIONS = 20
MAX_FRAGMENTS = 30
MAX_DEPTH = 10
MAX_FIELDS = 150
MAX_ALIASES = 15
MAX_DIRECTIVES = 20
MAX_MONEY = 1
MAX_POINTS = 500
MAX_UPSTREAM_CALLS = 50
# As deep as the query that GraphiQL asks, and as many lists in lists: types, fields, arguments.
MAX_INTROSPECTION_DEPTH = 15
MAX_INTROSPECTION_LISTS = 3
MAX_INTROSPECTION_FIELDS = 250
# Of braces, fields or not: what recursion has to bear, here and in graphql-core.
_MAX_NESTING = 40
# What a list without a size of its own is taken for, such as a customer's cards.
_USUAL_LIST = 3

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Weight:
    """What a selection asks for, fragments included.

    `points` are the objects of its answer, `calls` the most calls to Asiabill. `entry_points` and
    `entry_calls` are those of one entry each of its lists, which the field above says the size of.
    `shared` are calls that several fields of the one object cause together, `names` its fields.
    """

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    money: int = 0
    points: int = 0
    calls: int = 0
    entry_points: int = 0
    entry_calls: int = 0
    introspection: int = 0
    introspection_fields: int = 0
    introspection_lists: int = 0
    introspection_aliases: int = 0
    shared: frozenset[tuple[str, int]] = frozenset()
    names: frozenset[str] = frozenset()

    @property
    def all_points(self) -> int:
        """The objects of the answer, where this is a whole operation."""
        return self.total_points(_USUAL_LIST)

    @property
    def all_calls(self) -> int:
        """The most calls to Asiabill, where this is a whole operation."""
        return self.total_calls(_USUAL_LIST)

    def total_points(self, page: int) -> int:
        """The objects of its answer, with `page` entries in each of its own lists."""
        return self.points + page * self.entry_points

    def total_calls(self, page: int) -> int:
        """The most calls to Asiabill, with `page` entries in each of its own lists."""
        shared = sum(calls for _, calls in self.shared)
        return self.calls + shared + page * self.entry_calls

    def demand(self) -> None:
        """Raises LimitExceeded for the first limit that it is over."""
        for most, found, told in (
            (MAX_MONEY, self.money, "{most} field that moves money in one operation"),
            (MAX_DEPTH, self.depth, "{most} levels of fields"),
            (MAX_FIELDS, self.fields, "{most} fields"),
            (MAX_ALIASES, self.aliases, "{most} aliases"),
            (MAX_DIRECTIVES, self.directives, "{most} directives"),
            (MAX_INTROSPECTION_DEPTH, self.introspection, "{most} levels about the schema"),
            (MAX_INTROSPECTION_FIELDS, self.introspection_fields, "{most} fields about the schema"),
            (MAX_INTROSPECTION_LISTS, self.introspection_lists, "{most} lists in lists about it"),
            (0, self.introspection_aliases, "no aliases in what asks about the schema"),
            (MAX_UPSTREAM_CALLS, self.all_calls, "{most} calls to Asiabill"),
            (MAX_POINTS, self.all_points, "{most} points, one for each object of the answer"),
        ):
            if found > most:
                limit = told.format(most=most)
                raise LimitExceeded(f"Ask for less: the limit is {limit}, and this has {found}.")

    def __add__(self, other: "Weight") -> "Weight":
        return Weight(
            depth=max(self.depth, other.depth),
            fields=self.fields + other.fields,
            aliases=self.aliases + other.aliases,
            directives=self.directives + other.directives,
            money=self.money + other.money,
            points=self.points + other.points,
            calls=self.calls + other.calls,
            entry_points=self.entry_points + other.entry_points,
            entry_calls=self.entry_calls + other.entry_calls,
            introspection=max(self.introspection, other.introspection),
            introspection_fields=self.introspection_fields + other.introspection_fields,
            introspection_lists=max(self.introspection_lists, other.introspection_lists),
            introspection_aliases=self.introspection_aliases + other.introspection_aliases,
            shared=self.shared | other.shared,
            names=self.names | other.names,
        )


_NOTHING = Weight()


@dataclass(frozen=True, slots=True)
class Measured:
    """An operation's weight; `by_variables` where the size of a list in it is a variable's."""

    weight: Weight
    by_variables: bool


@dataclass(slots=True)
class _Walk:
    rates: Mapping[str, Mapping[str, Rate]]
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Variables
    defaults: Mapping[str, ValueNode]
    by_variables: bool = False
    known: dict[str, Weight] = field(default_factory=dict)

    def selections(self, nodes: SelectionSetNode | None, of: str, nesting: int) -> Weight:
        if nesting > _MAX_NESTING:
            raise LimitExceeded(f"The document is nested deeper than {_MAX_NESTING}.")
        weight = _NOTHING
        for node in nodes.selections if nodes else ():
            if isinstance(node, FieldNode):
                part = self._field(node, of, nesting)
            elif isinstance(node, InlineFragmentNode):
                on = node.type_condition.name.value if node.type_condition else of
                part = self.selections(node.selection_set, on, nesting + 1)
            else:
                part = self.spread(cast("FragmentSpreadNode", node).name.value, nesting)
            if node.directives:
                part += Weight(directives=len(node.directives))
            weight += part
        return weight

    def spread(self, name: str, nesting: int) -> Weight:
        found = self.known.get(name)
        if found is None:
            fragment = self.fragments.get(name)
            # A fragment inside itself counts as nothing; validation says what is wrong with it.
            self.known[name] = _NOTHING
            found = _NOTHING
            if fragment is not None:
                on = fragment.type_condition.name.value
                found = self.selections(fragment.selection_set, on, nesting + 1)
                found += Weight(directives=len(fragment.directives or ()))
            self.known[name] = found
        return found

    def _field(self, node: FieldNode, of: str, nesting: int) -> Weight:
        name = node.name.value
        rate = self.rates.get(of, {}).get(name, _UNKNOWN)
        size = self._size(node, rate)
        below = self.selections(node.selection_set, rate.type, nesting + 1)
        about, alias = rate.about_schema, node.alias is not None
        # A size is that of the field's own list or, where it gives a page, of the lists in that.
        page = _USUAL_LIST if rate.is_list or size is None else size.entries
        points = rate.points + below.total_points(page)
        calls = below.total_calls(page)
        own = 0 if rate.when and not rate.when & below.names else rate.calls
        if rate.is_list and size is not None:
            points, calls = size.entries * points, size.distinct * calls
            own *= size.distinct if rate.each else 1
        is_entry = rate.is_list and size is None
        return Weight(
            depth=0 if about else below.depth + 1,
            fields=below.fields + (not about),
            aliases=below.aliases + alias,
            directives=below.directives,
            money=below.money + rate.money,
            points=0 if is_entry else points,
            calls=(0 if is_entry else calls) + (0 if rate.once else own),
            entry_points=points if is_entry else 0,
            entry_calls=calls if is_entry else 0,
            introspection=below.introspection + about,
            introspection_fields=below.introspection_fields + about,
            introspection_lists=below.introspection_lists + (about and rate.is_list),
            introspection_aliases=below.introspection_aliases + (about and alias),
            shared=frozenset({(rate.once, own)}) if rate.once and own else frozenset(),
            names=frozenset({name}),
        )

    def _size(self, node: FieldNode, rate: Rate) -> "_Size | None":
        if rate.sized_by is None:
            return None
        usual = None if rate.usual_size is None else _Size(rate.usual_size, rate.usual_size)
        for argument in node.arguments or ():
            if argument.name.value == rate.sized_by:
                return self._given(argument.value) or usual
        return usual

    def _given(self, node: ValueNode) -> "_Size | None":
        if isinstance(node, VariableNode):
            self.by_variables = True
            name = node.name.value
            if name in self.variables:
                return _size_of(self.variables[name])
            if name not in self.defaults:
                return None
            node = self.defaults[name]
        if isinstance(node, ListValueNode):
            return _size_of([getattr(value, "value", value) for value in node.values])
        return _size_of(int(node.value)) if isinstance(node, IntValueNode) else None


_UNKNOWN = Rate(type="")


@dataclass(frozen=True, slots=True)
class _Size:
    """How many a list's argument asks for, and how many of them are not the same."""

    entries: int
    distinct: int


def _size_of(value: object) -> _Size | None:
    """None for what is no size at all, which is refused when it is coerced."""
    if isinstance(value, list):
        return _Size(len(value), len({str(entry) for entry in value}))
    if isinstance(value, int | float):
        # A finite one: JSON has no others.
        return _Size(max(0, int(value)), max(0, int(value)))
    return None


class Limits:
    """The rule for one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._rates = rates_of(schema)
        self._roots = roots_of(schema)

    def measure(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: Variables
    ) -> Measured:
        """The weight of one operation of a document. Raises LimitExceeded where it is too deep to
        be measured."""
        defaults = {
            node.variable.name.value: node.default_value
            for node in operation.variable_definitions or ()
            if node.default_value is not None
        }
        walk = _Walk(self._rates, _fragments(document), variables, defaults)
        root = self._roots.get(operation.operation, "")
        weight = walk.selections(operation.selection_set, root, 0)
        weight += Weight(directives=len(operation.directives or ()))
        return Measured(weight, walk.by_variables)

    def demand_of_fragments(self, document: DocumentNode) -> None:
        """Raises LimitExceeded for a fragment over the limits. One that nothing spreads is in no
        operation's weight, and still has to be validated."""
        fragments = _fragments(document)
        walk = _Walk(self._rates, fragments, {}, {})
        for name in fragments:
            walk.spread(name, 0).demand()


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
