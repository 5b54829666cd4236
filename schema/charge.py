"""A charge: one attempt to take money, and everything that may be told of it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

import ledger
from ledger import (
    ChargeAction,
    ChargeStatus,
    ChargeUsage,
    EventSource,
    refundable,
    refunded,
)
from resolvers import cards, chargebacks, charges, declines, refunds, shipments
from resolvers.declines import DeclineCode, RetryAdvice
from resolvers.principal import Role
from schema.card import SavedCard
from schema.customer import Customer
from schema.directives import CUSTOMER_DETAILS
from schema.enumeration import described
from schema.field import Info, nested, read
from schema.money import Money
from schema.node import Node
from schema.refund import Refund
from schema.scalar import URL

if TYPE_CHECKING:
    from schema.chargeback import Chargeback
    from schema.shipment import Shipment

described(
    ChargeStatus,
    "How far a charge has come.",
    {
        "CREATED": "Stored, not sent.",
        "REQUIRES_ACTION": "The buyer must act.",
        "PROCESSING": "Asiabill is working on it.",
        "UNKNOWN": (
            "Sent, and the answer was lost; it is being looked up. Do not start another payment."
        ),
        "AUTHORIZED": "Held, not taken.",
        "SUCCEEDED": "Taken.",
        "DECLINED": "The bank or Asiabill said no; see decline.",
        "VOIDED": "Was held, and given back.",
        "FAILED": "Certain that nothing was taken: it never reached Asiabill, or it lapsed.",
    },
)
described(
    ChargeUsage,
    "Whether the buyer is there, and whether a series of charges begins or goes on.",
    {
        "ON_SESSION": "The buyer is present.",
        "INITIAL_RECURRING": (
            "The first of a series; the buyer is present and 3-D Secure is expected."
        ),
        "RECURRING": (
            "A later one of a series; no buyer; MERCHANT only. The first one of the same customer "
            "and card must have succeeded."
        ),
    },
)
described(
    EventSource,
    "Who brought the news that changed a charge.",
    {
        "REQUEST": "The call that made it.",
        "RESPONSE": "Asiabill's answer to the call.",
        "WEBHOOK": "A notification of Asiabill's.",
        "RETURN_PAGE": "The buyer came back.",
        "LOOKUP": "This gateway asked Asiabill.",
        "OPERATOR": "A person.",
    },
)
described(
    ChargeAction,
    "What may be done to a charge.",
    {
        "CAPTURE": "Take what is held: captureCharge.",
        "VOID": "Let go of what is held: voidCharge.",
        "REFUND": "Give money back: refundCharge.",
        "RECONCILE": "Ask Asiabill what became of it: reconcileCharge.",
        "UPLOAD_SHIPMENT": "Tell Asiabill where the parcel is.",
    },
)
described(
    DeclineCode,
    "Why a charge was declined.",
    {
        "INSUFFICIENT_FUNDS": "Not enough money.",
        "DO_NOT_HONOR": "The bank gives no reason.",
        "EXPIRED_CARD": "The card is too old.",
        "INCORRECT_CVC": "The security code is wrong.",
        "AUTHENTICATION_FAILED": "The bank could not confirm the buyer.",
        "CANCELED_BY_BUYER": "The buyer turned back.",
        "LIMIT_EXCEEDED": "Over a limit of the card or the shop.",
        "RISK_REJECTED": "Asiabill's fraud checks said no. Never tell the buyer.",
        "CARD_NOT_SUPPORTED": "This kind of card is not taken.",
        "ISSUER_UNAVAILABLE": "The bank did not answer.",
        "OTHER": "Another reason, or one not known yet.",
    },
)
described(
    RetryAdvice,
    "What the buyer can do after a decline.",
    {
        "SAME_CARD_LATER": "Try the same card again later.",
        "OTHER_CARD": "Use another card.",
        "CONTACT_BANK": "Ask the bank, or use another card.",
        "DO_NOT_RETRY": "Stop trying: it is not the card. The shop must look.",
    },
)


@strawberry.type(description="Why the bank or Asiabill said no.")
class Decline:
    """The buyer's part is for everyone, the bank's words for the shop alone."""

    retry: RetryAdvice = strawberry.field(description="What the buyer can do now.")
    reason: strawberry.Private[declines.Decline]

    @classmethod
    def of(cls, decline: declines.Decline) -> "Decline":
        """Show a decline."""
        return cls(
            retry=decline.retry,
            reason=decline,
        )

    @nested(
        description=(
            "The reason, for the app's own texts. A client session never sees RISK_REJECTED."
        )
    )
    def code(self, info: Info) -> DeclineCode:
        # Whoever tests stolen cards with a page's token must not learn what the fraud checks say.
        if info.context.principal.role is Role.CUSTOMER:
            return self.reason.code_for_buyer
        return self.reason.code

    @nested(
        description=(
            "Safe to show to the buyer; never reveals fraud checks. English or Chinese, after "
            "Accept-Language."
        )
    )
    def customer_message(self, info: Info) -> str:
        return self.reason.customer_message(info.context.caller.language)

    @read(Role.MERCHANT, Role.OPS, description="The bank's own words.")
    def merchant_message(self) -> str | None:
        return self.reason.merchant_message

    @read(Role.MERCHANT, Role.OPS, description="Asiabill's own code of the reason.")
    def upstream_code(self) -> str | None:
        return self.reason.upstream_code


@strawberry.type(
    description=(
        "Send the buyer to url. Asiabill returns to the gateway, which checks the signature and "
        "sends the buyer on to returnUrl with the charge id alone; read the outcome with charge or "
        "chargeUpdated."
    )
)
class RedirectAction:
    """The bank's page."""

    url: URL = strawberry.field(description="Open it in the buyer's browser.")
    return_url: URL = strawberry.field(
        description="Where the buyer comes back to, with the parameter charge_id."
    )
    expires_at: datetime | None = strawberry.field(
        description="When the page ends; null where Asiabill does not tell."
    )


