"""This gateway's own charges, page by page."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import strawberry

import ledger
from ledger import ChargeStatus, position_of
from resolvers import charge_lists
from resolvers.charge_lists import Position
from resolvers.principal import Role
from schema import cursor
from schema.charge import Charge
from schema.connection import PageInfo
from schema.field import Info, read

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@strawberry.type(description="One charge of a page.")
class ChargeEdge:
    """A charge and its place."""

    cursor: str = strawberry.field(description="Where this charge stands; opaque.")
    node: Charge = strawberry.field(description="The charge.")


@strawberry.type(description="A page of charges.")
class ChargeConnection:
    """Charges, the newest first."""

    nodes: list[Charge] = strawberry.field(description="The charges of this page.")
    edges: list[ChargeEdge] = strawberry.field(description="The same, each with its cursor.")
    page_info: PageInfo = strawberry.field(description="Where this page ends.")
    total_count: int | None = strawberry.field(
        description="How many there are in all; null where the list has more than one page."
    )

    @classmethod
    def of(cls, listing: str, page: ledger.ChargePage) -> "ChargeConnection":
        """Show a page of `listing`."""
        edges = [
            ChargeEdge(
                cursor=cursor.encode(listing, _place(position_of(charge))), node=Charge.of(charge)
            )
            for charge in page.items
        ]
        return cls(
            nodes=[edge.node for edge in edges],
            edges=edges,
            page_info=PageInfo(
                has_next_page=page.has_next, end_cursor=edges[-1].cursor if edges else None
            ),
            total_count=page.total,
        )


@strawberry.input(description="Which charges.")
class ChargeFilter:
    """A span of time, and what else is asked of a charge."""

    from_: datetime = strawberry.field(name="from", description="Made at this instant or later.")
    to: datetime = strawberry.field(description="Made before this instant.")
    status: list[ChargeStatus] | None = strawberry.field(
        default=None, description="In one of these states now; in any where absent."
    )
    order_no: str | None = strawberry.field(default=None, description="With this order number.")


@strawberry.type
class ChargeListQuery:
    """Lists of charges."""

    @read(
        Role.MERCHANT,
        Role.OPS,
        description=(
            "The charges that this gateway made, the newest first. What is made while you page "
            "does not shift the pages that follow."
        ),
    )
    async def charges(
        self,
        info: Info,
        filter: Annotated[ChargeFilter, strawberry.argument(description="Which charges.")],
        first: Annotated[int | None, strawberry.argument(description="How many, 1 to 100.")] = 50,
        after: Annotated[
            str | None,
            strawberry.argument(description="endCursor of the page before, with the same filter."),
        ] = strawberry.UNSET,
    ) -> ChargeConnection:
        statuses = sorted(set(filter.status)) if filter.status else None
        listing = cursor.listing("charges", filter.from_, filter.to, statuses, filter.order_no)
        page = await charge_lists.page(
            info.context,
            since=filter.from_,
            until=filter.to,
            statuses=statuses,
            order_no=filter.order_no,
            first=50 if first is None else first,
            after=_position(listing, after or None),
        )
        return ChargeConnection.of(listing, page)


async def of_customer(
    info: Info, customer_id: str, first: int, after: str | None
) -> ChargeConnection:
    """The charges of one customer."""
    listing = cursor.listing("charges of customer", customer_id)
    position = _position(listing, after)
    page = await charge_lists.of_customer(info.context, customer_id, first, position)
    return ChargeConnection.of(listing, page)


def _place(position: Position) -> str:
    moment, charge_id = position
    return f"{(moment - _EPOCH) // _TICK}.{charge_id}"


def _position(listing: str, after: str | None) -> Position | None:
    found = cursor.place(listing, after)
    if found is None:
        return None
    ticks, _, charge_id = found.partition(".")
    try:
        return _EPOCH + int(ticks) * _TICK, charge_id
    except (ValueError, OverflowError):
        raise cursor.refused() from None
