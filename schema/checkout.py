"""Paying on a page of Asiabill's."""

from typing import Annotated

import strawberry

from resolvers import checkouts
from resolvers.principal import Role
from resolvers.rejection import ChargeRejection, Rejection, UpstreamRejection
from schema.charge import Charge
from schema.field import Info, effect
from schema.intents import IntentId
from schema.scalar import URL
from schema.user_error import Payload, of_rejection


@strawberry.type(description="A page of Asiabill's on which the buyer pays.")
class Checkout:
    """A page, and the charge that is made on it."""

    url: URL = strawberry.field(
        description="Open it in the buyer's browser, in the whole window and not in a frame."
    )
    charge: Charge = strawberry.field(
        description=(
            "The charge that is made there. The buyer comes back with its id in charge_id; read "
            "its end with charge or chargeUpdated."
        )
    )

    @classmethod
    def of(cls, checkout: checkouts.Checkout) -> "Checkout":
        """Show a page."""
        return cls(url=URL(checkout.url), charge=Charge.of(checkout.charge))


@strawberry.type(description="A page to pay on, opened or found open.")
class CheckoutPayload(Payload):
    """The answer of createCheckout."""

    checkout: Checkout | None = strawberry.field(
        default=None,
        description=(
            "The page; also there beside CHARGE_IN_PROGRESS where another page of the intent is "
            "still open."
        ),
    )

    @classmethod
    def rejected(cls, rejection: Rejection) -> "CheckoutPayload":
        """The payload of a page not opened, with the open page that is in its way."""
        in_the_way = (
            rejection.charge if isinstance(rejection, UpstreamRejection | ChargeRejection) else None
        )
        found = checkouts.find(in_the_way) if in_the_way else None
        return cls(
            checkout=Checkout.of(found) if found else None, user_errors=[of_rejection(rejection)]
        )


@strawberry.type
class CheckoutMutation:
    """Opening pages to pay on."""

    @effect(
        Role.MERCHANT,
        Role.CUSTOMER,
        upstream=1,
        moves_money=True,
        rejected=CheckoutPayload.rejected,
        description=(
            "A page hosted by Asiabill: new cards, wallets and local methods. While it is open the "
            "same call gives the same page, and no other charge of the intent is made. Where "
            "Asiabill's answer was lost there is no page to show: the charge is UNKNOWN and looked "
            "up, see paymentIntent.charges."
        ),
    )
    async def create_checkout(
        self,
        info: Info,
        payment_intent_id: IntentId,
        return_url: Annotated[
            URL,
            strawberry.argument(
                description="Where the buyer comes back to; its origin must be on the allow-list."
            ),
        ],
        method: Annotated[
            str | None,
            strawberry.argument(
                description=(
                    'Asiabill\'s name of the way to pay: "Credit Card", or a local method such as '
                    '"Alipay", "WeChatPay", "klarna", "ideal", "p24", "giropay", "KAKAOPAY".'
                )
            ),
        ] = checkouts.CARD,
    ) -> CheckoutPayload:
        checkout = await checkouts.create(
            info.context,
            intent_id=payment_intent_id,
            method=checkouts.CARD if method is None else method,
            return_to=return_url,
        )
        return CheckoutPayload(checkout=Checkout.of(checkout))
