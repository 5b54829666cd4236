"""Telling whether a customer has a card already, without keeping its number.

Only a whole card that comes through here shows its number. What is kept of it is a keyed hash, of
no use without the key, which the database does not have (PCI DSS 4.0, 3.5.1.1). Of a card from the
hosted fields Asiabill tells brand and last digits alone: too little to say that two are one.
"""

import hmac
from enum import Enum

from clients.asiabill import RawCard
from resolvers.context import Context
from resolvers.rejection import ErrorCode, Rejection, asked_first

_LONG = 32


class DuplicatePolicy(Enum):
    """What becomes of a card that the customer has already."""

    RETURN_EXISTING = "RETURN_EXISTING"
    REJECT = "REJECT"
    ALLOW = "ALLOW"


def fingerprint(key: bytes, card: RawCard) -> str:
    """Equal for equal number and expiry: a renewed card is another one. The security code has no
    part in it."""
    text = f"{card.number}/{card.exp_month}/{card.exp_year}"
    return hmac.digest(key, text.encode(), "sha256").hex()[:_LONG]


async def stored(
    context: Context, customer_id: str, fingerprint: str, policy: DuplicatePolicy
) -> str | None:
    """The customer's card of that print, where the policy cares. At most one upstream call.

    Raises Rejection where the policy refuses it.
    """
    if policy is DuplicatePolicy.ALLOW:
        return None
    prints = context.ledger.fingerprints
    known = await prints.cards(context.account.name, customer_id, fingerprint)
    if not known:
        return None
    with asked_first():
        methods = await context.loaders.current_cards(customer_id)
    found = max((method.id for method in methods if method.id in known), default=None)
    if found is not None and policy is DuplicatePolicy.REJECT:
        raise Rejection(
            ErrorCode.CARD_DUPLICATE, "This card is one of the customer's already.", ("card",)
        )
    return found


async def keep(
    context: Context, payment_method_id: str, customer_id: str, fingerprint: str
) -> None:
    """Remember a new card's print."""
    await context.ledger.fingerprints.keep(
        context.account.name, payment_method_id, customer_id, fingerprint
    )
