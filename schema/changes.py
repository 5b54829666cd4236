"""What changed between two schemas, and whom it hurts."""

from dataclasses import dataclass

from graphql import build_schema
from graphql.utilities import (
    BreakingChangeType,
    DangerousChangeType,
    find_schema_changes,
)


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes by what they do to a client that was written before them, in words."""

    breaking: list[str]
    dangerous: list[str]
    safe: list[str]


def between(released: str, present: str) -> Changes:
    """Compare two schemas given as SDL. Raises GraphQLError where one is not a schema."""
    found = Changes([], [], [])
    for change in find_schema_changes(build_schema(released), build_schema(present)):
        if isinstance(change.type, BreakingChangeType):
            kind = found.breaking
        elif isinstance(change.type, DangerousChangeType):
            kind = found.dangerous
        else:
            kind = found.safe
        kind.append(f"{change.type.name}: {change.description}")
    return found
