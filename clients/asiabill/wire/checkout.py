"""Paying on a page of Asiabill's, by card or by a local method."""

from typing import Literal, Self

from msgspec import Struct, field

from clients.asiabill.wire.charge import OrderLine
from clients.asiabill.wire.person import Address, Billing


class BillingAddress(Struct, frozen=True, omit_defaults=True):
    """A `Billing` as the pages want it, flat. Source: contract 5.5."""

    first_name: str = field(name="firstName", default="")
    last_name: str = field(name="lastName", default="")
    email: str = ""
    phone: str = ""
    address: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = field(name="zip", default="")
    country: str = ""

    @classmethod
    def of(cls, person: Billing) -> Self:
        place = person.address or Address()
        return cls(
            first_name=person.first_name or "",
            last_name=person.last_name or "",
            email=person.email or "",
            phone=person.phone or "",
            address=_street(place),
            city=place.city or "",
            state=place.state or "",
            postal_code=place.postal_code or "",
            country=place.country or "",
        )


class DeliveryAddress(Struct, frozen=True, omit_defaults=True):
    """Asiabill has no e-mail here. Source: contract 5.5."""

    first_name: str = field(name="shipFirstName", default="")
    last_name: str = field(name="shipLastName", default="")
    phone: str = field(name="shipPhone", default="")
    address: str = field(name="shipAddress", default="")
    city: str = field(name="shipCity", default="")
    state: str = field(name="shipState", default="")
    postal_code: str = field(name="shipZip", default="")
    country: str = field(name="shipCountry", default="")

    @classmethod
    def of(cls, person: Billing) -> Self:
        place = person.address or Address()
        return cls(
            first_name=person.first_name or "",
            last_name=person.last_name or "",
            phone=person.phone or "",
            address=_street(place),
            city=place.city or "",
            state=place.state or "",
            postal_code=place.postal_code or "",
            country=place.country or "",
        )


class CheckoutRequest(Struct, frozen=True, omit_defaults=True):
    """`method` is "Credit Card" or the name of a local one ("Klarna"). Source: contract 5.5, 5.6."""

    order_no: str = field(name="orderNo")
    amount: str = field(name="orderAmount")
    currency: str = field(name="orderCurrency")
    # Without a default, since a default is not sent.
    method: str = field(name="paymentMethod")
    return_url: str = field(name="returnUrl")
    callback_url: str = field(name="callbackUrl")
    customer_id: str = field(name="customerId", default="")
    customer_ip: str = field(name="customerIp", default="")
    billing: BillingAddress | None = field(name="billingAddress", default=None)
    delivery: DeliveryAddress | None = field(name="deliveryAddress", default=None)
    lines: tuple[OrderLine, ...] = field(name="goodsDetails", default=())
    remark: str = ""
    website: str = field(name="webSite", default="")
    is_mobile: Literal["0", "1", "2", "3"] = field(name="isMobile", default="0")
    platform: str = ""


class CheckoutAnswer(Struct, frozen=True):
    """The page to send the shopper to, or why there is none; values Asiabill left out are "".

    `status`, lower-cased, is pending, success or fail, or a word not known yet. Raises ValueError
    for an answer with neither a page nor a status. Source: contract 5.5.
    """

    redirect_url: str = field(name="redirectUrl", default="")
    status: str = field(name="orderStatus", default="")
    info: str = field(name="orderInfo", default="")
    trade_no: str = field(name="tradeNo", default="")
    order_no: str = field(name="orderNo", default="")
    amount: str = field(name="orderAmount", default="")
    currency: str = field(name="orderCurrency", default="")
    remark: str = ""
    request_id: str = ""

    def __post_init__(self) -> None:
        if not (self.redirect_url or self.status):
            raise ValueError("neither redirectUrl nor orderStatus")


def _street(place: Address) -> str:
    return ", ".join(line for line in (place.line1, place.line2) if line)
