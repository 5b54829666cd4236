"""What has an id of its own."""

import strawberry


@strawberry.interface(description="Something with an id of its own.")
class Node:
    """The Relay node interface, without a global id: ids are Asiabill's own or ours."""

    id: strawberry.ID = strawberry.field(description="Unique among all things of its type.")
