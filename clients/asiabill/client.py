"""Asiabill as one account sees it: a method for each endpoint."""

from dataclasses import replace

import msgspec
from msgspec import Struct

from clients.asiabill import answer as answers
from clients.asiabill import outcomes, readers
from clients.asiabill.account import Credentials, Endpoints
from clients.asiabill.answer import Answer
from clients.asiabill.caller import Caller
from clients.asiabill.transport import OnSend, Transport
from clients.asiabill.wire.authorization import AuthorizeAnswer, AuthorizeRequest
from clients.asiabill.wire.charge import ChargeAnswer, ChargeRequest
from clients.asiabill.wire.chargeback import Chargeback, ChargebackQuery
from clients.asiabill.wire.checkout import CheckoutAnswer, CheckoutRequest
from clients.asiabill.wire.page import Page
from clients.asiabill.wire.payment_method import (
    NewPaymentMethod,
    PaymentMethod,
    PaymentMethodUpdate,
)
from clients.asiabill.wire.person import Billing, Customer, NewCustomer
from clients.asiabill.wire.refund import RefundAnswer, RefundRecord, RefundRequest
from clients.asiabill.wire.shipment import Shipment, ShipmentAnswer, ShipmentUpload
from clients.asiabill.wire.transaction import Transaction, TransactionQuery


class _Token(Struct, frozen=True):
    value: str = msgspec.field(name="sessionToken")


