"""The signed client of Asiabill's merchant API V2022-03."""

from clients.asiabill.account import Credentials, Endpoints
from clients.asiabill.client import Asiabill
from clients.asiabill.deadlines import Deadlines
from clients.asiabill.errors import (
    AsiabillError,
    BadSignature,
    CircuitOpen,
    NoAnswer,
    NotSent,
    Refused,
)
from clients.asiabill.ids import new_id
from clients.asiabill.moment import CHINA
from clients.asiabill.outcomes import Outcome
from clients.asiabill.signing import verify_return, verify_webhook
from clients.asiabill.transport import Call, Transport
from clients.asiabill.wire.authorization import AuthorizeAnswer, AuthorizeRequest, AuthType
from clients.asiabill.wire.charge import ChargeAnswer, ChargeRequest, OrderLine
from clients.asiabill.wire.chargeback import Chargeback, ChargebackQuery
from clients.asiabill.wire.checkout import (
    BillingAddress,
    CheckoutAnswer,
    CheckoutRequest,
    DeliveryAddress,
)
from clients.asiabill.wire.page import Page
from clients.asiabill.wire.payment_method import Card, NewPaymentMethod, PaymentMethod, RawCard
from clients.asiabill.wire.person import Address, Billing, Customer, NewCustomer
from clients.asiabill.wire.refund import RefundAnswer, RefundRecord, RefundRequest, RefundType
from clients.asiabill.wire.shipment import Shipment, ShipmentAnswer, ShipmentUpload
from clients.asiabill.wire.transaction import Goods, Transaction, TransactionQuery

__all__ = [
    "CHINA",
    "Address",
    "Asiabill",
    "AsiabillError",
    "AuthType",
    "AuthorizeAnswer",
    "AuthorizeRequest",
    "BadSignature",
    "Billing",
    "BillingAddress",
    "Call",
    "Card",
    "ChargeAnswer",
    "ChargeRequest",
    "Chargeback",
    "ChargebackQuery",
    "CheckoutAnswer",
    "CheckoutRequest",
    "CircuitOpen",
    "Credentials",
    "Customer",
    "Deadlines",
    "DeliveryAddress",
    "Endpoints",
    "Goods",
    "NewCustomer",
    "NewPaymentMethod",
    "NoAnswer",
    "NotSent",
    "OrderLine",
    "Outcome",
    "Page",
    "PaymentMethod",
    "RawCard",
    "RefundAnswer",
    "RefundRecord",
    "RefundRequest",
    "RefundType",
    "Refused",
    "Shipment",
    "ShipmentAnswer",
    "ShipmentUpload",
    "Transaction",
    "TransactionQuery",
    "Transport",
    "new_id",
    "verify_return",
    "verify_webhook",
]
