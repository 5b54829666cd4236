"""Saved cards, and the raw card that becomes one."""

from typing import Any

from msgspec import Struct, field

from clients.asiabill.wire.person import Billing


class Card(Struct, frozen=True):
    """What may be shown of a card; Asiabill often leaves the expiry out. Source: contract 5.3."""

    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = field(name="cardExpireMonth", default=None)
    exp_year: int | None = field(name="cardExpireYear", default=None)


class PaymentMethod(Struct, frozen=True):
    """Source: contract 5.3."""

    id: str = field(name="customerPaymentMethodId")
    card: Card | None = None
    billing: Billing | None = field(name="billingDetail", default=None)
    customer_id: str | None = field(name="customerId", default=None)


class RawCard(Struct, frozen=True):
    """A whole card, "12" and "2025" for its expiry. Nothing of it is ever shown."""

    number: str = field(name="cardNo")
    exp_month: str = field(name="cardExpireMonth")
    exp_year: str = field(name="cardExpireYear")
    security_code: str = field(name="cardSecurityCode")

    def __repr__(self) -> str:
        return "RawCard(...)"

    # msgspec gives each Struct one of its own, which shows every value.
    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class NewPaymentMethod(Struct, frozen=True, omit_defaults=True):
    """With `customer_id` the card is bound to the customer at once. Source: contract 5.3."""

    card: RawCard
    billing: Billing | None = field(name="billingDetail", default=None)
    customer_id: str | None = field(name="customerId", default=None)


class PaymentMethodUpdate(Struct, frozen=True):
    """Source: contract 5.3."""

    payment_method_id: str = field(name="customerPaymentMethodId")
    billing: Billing = field(name="billingDetail")
