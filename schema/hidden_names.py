"""What errors may say of a schema that is not to be explored: no name that the caller did not write."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Source,
)

# A message may hold a caller's text of 64 KiB: each of these takes time in step with its length, which
# is why suggestions, five names at most, have a bound, and words are tried at their beginning alone.
_SUGGESTION: Final = re.compile(r" Did you mean [^?]{0,300}\?")
# How graphql-core writes what is of the schema or of the document: in quotes of this kind, and a
# scalar's name bare.
_NAMING: Final = re.compile(r"'[^']*'|\b\w+(?= cannot represent)")
_NAME: Final = re.compile(r"[A-Za-z_][0-9A-Za-z_]*")


class HiddenNames:
    """The names of one schema. A guessed field that exists would else tell its type and arguments."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._names: Final = frozenset(_names(schema))

    def take_out(self, errors: Sequence[GraphQLError]) -> None:
        """Change the messages of graphql-core's errors about one document; ours are told as they are."""
        # A document has up to 64 KiB and fifty errors: it is read for all of them once.
        hidden: frozenset[str] | None = None
        for error in errors:
            if error.original_error and not isinstance(error.original_error, GraphQLError):
                continue
            message = _SUGGESTION.sub("", error.message)
            if _NAMING.search(message):
                if hidden is None:
                    source = next((error.source for error in errors if error.source), None)
                    hidden = self._names.difference(_names_in(source))
                message = _NAMING.sub(partial(_without, hidden), message)
            error.message = message


def _names_in(source: Source | None) -> list[str]:
    return _NAME.findall(source.body) if source else []


def _without(hidden: frozenset[str], naming: re.Match[str]) -> str:
    return _NAME.sub(lambda name: "…" if name[0] in hidden else name[0], naming[0])


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
