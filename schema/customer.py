"""A customer of the shop."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from clients import asiabill
from resolvers import cards, customers
from resolvers.principal import Role
from schema.card import SavedCard
from schema.directives import OWN_CUSTOMER_FIELDS, Upstream
from schema.field import Info, nested, read
from schema.node import Node

if TYPE_CHECKING:
    from schema.charge_list import ChargeConnection

CARD_FIELDS = frozenset({"savedCards", "defaultCard"})
OWN_FIELDS = frozenset(OWN_CUSTOMER_FIELDS)
# The two tell of the same list.
_LIST = Upstream(calls=1, once="savedCards")


@strawberry.type(description="A customer of the shop, kept by Asiabill.")
class Customer(Node):
    """Known by its id; Asiabill is asked for the rest only where it is selected."""

    id: strawberry.ID = strawberry.field(description="Asiabill's own cus_ id, unchanged.")
    known: strawberry.Private[asiabill.Customer | None] = None

    @classmethod
    def of(cls, customer_id: str, known: asiabill.Customer | None = None) -> Self:
        """A customer by its id, with its details where they are known already."""
        return cls(id=strawberry.ID(customer_id), known=known)

    @nested(description="E-mail address.")
    async def email(self, info: Info) -> str | None:
        found = await self._details(info)
        return found.email if found else None

    @nested(description="Given name.")
    async def first_name(self, info: Info) -> str | None:
        found = await self._details(info)
        return found.first_name if found else None

    @nested(description="Family name.")
    async def last_name(self, info: Info) -> str | None:
        found = await self._details(info)
        return found.last_name if found else None

    @nested(description="Phone number.")
    async def phone(self, info: Info) -> str | None:
        found = await self._details(info)
        return found.phone if found else None

    @nested(description="The shop's own note on the customer.")
    async def description(self, info: Info) -> str | None:
        found = await self._details(info)
        return found.description if found else None

    @nested(description="When Asiabill made the customer; null where it does not tell.")
    async def created_at(self, info: Info) -> datetime | None:
        found = await self._details(info)
        return found.created_at if found else None

    @nested(
        description=(
            "Stored cards, default first, then newest. Null with an error where Asiabill did not "
            "answer for this customer; other customers are unaffected. An empty list means none."
        ),
        upstream=_LIST,
        null_means_error=True,
    )
    async def saved_cards(self, info: Info) -> list[SavedCard] | None:
        return [SavedCard.of(card) for card in await cards.saved_cards(info.context, self.id)]

    @nested(
        description="The card that was chosen as default; null where none was.",
        upstream=_LIST,
    )
    async def default_card(self, info: Info) -> SavedCard | None:
        card = await cards.default_card(info.context, self.id)
        return SavedCard.of(card) if card else None

    @read(
        Role.MERCHANT,
        Role.CUSTOMER,
        null_means_error=True,
        description="Its charges by this gateway, the newest first. Asiabill is not asked.",
    )
    async def charges(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description="How many, 1 to 100.")] = 20,
        after: Annotated[
            str | None, strawberry.argument(description="endCursor of the page before.")
        ] = strawberry.UNSET,
    ) -> Annotated["ChargeConnection", strawberry.lazy("schema.charge_list")] | None:
        # Here and not above, since the two types know each other.
        from schema.charge_list import of_customer

        return await of_customer(info, self.id, 20 if first is None else first, after or None)

    async def _details(self, info: Info) -> asiabill.Customer | None:
        return self.known or await customers.details(info.context, self.id)


@strawberry.type(description="One customer of a page.")
class CustomerEdge:
    """A customer and its place."""

    cursor: str = strawberry.field(description="Where this customer stands; opaque.")
    node: Customer = strawberry.field(description="The customer.")
