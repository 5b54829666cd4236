"""People and addresses."""

import strawberry

from clients import asiabill
from resolvers import argument
from schema.scalar import CountryCode


@strawberry.type(description="A postal address. A part is null where Asiabill does not have it.")
class Address:
    """A postal address."""

    line1: str | None = strawberry.field(description="Street and number.")
    line2: str | None = strawberry.field(description="Flat, floor or company.")
    city: str | None = strawberry.field(description="Town or city.")
    state: str | None = strawberry.field(description="State, province or region.")
    postal_code: str | None = strawberry.field(description="Postal code.")
    country: CountryCode | None = strawberry.field(description="Country.")

    @classmethod
    def of(cls, address: asiabill.Address) -> "Address":
        """Show an address of Asiabill's; empty parts are null."""
        return cls(
            line1=address.line1 or None,
            line2=address.line2 or None,
            city=address.city or None,
            state=address.state or None,
            postal_code=address.postal_code or None,
            country=CountryCode(address.country) if address.country else None,
        )


@strawberry.type(description="Who a card bills to.")
class Billing:
    """A person and an address."""

    first_name: str | None = strawberry.field(description="Given name.")
    last_name: str | None = strawberry.field(description="Family name.")
    email: str | None = strawberry.field(description="E-mail address.")
    phone: str | None = strawberry.field(description="Phone number.")
    address: Address | None = strawberry.field(description="Billing address.")

    @classmethod
    def of(cls, billing: asiabill.Billing) -> "Billing":
        """Show billing details of Asiabill's; empty parts are null."""
        return cls(
            first_name=billing.first_name or None,
            last_name=billing.last_name or None,
            email=billing.email or None,
            phone=billing.phone or None,
            address=Address.of(billing.address) if billing.address else None,
        )


@strawberry.input(description="A postal address.")
class AddressInput:
    """A postal address."""

    line1: str = strawberry.field(description="Street and number.")
    line2: str | None = strawberry.field(default=None, description="Flat, floor or company.")
    city: str = strawberry.field(description="Town or city.")
    state: str | None = strawberry.field(default=None, description="State, province or region.")
    postal_code: str = strawberry.field(description="Postal code.")
    country: CountryCode = strawberry.field(description="Country.")

    def to_asiabill(self, path: argument.Path) -> asiabill.Address:
        """The address for Asiabill. Raises Rejection for a text it could not keep."""
        return asiabill.Address(
            line1=argument.text(self.line1, (*path, "line1"), most=100),
            line2=argument.text(self.line2 or "", (*path, "line2"), least=0, most=100),
            city=argument.text(self.city, (*path, "city"), most=100),
            state=argument.text(self.state or "", (*path, "state"), least=0, most=50),
            postal_code=argument.text(self.postal_code, (*path, "postalCode"), most=50),
            country=self.country,
        )


@strawberry.input(description="Who a card bills to, or who an order is shipped to.")
class BillingInput:
    """A person and an address."""

    first_name: str = strawberry.field(description="Given name.")
    last_name: str = strawberry.field(description="Family name.")
    email: str = strawberry.field(description="E-mail address.")
    phone: str | None = strawberry.field(default=None, description="Phone number.")
    address: AddressInput = strawberry.field(description="Postal address.")

    def to_asiabill(self, path: argument.Path) -> asiabill.Billing:
        """The person for Asiabill. Raises Rejection for a text it could not keep."""
        return asiabill.Billing(
            first_name=argument.text(self.first_name, (*path, "firstName"), most=50),
            last_name=argument.text(self.last_name, (*path, "lastName"), most=50),
            email=argument.email(self.email, (*path, "email")),
            phone=argument.text(self.phone or "", (*path, "phone"), least=0, most=50),
            address=self.address.to_asiabill((*path, "address")),
        )
