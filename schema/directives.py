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
        "The most Asiabill calls that one resolution can cause. Their sum over an operation, lists "
        "multiplied, is checked before it runs: at most 50. What it really caused is beside it in "
        "extensions.cost."
    ),
)
class Upstream:
    """The most Asiabill calls of one resolution."""

    calls: int
    each: bool | None = strawberry.directive_field(name="each", default=strawberry.UNSET)
    """For a list: the calls are those of each entry."""
    once: str | None = strawberry.directive_field(name="once", default=strawberry.UNSET)
    """Fields of one object with the same word here cause their calls together, once."""
    when: list[str] | None = strawberry.directive_field(name="when", default=strawberry.UNSET)
    """Caused only where one of these fields of the answer is selected."""


OWN_CUSTOMER_FIELDS = ["email", "firstName", "lastName", "phone", "description", "createdAt"]
# Of a field that gives a customer by its id: Asiabill is asked only for what the id does not tell.
CUSTOMER_DETAILS = Upstream(calls=1, when=OWN_CUSTOMER_FIELDS)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="movesMoney",
    description="Moves money: an operation may have one such field.",
)
class MovesMoney:
    """Marks what an operation may do once."""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="semanticNonNull",
    description="Null here always comes with an entry in errors.",
)
class SemanticNonNull:
    """Marks a field that is null only where it failed."""

    levels: list[int] = strawberry.directive_field(name="levels", default=(0,))
