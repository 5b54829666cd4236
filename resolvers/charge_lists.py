"""Lists of this gateway's own charges, the newest first."""

from collections.abc import Collection
from datetime import datetime

from ledger import BadText, ChargePage, ChargeStatus
from resolvers import argument
from resolvers.context import Context
from resolvers.failure import BadUserInput, Forbidden
from resolvers.window import demand_first

Position = tuple[datetime, str]


async def page(
    context: Context,
    *,
    since: datetime,
    until: datetime,
    statuses: Collection[ChargeStatus] | None,
    order_no: str | None,
    first: int,
    after: Position | None,
) -> ChargePage:
    """Charges made from `since` on and before `until`. Asiabill is not asked."""
    demand_first(first)
    demand_span(since, until)
    try:
        return await context.ledger.lists.page(
            context.account.name,
            first=first,
            since=since,
            until=until,
            statuses=statuses,
            order_no=order_no,
            after=after,
        )
    except BadText:
        # What can't be stored names nothing.
        return ChargePage([], has_next=False, total=0)


async def of_customer(
    context: Context, customer_id: str, first: int, after: Position | None
) -> ChargePage:
    """A customer's charges; those of many customers are one read. Asiabill is not asked."""
    demand_first(first)
    if not context.principal.owns(customer_id):
        raise Forbidden("These are another customer's charges.")
    if not argument.is_id(customer_id):
        return ChargePage([], has_next=False, total=0)
    if after is None:
        return await context.loaders.records.newest_charges.load((customer_id, first))
    return await context.ledger.lists.page(
        context.account.name, first=first, customer_id=customer_id, after=after
    )


def demand_span(since: datetime, until: datetime) -> None:
    """Raise BadUserInput for a span of time that ends before it begins."""
    if until < since:
        raise BadUserInput("to must not be before from.")
