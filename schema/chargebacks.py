"""Disputes, page by page."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import chargebacks
from resolvers.principal import Role
from schema import cursor
from schema.chargeback import Chargeback, ChargebackEdge
from schema.connection import PageInfo
from schema.field import Info, read


@strawberry.type(description="A page of disputes.")
class ChargebackConnection:
    """Disputes in Asiabill's order."""

    nodes: list[Chargeback] = strawberry.field(description="The disputes of this page.")
    edges: list[ChargebackEdge] = strawberry.field(description="The same, each with its cursor.")
    page_info: PageInfo = strawberry.field(description="Where this page ends.")
    total_count: int | None = strawberry.field(
        description="How many there are in all; null where Asiabill does not tell."
    )

    @classmethod
    def of(cls, listing: str, page: chargebacks.ChargebackPage) -> "ChargebackConnection":
        """Show a page of `listing`."""
        edges = [
            ChargebackEdge(
                cursor=cursor.encode(listing, page.offset + place), node=Chargeback.of(one)
            )
            for place, one in enumerate(page.chargebacks)
        ]
        return cls(
            nodes=[edge.node for edge in edges],
            edges=edges,
            page_info=PageInfo(
                has_next_page=page.has_next, end_cursor=edges[-1].cursor if edges else None
            ),
            total_count=page.total,
        )


@strawberry.type
class ChargebackQuery:
    """Reads of disputes."""

    @read(
        Role.MERCHANT,
        Role.OPS,
        upstream=1,
        description=(
            "Disputes that were raised in a span of time, as Asiabill lists them. Also those that "
            "no notification told of: once listed here, they are in Charge.chargebacks too."
        ),
    )
    async def chargebacks(
        self,
        info: Info,
        from_: Annotated[
            datetime,
            strawberry.argument(
                name="from", description="Raised at this instant or later, to the second."
            ),
        ],
        to: Annotated[
            datetime,
            strawberry.argument(description="Raised at this instant or before, to the second."),
        ],
        first: Annotated[int | None, strawberry.argument(description="How many, 1 to 100.")] = 50,
        after: Annotated[
            str | None,
            strawberry.argument(description="endCursor of the page before, with the same times."),
        ] = strawberry.UNSET,
    ) -> ChargebackConnection:
        listing = cursor.listing("chargebacks", from_, to)
        page = await chargebacks.page(
            info.context,
            from_,
            to,
            50 if first is None else first,
            cursor.decode(listing, after or None),
        )
        return ChargebackConnection.of(listing, page)
