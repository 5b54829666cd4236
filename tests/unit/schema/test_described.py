"""The schema is its own manual: everything in it says what it is and who may use it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    FieldDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
    parse,
    validate,
)

from schema import root

ROOT = Path(__file__).parents[3]
SDL = root.build().as_str()
SCHEMA = build_schema(SDL)
ROOTS = {
    kind.name: kind
    for kind in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
    if kind
}
# Brands are names; there is nothing to say about one.
SPEAKS_FOR_ITSELF = {"CardBrand"}


def undescribed() -> Iterator[str]:
    for name, kind in SCHEMA.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        if name not in ROOTS and not kind.description:
            yield name
        if isinstance(kind, GraphQLEnumType) and name not in SPEAKS_FOR_ITSELF:
            yield from (
                f"{name}.{word}" for word, value in kind.values.items() if not value.description
            )
        if isinstance(kind, GraphQLInputObjectType):
            yield from (
                f"{name}.{field}" for field, one in kind.fields.items() if not one.description
            )
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in kind.fields.items():
                if not field.description:
                    yield f"{name}.{field_name}"
                yield from (
                    f"{name}.{field_name}({argument}:)"
                    for argument, one in field.args.items()
                    if not one.description
                )
    for directive in SCHEMA.directives:
        if not is_specified_directive(directive) and not directive.description:
            yield f"@{directive.name}"


def test_everything_has_a_description() -> None:
    assert list(undescribed()) == []


@pytest.mark.parametrize("kind", ROOTS)
def test_every_field_of_a_root_says_who_may_use_it(kind: str) -> None:
    def said(node: FieldDefinitionNode | None) -> bool:
        return any(use.name.value == "auth" for use in (node and node.directives) or ())

    assert [name for name, field in ROOTS[kind].fields.items() if not said(field.ast_node)] == []


def test_every_mutation_answers_with_what_must_be_corrected() -> None:
    for name, field in ROOTS["Mutation"].fields.items():
        assert str(field.type).endswith("Payload!"), name
        payload = SCHEMA.type_map[str(field.type).rstrip("!")]
        assert isinstance(payload, GraphQLObjectType)
        assert str(payload.fields["userErrors"].type) == "[UserError!]!", name


def test_the_committed_schema_is_what_the_code_says() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == SDL + "\n"


def test_building_it_twice_gives_the_same() -> None:
    assert root.build(introspection=False).as_str() == SDL


@pytest.mark.parametrize(
    "document", sorted((ROOT / "tests" / "documents").glob("*.graphql")), ids=lambda path: path.stem
)
def test_the_front_ends_documents_are_valid(document: Path) -> None:
    assert validate(SCHEMA, parse(document.read_text(encoding="utf-8"))) == []