NextAction = Annotated[
    RedirectAction,
    strawberry.union("NextAction", description="What the buyer must do."),
]


@strawberry.type(description="A change of a charge, or news that changed nothing.")
class ChargeEvent:
    """One line of a charge's history."""

    at: datetime = strawberry.field(description="When it was recorded.")
    status: ChargeStatus = strawberry.field(description="The charge's status after it.")
    source: EventSource = strawberry.field(description="Who brought the news.")
    note: str | None = strawberry.field(description="What it said.")

    @classmethod
    def of(cls, event: ledger.ChargeEvent) -> "ChargeEvent":
        """Show a line of history."""
        return cls(at=event.at, status=event.status, source=event.source, note=event.note or None)


@strawberry.type(description="What Asiabill said of a charge, for support.")
class UpstreamTrace:
    """The names under which Asiabill's support finds the calls."""

    request_ids: list[str] = strawberry.field(description="The request-ids of the calls sent.")
    last_code: str | None = strawberry.field(description="Asiabill's last code.")
    last_message: str | None = strawberry.field(description="Asiabill's last message.")
    webhook_count: int = strawberry.field(description="Notifications received, repeats included.")


@strawberry.type(description="One attempt to take money from a card.")
class Charge(Node):
    """A record of the ledger as this API shows it."""

    id: strawberry.ID = strawberry.field(description="Ours, known before Asiabill is called.")
    order_no: str = strawberry.field(description="The number that Asiabill knows the attempt by.")
    trade_no: str | None = strawberry.field(description="Asiabill's serial; null until it answers.")
    amount: Money = strawberry.field(description="What is taken, exactly as it was sent.")
    status: ChargeStatus = strawberry.field(description="How far it has come.")
    final: bool = strawberry.field(description="No further change of status is expected.")
    live: bool = strawberry.field(
        description="False for the simulator and Asiabill's test platform."
    )
    decline: Decline | None = strawberry.field(description="Set exactly where status is DECLINED.")
    masked_card: str | None = strawberry.field(
        description="The card's number with stars in it, as Asiabill showed it."
    )
    usage: ChargeUsage = strawberry.field(description="What kind of payment it is.")
    created_at: datetime = strawberry.field(description="When it was stored.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    record: strawberry.Private[ledger.Charge]

    @classmethod
    def of(cls, record: ledger.Charge) -> "Charge":
        """Show a charge of the ledger."""
        declined = record.status is ChargeStatus.DECLINED
        return cls(
            id=strawberry.ID(record.id),
            order_no=record.order_no,
            trade_no=record.trade_no,
            amount=Money.of_minor_units(record.minor_units, record.currency, record.amount),
            status=record.status,
            final=record.final,
            live=record.live,
            decline=Decline.of(declines.of(record.upstream_message)) if declined else None,
            masked_card=record.masked_card,
            usage=record.usage,
            created_at=record.created_at,
            updated_at=record.updated_at,
            record=record,
        )

    @nested(description="Set exactly where status is REQUIRES_ACTION.")
    def next_action(self, info: Info) -> NextAction | None:
        if self.record.status is not ChargeStatus.REQUIRES_ACTION or not self.record.redirect_url:
            return None
        own_page = f"{info.context.policy.public_url}/return/{self.id}"
        return RedirectAction(
            url=URL(self.record.redirect_url),
            return_url=URL(self.record.return_url or own_page),
            expires_at=None,
        )

    @nested(upstream=CUSTOMER_DETAILS, description="Who pays.")
    def customer(self) -> Customer | None:
        return Customer.of(self.record.customer_id) if self.record.customer_id else None

    @nested(
        description="The card it was charged to; null where the customer no longer has it.",
        upstream=1,
    )
    async def payment_method(self, info: Info) -> SavedCard | None:
        if not self.record.customer_id or not self.record.payment_method_id:
            return None
        card = await cards.of_customer(
            info.context, self.record.customer_id, self.record.payment_method_id
        )
        return SavedCard.of(card) if card else None

    @nested(description="What may be done to it now. Who may do it, the mutations say.")
    async def allowed_actions(self, info: Info) -> list[ChargeAction]:
        allowed = await refunds.actions(info.context, self.record)
        return [action for action in ChargeAction if action in allowed]

    @nested(description="What went back, in all: the sum of the refunds that SUCCEEDED.")
    async def refunded(self, info: Info) -> Money:
        back = refunded(await refunds.of_charge(info.context, self.record))
        return Money.of_minor_units(back, self.record.currency)

    @nested(
        description=(
            "What may still be refunded. A refund that is PENDING or UNKNOWN counts as spent until "
            "it has surely failed."
        )
    )
    async def refundable(self, info: Info) -> Money:
        left = refundable(self.record, await refunds.of_charge(info.context, self.record))
        return Money.of_minor_units(left, self.record.currency)

    @nested(description="Its refunds, the oldest first.", null_means_error=True)
    async def refunds(self, info: Info) -> list[Refund] | None:
        return [Refund.of(one) for one in await refunds.of_charge(info.context, self.record)]

    @nested(
        description=(
            "Disputes of it that Asiabill told of, the oldest first. Asiabill is not asked."
        ),
        null_means_error=True,
    )
    async def chargebacks(
        self, info: Info
    ) -> list[Annotated["Chargeback", strawberry.lazy("schema.chargeback")]] | None:
        # Here and not above, since the two types know each other.
        from schema.chargeback import Chargeback

        return [Chargeback.of(one) for one in await chargebacks.of_charge(info.context, self.id)]

    @nested(
        description=(
            "Its parcel, also where Asiabill was told of it elsewhere; null where it was not. Not "
            "asked for before a charge has SUCCEEDED."
        ),
        upstream=1,
    )
    async def shipment(
        self, info: Info
    ) -> Annotated["Shipment", strawberry.lazy("schema.shipment")] | None:
        # Here and not above, since its payload knows the errors, and they know the charge.
        from schema.shipment import Shipment

        found = await shipments.of_charge(info.context, self.record)
        return Shipment.of(found) if found else None

    @read(
        Role.MERCHANT,
        Role.OPS,
        description="Every change with its source, for support and audit, oldest first.",
    )
    async def history(self, info: Info) -> list[ChargeEvent]:
        return [ChargeEvent.of(event) for event in await charges.history(info.context, self.id)]

    @read(Role.MERCHANT, Role.OPS, description="What Asiabill said, for its support.")
    def upstream(self) -> UpstreamTrace | None:
        return UpstreamTrace(
            request_ids=self.record.request_ids,
            last_code=self.record.upstream_code,
            last_message=self.record.upstream_message,
            webhook_count=self.record.webhook_count,
        )
