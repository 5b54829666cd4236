"""What errors may say of a schema that is not to be explored: no name that the caller did not write."""

import re
from typing import Final

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)

_SUGGESTION: Final = re.compile(r" Did you mean [^?]*\?")
# How graphql-core writes what is of the schema or of the document: in quotes of this kind, and a
# scalar's name bare.
_NAMING: Final = re.compile(r"'[^']*'|\w+(?= cannot represent)")
_NAME: Final = re.compile(r"[A-Za-z_][0-9A-Za-z_]*")


class HiddenNames:
    """The names of one schema. A guessed field that exists would else tell its type and arguments."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._names: Final = frozenset(_names(schema))

    def take_out(self, error: GraphQLError) -> None:
        """Change the message of an error of graphql-core's; an error of ours is told as it is."""
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
            return
        message = _SUGGESTION.sub("", error.message)
        if _NAMING.search(message):
            written = set(_NAME.findall(error.source.body)) if error.source else set()
            hidden = self._names - written
            message = _NAMING.sub(lambda naming: _without(naming[0], hidden), message)
        error.message = message


def _without(naming: str, hidden: frozenset[str]) -> str:
    return _NAME.sub(lambda name: "…" if name[0] in hidden else name[0], naming)


def _names(schema: GraphQLSchema) -> set[str]:
    names = {directive.name for directive in schema.directives}
    for type_ in schema.type_map.values():
        names.add(type_.name)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            names.update(type_.fields)
            names.update(name for field in type_.fields.values() for name in field.args)
        elif isinstance(type_, GraphQLInputObjectType):
            names.update(type_.fields)
        elif isinstance(type_, GraphQLEnumType):
            names.update(type_.values)
    return names
