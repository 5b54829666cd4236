"""Amounts of money."""

import strawberry

from ledger import Money as Amount
from ledger import ToldMoney, amount_text
from schema.scalar import BigInt, CurrencyCode, Decimal


@strawberry.type(description="An amount of money.")
class Money:
    """An exact amount."""

    amount: Decimal = strawberry.field(
        description='In major units of the currency, for example "10.99".'
    )
    currency: CurrencyCode = strawberry.field(description="The currency of the amount.")
    minor_units: BigInt = strawberry.field(
        description="In the smallest unit of the currency: 10.99 USD is 1099, 80 JPY is 80."
    )

    @classmethod
    def of(cls, amount: Amount | ToldMoney) -> "Money":
        """Show an amount of the ledger, or of Asiabill's book."""
        return cls(
            amount=Decimal(amount.amount),
            currency=CurrencyCode(amount.currency),
            minor_units=BigInt(amount.minor_units),
        )

    @classmethod
    def of_minor_units(cls, minor_units: int, currency: str, text: str | None = None) -> "Money":
        """Show an amount that may be zero, by its exact `text` where it has one."""
        return cls(
            amount=Decimal(text or amount_text(minor_units, currency)),
            currency=CurrencyCode(currency),
            minor_units=BigInt(minor_units),
        )


@strawberry.input(description="An amount of money.")
class MoneyInput:
    """An amount as the shop's server names it."""

    amount: Decimal = strawberry.field(
        description=(
            'In major units, for example "10.99". Whole numbers only where the currency has no '
            "minor unit; never rounded: too many decimals are refused."
        )
    )
    currency: CurrencyCode = strawberry.field(description="The currency of the amount.")
