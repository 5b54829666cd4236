"""Customers: Asiabill keeps them, we name them by Asiabill's own ids."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from clients.asiabill import Asiabill, Customer, NewCustomer, PaymentMethod, Refused
from resolvers import argument, idempotency, window
from resolvers.context import Context
from resolvers.failure import LimitExceeded
from resolvers.principal import ClientPermission
from resolvers.rejection import (
    ErrorCode,
    Rejection,
    UpstreamOutcome,
    UpstreamRejection,
    upstream_rejected,
)
from resolvers.window import Rows, demand_first

MAX_IDS = 50
MAX_CARDS_TO_DETACH = 20


@dataclass(frozen=True, slots=True)
class Known:
    """A customer by its id; `details` where they were asked for."""

    id: str
    details: Customer | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """What a mutation made, or found made by an earlier call with its key."""

    customer_id: str
    replayed: bool


async def customer(
    context: Context, customer_id: str, *, details: bool, cards: bool
) -> Known | None:
    """A customer, or None where it is unknown or not the caller's.

    Asiabill is asked only where `details` are wanted: without them an id is taken at its word. Where
    its `cards` will be asked for as well, their list is asked for at the same time.
    """
    known = _may_be(context, customer_id)
    if known is None or not details:
        return known
    if cards and context.principal.may(ClientPermission.READ_CARDS):
        context.loaders.saved_cards.begin(customer_id)
    found = await context.loaders.customer.load(customer_id)
    return None if found is None else Known(customer_id, found)


async def customers_by_ids(
    context: Context, ids: Sequence[str], *, details: bool, cards: bool
) -> list[Known | BaseException | None]:
    """Customers in the order of `ids`, each by itself: a failure takes one place only."""
    if len(ids) > MAX_IDS:
        raise LimitExceeded(f"ids may name at most {MAX_IDS} customers.")
    if not details:
        return [_may_be(context, customer_id) for customer_id in ids]
    return await asyncio.gather(
        *(customer(context, customer_id, details=details, cards=cards) for customer_id in ids),
        return_exceptions=True,
    )


def _may_be(context: Context, customer_id: str) -> Known | None:
    """A customer of whom nothing was asked; None for what is no id or another's."""
    if not argument.is_id(customer_id) or not context.principal.owns(customer_id):
        return None
    return Known(customer_id)


async def details(context: Context, customer_id: str) -> Customer | None:
    """A customer's own fields, or None where Asiabill does not know it."""
    return await context.loaders.customer.load(customer_id)


async def page(context: Context, first: int, offset: int) -> Rows[Customer]:
    """`first` customers from `offset` on, in Asiabill's order. One upstream call."""
    return await window.rows(context.account.asiabill.customers, offset, demand_first(first))


async def create(context: Context, new: NewCustomer, idempotency_key: str) -> Created:
    """Create a customer at Asiabill. The same key makes it once."""
    argument.email(new.email, ("input", "email"))
    argument.text(new.first_name, ("input", "firstName"), most=50)
    argument.text(new.last_name, ("input", "lastName"), most=50)
    argument.text(new.phone, ("input", "phone"), least=0, most=50)
    argument.text(new.description, ("input", "description"), least=0, most=500)

    async def send() -> str:
        made = await context.account.asiabill.create_customer(new)
        return made.id

    with upstream_rejected():
        done = await idempotency.once(context, "createCustomer", idempotency_key, new, send)
    context.forget_customer(done.result)
    return Created(done.result, done.replayed)


async def delete(context: Context, customer_id: str) -> str:
    """Delete a customer after its cards were detached. Gives its id back.

    Whether deleting detaches a customer's cards is not known of Asiabill (contract 12), so the
    cards go first.
    """
    argument.customer_id(customer_id, ("id",))
    asiabill = context.account.asiabill
    cards: list[PaymentMethod] = []
    try:
        async with context.changing(customer_id):
            with upstream_rejected():
                cards = await _cards_to_detach(asiabill, customer_id)
                if len(cards) > MAX_CARDS_TO_DETACH:
                    argument.invalid(
                        "This customer has too many cards; detach some first.", ("id",)
                    )
                # All of them end before the customer is forgotten below, also where one fails.
                detached = await asyncio.gather(
                    *(asiabill.detach_payment_method(card.id) for card in cards),
                    return_exceptions=True,
                )
                for card, failed in zip(cards, detached, strict=True):
                    if failed is None:
                        await context.ledger.cards.forget(context.account.name, card.id)
                for failed in filter(None, detached):
                    raise failed
                await asiabill.delete_customer(customer_id)
    except UpstreamRejection as rejection:
        if rejection.outcome is UpstreamOutcome.REJECTED and not cards:
            raise Rejection(
                ErrorCode.NOT_FOUND, "There is no such customer.", ("id",)
            ) from rejection
        raise
    return customer_id


async def _cards_to_detach(asiabill: Asiabill, customer_id: str) -> list[PaymentMethod]:
    try:
        return await asiabill.payment_methods(customer_id)
    except Refused as refused:
        if refused.saved_cards_disabled:
            return []
        raise


def own(context: Context) -> str | None:
    """The customer of the caller's own session; None for the shop's keys."""
    return context.principal.customer_id
