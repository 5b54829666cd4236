"""Giving money back, and reading what became of it."""

from typing import Annotated

import strawberry

from resolvers import refunds
from resolvers.principal import Role
from resolvers.rejection import KeyReused, NotAllowed, Rejection, UpstreamRejection
from schema.charge import Charge
from schema.field import Info, effect, read
from schema.money import MoneyInput
from schema.refund import Refund
from schema.user_error import Payload, of_rejection


@strawberry.type(description="A refund, made or found.")
class RefundPayload(Payload):
    """The answer of refundCharge."""

    refund: Refund | None = strawberry.field(
        default=None,
        description=(
            "The refund as it stands now; also there beside an upstream error about it, and beside "
            "IDEMPOTENCY_MISMATCH the one that the key made."
        ),
    )
    charge: Charge | None = strawberry.field(
        default=None, description="The charge whose money it is."
    )
    replayed: bool = strawberry.field(
        default=False, description="True where an earlier call with this key did the work."
    )

    @classmethod
    def rejected(cls, rejection: Rejection) -> "RefundPayload":
        """The payload of a call not done, with what it was about or what is in its way."""
        stored = rejection.refund if isinstance(rejection, UpstreamRejection | KeyReused) else None
        charge = rejection.charge if isinstance(rejection, UpstreamRejection | NotAllowed) else None
        return cls(
            refund=Refund.of(stored) if stored else None,
            charge=Charge.of(charge) if charge else None,
            user_errors=[of_rejection(rejection)],
        )


@strawberry.type
class RefundQuery:
    """Reads of refunds."""

    @read(
        Role.MERCHANT,
        Role.OPS,
        upstream=1,
        description=(
            "One refund; null where it is unknown. Asiabill is asked for it while its end is not "
            "known and it has a batchNo."
        ),
    )
    async def refund(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The refund's id.")],
    ) -> Refund | None:
        found = await refunds.find(info.context, id)
        return Refund.of(found) if found else None


@strawberry.type
class RefundMutation:
    """Effects on refunds."""

    @effect(
        Role.MERCHANT,
        upstream=2,
        moves_money=True,
        rejected=RefundPayload.rejected,
        description=(
            "Give money of a charge back, at most once for each key. Leave amount out to refund all "
            "that is left. A lost answer is not an error: the refund comes back with status UNKNOWN, "
            "keeps its money from being refunded again, and is never sent again."
        ),
    )
    async def refund_charge(
        self,
        info: Info,
        charge_id: Annotated[strawberry.ID, strawberry.argument(description="The charge's id.")],
        reason: Annotated[
            str,
            strawberry.argument(description="Told to Asiabill and kept, at most 500 characters."),
        ],
        idempotency_key: Annotated[
            str,
            strawberry.argument(
                description="Repeat it with a repeated call, and the money goes back once."
            ),
        ],
        amount: Annotated[
            MoneyInput | None,
            strawberry.argument(
                description="How much, in the charge's currency; all that is left where absent."
            ),
        ] = strawberry.UNSET,
    ) -> RefundPayload:
        done = await refunds.refund(
            info.context,
            charge_id=charge_id,
            amount=(amount.amount, amount.currency) if amount else None,
            reason=reason,
            idempotency_key=idempotency_key,
        )
        return RefundPayload(
            refund=Refund.of(done.refund), charge=Charge.of(done.charge), replayed=done.replayed
        )
