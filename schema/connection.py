"""Pages of lists, after Relay's rules."""

import strawberry


@strawberry.type(description="Where a page ends.")
class PageInfo:
    """What a client needs to ask for the next page."""

    has_next_page: bool = strawberry.field(description="Whether more rows follow.")
    end_cursor: str | None = strawberry.field(
        description="Pass it as `after` to get the next page; null where the page is empty."
    )
