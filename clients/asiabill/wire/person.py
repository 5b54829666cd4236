"""Who buys: as a customer Asiabill keeps, and as a name with an address."""

from datetime import datetime

from msgspec import Struct, field

from clients.asiabill import moment


class NewCustomer(Struct, frozen=True, omit_defaults=True):
    """Source: contract 5.2."""

    email: str
    first_name: str = field(name="firstName")
    last_name: str = field(name="lastName")
    phone: str = ""
    description: str = ""


class Customer(Struct, frozen=True):
    """`created` is Asiabill's own text, of no documented form. Source: contract 5.2."""

    id: str = field(name="customerId")
    email: str | None = None
    first_name: str | None = field(name="firstName", default=None)
    last_name: str | None = field(name="lastName", default=None)
    phone: str | None = None
    description: str | None = None
    created: str | None = None

    @property
    def created_at(self) -> datetime | None:
        """`created` as a moment, where it can be read as one."""
        return moment.read(self.created)


class Address(Struct, frozen=True, omit_defaults=True):
    """`country` is two letters. Source: contract 5.3."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = field(name="postalCode", default=None)
    country: str | None = None


class Billing(Struct, frozen=True, omit_defaults=True):
    """A person and an address, for billing and for shipping alike."""

    first_name: str | None = field(name="firstName", default=None)
    last_name: str | None = field(name="lastName", default=None)
    email: str | None = None
    phone: str | None = None
    address: Address | None = None
