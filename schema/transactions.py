"""Asiabill's own book."""

from datetime import datetime
from typing import Annotated

import strawberry

from clients import asiabill
from resolvers import transactions
from resolvers.principal import Role
from schema import cursor
from schema.charge import Charge
from schema.connection import PageInfo
from schema.field import Info, nested, read
from schema.money import Money


@strawberry.type(description="A row of Asiabill's own book, whether or not this gateway made it.")
class Transaction:
    """A row, as Asiabill keeps it."""

    trade_no: str = strawberry.field(description="Asiabill's serial.")
    order_no: str = strawberry.field(description="The number that the order was sent with.")
    amount: Money = strawberry.field(description="The whole order's, exactly as it is booked.")
    status: str = strawberry.field(
        description="Asiabill's own word, in small letters: pending, success or fail."
    )
    info: str | None = strawberry.field(description="Asiabill's words on it.")
    at: datetime | None = strawberry.field(
        description="When it was booked; null where Asiabill's text is no time."
    )
    row: strawberry.Private[asiabill.Transaction]

    @classmethod
    def of(cls, row: transactions.Row) -> "Transaction":
        """Show a row."""
        told = row.told
        return cls(
            trade_no=told.trade_no,
            order_no=told.order_no,
            amount=Money.of(row.money),
            status=told.status,
            info=told.info or None,
            at=told.traded_at,
            row=told,
        )

    @nested(
        description=(
            "The charge with this order number; null where this gateway made none. Asiabill is not "
            "asked for it."
        )
    )
    async def charge(self, info: Info) -> Charge | None:
        found = await transactions.charge(info.context, self.row)
        return Charge.of(found) if found else None


@strawberry.type(description="One row of a page.")
class TransactionEdge:
    """A row and its place."""

    cursor: str = strawberry.field(description="Where this row stands; opaque.")
    node: Transaction = strawberry.field(description="The row.")


@strawberry.type(description="A page of Asiabill's book.")
class TransactionConnection:
    """Rows in Asiabill's order."""

    nodes: list[Transaction] = strawberry.field(description="The rows of this page.")
    edges: list[TransactionEdge] = strawberry.field(description="The same, each with its cursor.")
    page_info: PageInfo = strawberry.field(description="Where this page ends.")
    total_count: int | None = strawberry.field(
        description=(
            "How many there are in all; null where Asiabill does not tell, and with "
            "shipmentUploaded."
        )
    )

    @classmethod
    def of(cls, listing: str, page: transactions.TransactionPage) -> "TransactionConnection":
        """Show a page of `listing`."""
        edges = [
            TransactionEdge(cursor=cursor.encode(listing, row.place), node=Transaction.of(row))
            for row in page.rows
        ]
        end = None if page.end is None else cursor.encode(listing, page.end)
        return cls(
            nodes=[edge.node for edge in edges],
            edges=edges,
            page_info=PageInfo(has_next_page=page.has_next, end_cursor=end),
            total_count=page.total,
        )


@strawberry.input(description="Which rows of the book.")
class TransactionFilter:
    """A span of time, and what else is asked of a row."""

    from_: datetime = strawberry.field(
        name="from", description="Booked at this instant or later, to the second."
    )
    to: datetime = strawberry.field(
        description="Booked at this instant or before, to the second. One that is over is best: "
        "what is booked while you page shifts the rows."
    )
    order_no: str | None = strawberry.field(default=None, description="With this order number.")
    trade_no: str | None = strawberry.field(default=None, description="With this serial.")
    shipment_uploaded: bool | None = strawberry.field(
        default=None,
        description=(
            "Only rows that have a shipment (true) or have none (false). A page may then be "
            "shorter than first, even empty, while hasNextPage is true: go on with endCursor."
        ),
    )


@strawberry.type
class TransactionQuery:
    """Reads of the book."""

    @read(
        Role.MERCHANT,
        Role.OPS,
        upstream=1,
        description=(
            "Asiabill's own book of transactions, page by page, for finance and reconciliation."
        ),
    )
    async def transactions(
        self,
        info: Info,
        filter: Annotated[TransactionFilter, strawberry.argument(description="Which rows.")],
        first: Annotated[int | None, strawberry.argument(description="How many, 1 to 100.")] = 50,
        after: Annotated[
            str | None,
            strawberry.argument(description="endCursor of the page before, with the same filter."),
        ] = strawberry.UNSET,
    ) -> TransactionConnection:
        chosen = transactions.Filter(
            since=filter.from_,
            until=filter.to,
            order_no=filter.order_no,
            trade_no=filter.trade_no,
            uploaded=filter.shipment_uploaded,
        )
        listing = cursor.listing("transactions", chosen)
        page = await transactions.page(
            info.context,
            chosen,
            50 if first is None else first,
            cursor.decode(listing, after or None),
        )
        return TransactionConnection.of(listing, page)
