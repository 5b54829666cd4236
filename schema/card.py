"""A stored card."""

from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import strawberry

from clients import asiabill
from resolvers import cards
from schema.billing import Billing
from schema.directives import CUSTOMER_DETAILS
from schema.field import Info, nested
from schema.node import Node

if TYPE_CHECKING:
    from schema.customer import Customer


@strawberry.enum(description="A card's brand.")
class CardBrand(Enum):
    """The brands that a checkout page has a picture for."""

    VISA = "VISA"
    MASTERCARD = "MASTERCARD"
    AMEX = "AMEX"
    JCB = "JCB"
    DISCOVER = "DISCOVER"
    DINERS = "DINERS"
    UNIONPAY = "UNIONPAY"
    OTHER = "OTHER"


# Asiabill's spelling is not documented, so letters alone count ("American Express", "AMEX").
_BRANDS = {
    "visa": CardBrand.VISA,
    "mastercard": CardBrand.MASTERCARD,
    "master": CardBrand.MASTERCARD,
    "amex": CardBrand.AMEX,
    "americanexpress": CardBrand.AMEX,
    "jcb": CardBrand.JCB,
    "discover": CardBrand.DISCOVER,
    "diners": CardBrand.DINERS,
    "dinersclub": CardBrand.DINERS,
    "unionpay": CardBrand.UNIONPAY,
    "chinaunionpay": CardBrand.UNIONPAY,
}


@lru_cache(64)
def _brand(name: str | None) -> CardBrand | None:
    letters = "".join(filter(str.isalpha, name or "")).lower()
    return _BRANDS.get(letters, CardBrand.OTHER) if letters else None


@strawberry.type(
    description=(
        "A stored card. A display field is null where Asiabill does not disclose it; it is never "
        "invented."
    )
)
class SavedCard(Node):
    """Only what may be shown of a card."""

    id: strawberry.ID = strawberry.field(description="Asiabill's own pm_ id, unchanged.")
    brand: CardBrand | None = strawberry.field(description="The card's brand.")
    last4: str | None = strawberry.field(description="The last four digits of its number.")
    exp_month: int | None = strawberry.field(description="Month of expiry, 1 to 12.")
    exp_year: int | None = strawberry.field(description="Year of expiry, four digits.")
    is_default: bool = strawberry.field(description="Whether the customer pays with it by default.")
    customer_id: strawberry.Private[str | None]
    bills_to: strawberry.Private[asiabill.Billing | None]

    @classmethod
    def of(cls, card: cards.Card) -> "SavedCard":
        """Show a card; only what is named here can leave the service."""
        method = card.method
        shown = method.card
        return cls(
            id=strawberry.ID(method.id),
            brand=_brand(shown.brand) if shown else None,
            last4=(shown.last4 or None) if shown else None,
            exp_month=(shown.exp_month or None) if shown else None,
            exp_year=(shown.exp_year or None) if shown else None,
            is_default=card.is_default,
            customer_id=card.customer_id,
            bills_to=method.billing,
        )

    @nested(description="Who the card bills to.")
    def billing(self) -> Billing | None:
        return Billing.of(self.bills_to) if self.bills_to else None

    @nested(description="Whether its month of expiry is over; null where it is unknown.")
    def expired(self) -> bool | None:
        if self.exp_month is None or self.exp_year is None:
            return None
        today = datetime.now(UTC)
        return (self.exp_year, self.exp_month) < (today.year, today.month)

    @nested(
        description=(
            "Equal for two entries of the same card, by number and expiry. Null where it cannot be "
            "computed: only a whole card that this gateway was given shows its number."
        )
    )
    async def fingerprint(self, info: Info) -> str | None:
        return await info.context.loaders.records.fingerprint.load(self.id)

    @nested(upstream=CUSTOMER_DETAILS, description="Whose card it is; null where it is nobody's.")
    def customer(self) -> Annotated["Customer", strawberry.lazy("schema.customer")] | None:
        # Here and not above, since the two types know each other.
        from schema.customer import Customer

        return Customer.of(self.customer_id) if self.customer_id else None
