"""Taking money from a card."""

from typing import Literal

from msgspec import Struct, field

from clients.asiabill.wire.person import Billing


class OrderLine(Struct, frozen=True):
    """One row of an order; `quantity` is text on the wire as `unit_price` is."""

    title: str = field(name="goodsTitle")
    quantity: str = field(name="goodsCount")
    unit_price: str = field(name="goodsPrice")


class ChargeRequest(Struct, frozen=True, omit_defaults=True):
    """With both ids the charge also binds the card to the customer. Source: contract 5.4, 8."""

    order_no: str = field(name="orderNo")
    amount: str = field(name="orderAmount")
    currency: str = field(name="orderCurrency")
    customer_id: str = field(name="customerId")
    payment_method_id: str = field(name="customerPaymentMethodId")
    return_url: str = field(name="returnUrl")
    callback_url: str = field(name="callbackUrl")
    customer_ip: str = field(name="customerIp")
    lines: tuple[OrderLine, ...] = field(name="goodsDetails", default=())
    shipping: Billing | None = None
    remark: str = ""
    website: str = field(name="webSite", default="")
    token_type: Literal["InitRecurring", "Recurring"] | None = field(name="tokenType", default=None)
    is_mobile: Literal["0", "1", "2", "3"] = field(name="isMobile", default="0")
    platform: str = ""


class ChargeAnswer(Struct, frozen=True):
    """A charge as Asiabill answered it; a decline is an answer too, with status "fail".

    `order_status` is lower-cased: pending, success or fail, or a word not known yet. `redirect_url`
    not empty: send the shopper there. Values Asiabill left out are "". Source: contract 5.4.
    """

    order_status: str = field(name="orderStatus")
    order_info: str = field(name="orderInfo", default="")
    trade_no: str = field(name="tradeNo", default="")
    order_no: str = field(name="orderNo", default="")
    amount: str = field(name="orderAmount", default="")
    currency: str = field(name="orderCurrency", default="")
    redirect_url: str = field(name="redirectUrl", default="")
    masked_card: str = field(name="maskCardNo", default="")
    remark: str = ""
    request_id: str = ""
