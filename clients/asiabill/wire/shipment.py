"""The parcel of an order, told to Asiabill as a proof against disputes."""

from msgspec import Struct, field


class ShipmentUpload(Struct, frozen=True, omit_defaults=True):
    """`tracking_site` is where `tracking_no` can be looked up. Source: contract 6.6.

    Raises ValueError without an order number and without a trade number.
    """

    tracking_no: str = field(name="trackingNo")
    tracking_site: str = field(name="trackingWeb")
    carrier_code: str = field(name="lcCode", default="")
    trade_no: str = field(name="tradeNo", default="")
    order_no: str = field(name="orderNo", default="")

    def __post_init__(self) -> None:
        if not (self.trade_no or self.order_no):
            raise ValueError("a shipment belongs to a trade or to an order")


class ShipmentAnswer(Struct, frozen=True):
    """`status` is "success" as a rule; values Asiabill left out are "". Source: contract 6.6."""

    trade_no: str = field(name="tradeNo", default="")
    status: str = ""
    description: str = ""


class Shipment(Struct, frozen=True):
    """Values Asiabill left out are "". Source: contract 6.3, 6.6.

    `status` keeps Asiabill's spelling: Pending, NotFound, InfoReceived, InTransit, ArrivedDelivery,
    Delivering, Delivered, Exception, DeliveryFailure, Return.
    """

    tracking_no: str = field(name="trackingNo", default="")
    tracking_site: str = field(name="trackingWeb", default="")
    carrier_code: str = field(name="tbLcCode", default="")
    status: str = field(name="logisticsStatus", default="")
    trade_no: str = field(name="tradeNo", default="")
