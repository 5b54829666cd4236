"""The directives that the schema prints: what a client, a reviewer and the limits read."""

import strawberry
from strawberry.schema_directive import Location

from resolvers.principal import Role
from schema.enumeration import described

described(
    Role,
    "Who may use a field.",
    {
        "MERCHANT": "The shop's server key.",
        "CUSTOMER": ("A short-lived token tied to one customer, carried by a browser or an app."),
        "OPS": "A reporting key that cannot move money.",
    },
)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="auth",
    description="Who may use this field; anyone else gets UNAUTHENTICATED or FORBIDDEN.",
)
class Auth:
    """The roles that a field is open to."""

    requires: list[Role]


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="upstream",
    description=(
        "The most Asiabill calls that one resolution can cause. What an operation really caused "
        "is in extensions.cost."
    ),
)
class Upstream:
    """The most Asiabill calls of one resolution."""

    calls: int


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="semanticNonNull",
    description="Null here always comes with an entry in errors.",
)
class SemanticNonNull:
    """Marks a field that is null only where it failed."""

    levels: list[int] = strawberry.directive_field(name="levels", default=(0,))
