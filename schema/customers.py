"""Reading, making and deleting customers."""

from typing import Annotated, TypedDict, cast

import strawberry

from clients import asiabill
from resolvers import customers
from resolvers.principal import Role
from resolvers.window import Rows
from schema import cursor
from schema.connection import PageInfo
from schema.customer import CARD_FIELDS, OWN_FIELDS, Customer, CustomerEdge
from schema.directives import CUSTOMER_DETAILS, OWN_CUSTOMER_FIELDS, Upstream
from schema.field import Info, effect, read
from schema.selection import selects_any
from schema.user_error import Payload

_LISTING = "customers"

CustomerId = Annotated[strawberry.ID, strawberry.argument(description="The customer's cus_ id.")]


@strawberry.input(description="A new customer.")
class CustomerInput:
    """What Asiabill keeps of a customer."""

    email: str = strawberry.field(description="E-mail address.")
    first_name: str = strawberry.field(description="Given name, at most 50 characters.")
    last_name: str = strawberry.field(description="Family name, at most 50 characters.")
    phone: str | None = strawberry.field(default=None, description="Phone number.")
    description: str | None = strawberry.field(
        default=None, description="The shop's own note, at most 500 characters."
    )


@strawberry.type(description="A page of customers.")
class CustomerConnection:
    """Customers in Asiabill's order."""

    nodes: list[Customer] = strawberry.field(description="The customers of this page.")
    edges: list[CustomerEdge] = strawberry.field(description="The same, each with its cursor.")
    page_info: PageInfo = strawberry.field(description="Where this page ends.")
    total_count: int | None = strawberry.field(
        description="How many there are in all; null where Asiabill does not tell."
    )

    @classmethod
    def of(cls, page: Rows[asiabill.Customer]) -> "CustomerConnection":
        """Show a page."""
        edges = [
            CustomerEdge(
                cursor=cursor.encode(_LISTING, page.offset + place),
                node=Customer.of(customer.id, customer),
            )
            for place, customer in enumerate(page.items)
        ]
        return cls(
            nodes=[edge.node for edge in edges],
            edges=edges,
            page_info=PageInfo(
                has_next_page=page.has_next, end_cursor=edges[-1].cursor if edges else None
            ),
            total_count=page.total,
        )


@strawberry.type(description="A customer, made or changed.")
class CustomerPayload(Payload):
    """The answer of mutations about a customer."""

    customer: Customer | None = strawberry.field(
        default=None, description="The customer.", directives=[CUSTOMER_DETAILS]
    )
    replayed: bool = strawberry.field(
        default=False, description="True where an earlier call with this key did the work."
    )


@strawberry.type(description="Something that was deleted.")
class DeletePayload(Payload):
    """The answer of a deletion."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of what is gone."
    )


class _Wanted(TypedDict):
    details: bool
    cards: bool


def _wanted(info: Info) -> _Wanted:
    return {
        "details": selects_any(info, OWN_FIELDS),
        "cards": selects_any(info, CARD_FIELDS),
    }


@strawberry.type
class CustomerQuery:
    """Reads of customers."""

    @read(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=CUSTOMER_DETAILS,
        description=(
            "One customer. Null where it is unknown, and for a CUSTOMER caller also where it is "
            "another's: existence is not revealed. With `id` and `savedCards` alone an unknown "
            "customer is not told apart from one without cards."
        ),
    )
    async def customer(self, info: Info, id: CustomerId) -> Customer | None:
        known = await customers.customer(info.context, id, **_wanted(info))
        return Customer.of(known.id, known.details) if known else None

    @read(
        Role.MERCHANT,
        upstream=Upstream(calls=1, each=True, when=OWN_CUSTOMER_FIELDS),
        description=(
            "Up to 50 customers in the order of ids; one failing id gives one null and one error."
        ),
    )
    async def customers_by_ids(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(description="cus_ ids, at most 50; one may come more than once."),
        ],
    ) -> list[Customer | None]:
        found = await customers.customers_by_ids(info.context, ids, **_wanted(info))
        # graphql-core takes an exception in a list for the failure of that place alone.
        return [
            Customer.of(known.id, known.details)
            if isinstance(known, customers.Known)
            else cast("Customer | None", known)
            for known in found
        ]

    @read(
        Role.MERCHANT,
        Role.OPS,
        upstream=1,
        description="All customers, page by page, in Asiabill's order.",
    )
    async def customers(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description="How many, 1 to 100.")] = 20,
        after: Annotated[
            str | None,
            strawberry.argument(description="endCursor of the page before, or any cursor."),
        ] = strawberry.UNSET,
    ) -> CustomerConnection:
        offset = cursor.decode(_LISTING, after or None)
        return CustomerConnection.of(
            await customers.page(info.context, 20 if first is None else first, offset)
        )


@strawberry.type
class CustomerMutation:
    """Effects on customers."""

    @effect(
        Role.MERCHANT,
        upstream=1,
        rejected=CustomerPayload.rejected,
        description=(
            "Make a customer at Asiabill. The same key makes it once; where Asiabill's answer was "
            "lost (outcome UNKNOWN) a repeat makes another, since nobody can tell."
        ),
    )
    async def create_customer(
        self,
        info: Info,
        input: Annotated[CustomerInput, strawberry.argument(description="Who it is.")],
        idempotency_key: Annotated[
            str, strawberry.argument(description="Repeat it with a repeated call.")
        ],
    ) -> CustomerPayload:
        new = asiabill.NewCustomer(
            email=input.email,
            first_name=input.first_name,
            last_name=input.last_name,
            phone=input.phone or "",
            description=input.description or "",
        )
        created = await customers.create(info.context, new, idempotency_key)
        return CustomerPayload(customer=Customer.of(created.customer_id), replayed=created.replayed)

    @effect(
        Role.MERCHANT,
        upstream=customers.MAX_CARDS_TO_DETACH + 2,
        rejected=DeletePayload.rejected,
        description=(
            "Delete a customer. Its cards, 20 at most, are detached first, one Asiabill call each."
        ),
    )
    async def delete_customer(self, info: Info, id: CustomerId) -> DeletePayload:
        return DeletePayload(deleted_id=strawberry.ID(await customers.delete(info.context, id)))