class Asiabill:
    """Every method raises NotSent, NoAnswer, Refused and, where signed answers are required,
    BadSignature. An id that cannot be one of Asiabill's is Refused here, with P0002, and not sent.

    What moves money is sent once and never again, but where its signature was refused and the account
    has another key. Its `on_send` is awaited with the request-id
    before the first byte leaves; what that raises comes through, and then nothing was sent.
    Cancelling the caller recalls nothing. Of the errors only NotSent and Refused say that no money
    moved.
    """

    def __init__(
        self, credentials: Credentials, endpoints: Endpoints, transport: Transport
    ) -> None:
        self._caller = Caller(credentials, endpoints, transport)
        self._authorize = replace(outcomes.AUTHORIZE, api=endpoints.authorize_api)

    async def create_session_token(self) -> str:
        """A token for the hosted card fields, good for 30 minutes. Source: contract 5.1."""
        token = await self._caller.call(outcomes.SESSION_TOKEN, lambda a: answers.record(a, _Token))
        return token.value

    async def create_customer(self, customer: NewCustomer) -> Customer:
        return await self._caller.call(
            outcomes.CREATE_CUSTOMER, lambda a: answers.record(a, Customer), body=customer
        )

    async def customer(self, customer_id: str) -> Customer | None:
        """None where Asiabill knows no such customer."""
        return await self._caller.find(
            outcomes.CUSTOMER,
            lambda a: answers.optional(a, Customer),
            path={"customerId": customer_id},
        )

    async def customers(self, page_index: int, page_size: int) -> Page[Customer]:
        """`page_index` counts from 1."""
        return await self._caller.call(
            outcomes.CUSTOMERS,
            lambda a: answers.page(a, Customer, page_index, page_size),
            query={"pageIndex": str(page_index), "pageSize": str(page_size)},
        )

    async def delete_customer(self, customer_id: str) -> None:
        """Whether its cards go with it is not documented: detach them first."""
        await self._caller.call(
            outcomes.DELETE_CUSTOMER, _nothing, path={"customerId": customer_id}
        )

    async def create_payment_method(self, payment_method: NewPaymentMethod) -> PaymentMethod:
        """For accounts with a PCI licence. The answer may lack what was sent."""
        return await self._caller.call(
            outcomes.CREATE_PAYMENT_METHOD,
            lambda a: answers.record(a, PaymentMethod),
            body=payment_method,
        )

    async def payment_method(self, payment_method_id: str) -> PaymentMethod | None:
        """None where Asiabill knows no such payment method."""
        return await self._caller.find(
            outcomes.PAYMENT_METHOD,
            lambda a: answers.optional(a, PaymentMethod),
            path={"customerPaymentMethodId": payment_method_id},
        )

    async def payment_methods(self, customer_id: str) -> list[PaymentMethod]:
        """The customer's saved cards, in Asiabill's order; an entry may lack its card."""
        return await self._caller.call(
            outcomes.PAYMENT_METHODS,
            lambda a: answers.rows(a, PaymentMethod),
            path={"customerId": customer_id},
        )

    async def update_payment_method(
        self, payment_method_id: str, billing: Billing
    ) -> PaymentMethod | None:
        """None where Asiabill says yes and shows no payment method; its answer is undocumented."""
        return await self._caller.call(
            outcomes.UPDATE_PAYMENT_METHOD,
            readers.payment_method_if_shown,
            body=PaymentMethodUpdate(payment_method_id, billing),
        )

    async def attach_payment_method(self, payment_method_id: str, customer_id: str) -> None:
        await self._caller.call(
            outcomes.ATTACH,
            _nothing,
            path={"customerPaymentMethodId": payment_method_id, "customerId": customer_id},
        )

    async def detach_payment_method(self, payment_method_id: str) -> None:
        await self._caller.call(
            outcomes.DETACH, _nothing, path={"customerPaymentMethodId": payment_method_id}
        )

    async def confirm_charge(self, charge: ChargeRequest, on_send: OnSend) -> ChargeAnswer:
        """Takes the money; a decline is an answer too. Source: contract 5.4."""
        return await self._caller.call(
            outcomes.CONFIRM_CHARGE, readers.charge, body=charge, on_send=on_send
        )

    async def checkout(self, checkout: CheckoutRequest, on_send: OnSend) -> CheckoutAnswer:
        """Opens a page of Asiabill's to pay on. Source: contract 5.5."""
        return await self._caller.call(
            outcomes.CHECKOUT, readers.checkout, body=checkout, on_send=on_send
        )

    async def local_payment(self, checkout: CheckoutRequest, on_send: OnSend) -> CheckoutAnswer:
        """As `checkout`, for a local method; it has no customer, so none is sent.

        Source: contract 5.6.
        """
        return await self._caller.call(
            outcomes.LOCAL_PAYMENT,
            readers.checkout,
            body=msgspec.structs.replace(checkout, customer_id=""),
            on_send=on_send,
        )

    async def authorize(self, authorization: AuthorizeRequest, on_send: OnSend) -> AuthorizeAnswer:
        """Captures or voids what a charge holds. Source: contract 5.7."""
        return await self._caller.call(
            self._authorize, readers.authorization, body=authorization, on_send=on_send
        )

    async def refund(self, refund: RefundRequest, on_send: OnSend) -> RefundAnswer:
        """Applies for a refund; an answer means that Asiabill took it on. Source: contract 6.1."""
        return await self._caller.call(
            outcomes.REFUND, readers.refund, body=refund, on_send=on_send
        )

    async def refund_record(self, batch_no: str) -> RefundRecord | None:
        """None where Asiabill knows no such refund. Source: contract 6.2."""
        return await self._caller.find(
            outcomes.REFUND_RECORD, readers.refund_record, path={"batchNo": batch_no}
        )

    async def transactions(self, query: TransactionQuery) -> Page[Transaction]:
        """One page of the book; leave a day's margin on both sides of the times."""
        return await self._caller.call(
            outcomes.TRANSACTIONS,
            lambda a: readers.transactions(a, query),
            query=query.parameters(),
        )

    async def order_info(self, trade_no: str) -> Transaction | None:
        """None where Asiabill knows no such trade."""
        return await self._caller.find(
            outcomes.ORDER_INFO, readers.order, path={"tradeNo": trade_no}
        )

    async def chargebacks(self, query: ChargebackQuery) -> Page[Chargeback]:
        """One page of the disputes raised in a span of time. Source: contract 6.5."""
        return await self._caller.call(
            outcomes.CHARGEBACKS,
            lambda a: readers.chargebacks(a, query),
            query=query.parameters(),
        )

    async def upload_shipment(self, shipment: ShipmentUpload) -> ShipmentAnswer:
        """Tells where the parcel of an order is. Source: contract 6.6."""
        return await self._caller.call(
            outcomes.UPLOAD_SHIPMENT,
            lambda a: answers.optional(a, ShipmentAnswer) or ShipmentAnswer(),
            body=shipment,
        )

    async def shipment(self, trade_no: str) -> Shipment | None:
        """None where Asiabill knows no such trade, or no shipment of it. Source: contract 6.6."""
        return await self._caller.find(
            outcomes.SHIPMENT, readers.shipment, path={"tradeNo": trade_no}
        )


def _nothing(_: Answer) -> None:
    return None
