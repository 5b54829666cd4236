"""Saved cards: Asiabill's payment methods, seen through the customer that owns them."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from clients.asiabill import Billing, NewPaymentMethod, PaymentMethod, RawCard, Refused
from resolvers import argument, duplicates, idempotency, intents, limits
from resolvers.context import Context
from resolvers.duplicates import DuplicatePolicy
from resolvers.failure import Forbidden
from resolvers.principal import ClientPermission, Role
from resolvers.rejection import ErrorCode, Rejection, asked_first, upstream_rejected

# Source: contract 5.1.
_SESSION_LIFE = timedelta(minutes=30)
_SNOWFLAKE = re.compile(r"pm_(\d{1,30})", re.ASCII)


class Card(msgspec.Struct, frozen=True):
    """A stored card and what is known of its place. `customer_id` is None where unattached or unknown."""

    method: PaymentMethod
    customer_id: str | None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class CardSession:
    """A session for Asiabill's hosted card fields; dies with the checkout attempt."""

    token: str
    script_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CardResult:
    """What a mutation of a card left. `card` is None where Asiabill no longer shows it."""

    card: Card | None
    customer_id: str | None
    replayed: bool = False


async def saved_cards(context: Context, customer_id: str) -> list[Card]:
    """A customer's stored cards, the default first, then the newest. One upstream call."""
    context.principal.demand(ClientPermission.READ_CARDS)
    if not context.principal.owns(customer_id):
        raise Forbidden("These are another customer's cards.")
    loaders = context.loaders
    # The ledger is asked while Asiabill is.
    loaders.default_card.begin(customer_id)
    methods = await loaders.saved_cards.load(customer_id)
    default = await loaders.default_card.load(customer_id) if methods else None
    cards = [Card(method, customer_id, method.id == default) for method in methods]
    if len(cards) < 2:
        return cards
    return sorted(cards, key=lambda card: (not card.is_default, -_age_rank(card.method.id)))


async def default_card(context: Context, customer_id: str) -> Card | None:
    """The card that a customer chose as default, where it is still stored."""
    cards = await saved_cards(context, customer_id)
    return cards[0] if cards and cards[0].is_default else None


async def card(context: Context, payment_method_id: str) -> Card | None:
    """One card by id, or None where it is unknown or not in the caller's own list."""
    if not argument.is_id(payment_method_id):
        return None
    if context.principal.role is Role.CUSTOMER and context.principal.customer_id is not None:
        return await of_customer(context, context.principal.customer_id, payment_method_id)
    method = await context.account.asiabill.payment_method(payment_method_id)
    return None if method is None else Card(method, method.customer_id)


async def card_session(context: Context, intent_id: str | None) -> CardSession:
    """A fresh session for Asiabill's hosted fields. One upstream call.

    Where it is for an intent that nobody can pay any more, a Rejection says so before the buyer
    types a card. Raises RateLimited where a client session asks for one after the other.
    """
    if intent_id is not None:
        await intents.demand_payable(context, intent_id)
    await limits.demand_card_session(context)
    with upstream_rejected():
        token = await context.account.asiabill.create_session_token()
    return CardSession(token, context.policy.script_url, context.now() + _SESSION_LIFE)


async def create(
    context: Context,
    *,
    customer_id: str | None,
    hosted_id: str | None,
    raw: RawCard | None,
    billing: Billing | None,
    set_as_default: bool,
    on_duplicate: DuplicatePolicy,
    idempotency_key: str | None,
) -> CardResult:
    """Bind a card to a customer: one of Asiabill's hosted fields, or (MERCHANT) a raw one.

    At most three upstream calls. `on_duplicate` is for raw cards: of a hosted one too little is
    known to tell it from another. Raises Rejection.
    """
    context.principal.demand(ClientPermission.SAVE_CARD)
    customer_id = _customer(context, customer_id)
    if (hosted_id is None) == (raw is None):
        argument.invalid("Give exactly one of hostedPaymentMethodId and card.", ("card",))
    asiabill = context.account.asiabill
    print_ = duplicates.fingerprint(context.account.card_key, raw) if raw else ""

    async def make_raw() -> str:
        assert raw is not None
        found = await duplicates.stored(context, customer_id, print_, on_duplicate)
        if found is not None:
            return found
        await limits.demand_new_card(context, customer_id, raw)
        made = await asiabill.create_payment_method(NewPaymentMethod(raw, billing, customer_id))
        await duplicates.keep(context, made.id, customer_id, print_)
        return made.id

    async def bind_raw() -> str:
        if on_duplicate is not DuplicatePolicy.RETURN_EXISTING:
            return await make_raw()
        # A second press of the button finds the first one's card, also while it is being made.
        key = ("card", customer_id, print_)
        return await context.account.sends.share(key, make_raw, lambda: None)

    async def bind_hosted() -> str:
        assert hosted_id is not None
        await limits.demand_new_card(context, customer_id, None)
        await _claim(context, hosted_id, customer_id)
        try:
            # Repeating it changes nothing, so it is not asked first whether the card is there.
            await asiabill.attach_payment_method(hosted_id, customer_id)
        except Refused as refused:
            if context.principal.role is Role.MERCHANT:
                raise
            # Asiabill does not show whose a card is, but it keeps it: the claim was a false one.
            await context.ledger.cards.disown(context.account.name, hosted_id)
            if refused.saved_cards_disabled:
                raise
            raise _not_owned(("hostedPaymentMethodId",)) from refused
        return hosted_id

    bind: Callable[[], Awaitable[str]] = bind_hosted
    if raw is not None:
        if context.principal.role is not Role.MERCHANT:
            raise Rejection(ErrorCode.RAW_CARDS_DISABLED, "Use the hosted card fields.", ("card",))
        if not context.policy.raw_cards:
            raise Rejection(
                ErrorCode.RAW_CARDS_DISABLED, "Raw cards are switched off here.", ("card",)
            )
        bind = bind_raw
    else:
        assert hosted_id is not None
        argument.payment_method_id(hosted_id, ("hostedPaymentMethodId",))
    arguments = (customer_id, hosted_id, print_, billing, set_as_default, on_duplicate)
    async with context.changing(customer_id):
        with upstream_rejected():
            done = await idempotency.once(
                context, "createPaymentMethod", idempotency_key, arguments, bind
            )
    await context.ledger.cards.assign(context.account.name, done.result, customer_id)
    if set_as_default:
        await _set_default(context, customer_id, done.result)
    with upstream_rejected():
        bound = await _own_unchecked(context, customer_id, done.result)
    if bound is None:
        raise Rejection(
            ErrorCode.NOT_FOUND,
            "Asiabill did not keep this card for the customer.",
            ("hostedPaymentMethodId",) if raw is None else ("card",),
        )
    return CardResult(bound, customer_id, done.replayed)


async def update(context: Context, payment_method_id: str, billing: Billing) -> CardResult:
    """Change a card's billing details. Two upstream calls at most."""
    context.principal.demand(ClientPermission.SAVE_CARD)
    before = await _known(context, payment_method_id, ("id",))
    async with context.changing(before.customer_id, payment_method_id):
        with upstream_rejected():
            await context.account.asiabill.update_payment_method(payment_method_id, billing)
    after = msgspec.structs.replace(before.method, billing=billing)
    return CardResult(Card(after, before.customer_id, before.is_default), before.customer_id)


async def attach(context: Context, payment_method_id: str, customer_id: str) -> CardResult:
    """Bind an unattached card to a customer. Repeating it changes nothing."""
    context.principal.demand(ClientPermission.SAVE_CARD)
    customer_id = _customer(context, customer_id)
    argument.payment_method_id(payment_method_id)
    owner = await context.ledger.cards.owner(context.account.name, payment_method_id)
    if context.principal.role is Role.CUSTOMER and owner != customer_id:
        raise _not_owned()
    async with context.changing(customer_id):
        with upstream_rejected():
            await context.account.asiabill.attach_payment_method(payment_method_id, customer_id)
    await context.ledger.cards.assign(context.account.name, payment_method_id, customer_id)
    with upstream_rejected():
        bound = await _own_unchecked(context, customer_id, payment_method_id)
    return CardResult(bound, customer_id)


async def detach(context: Context, payment_method_id: str) -> CardResult:
    """Forget a stored card. The answer shows it as it was. Two upstream calls.

    Where it is the default, the newest of the cards that are left becomes it.
    """
    context.principal.demand(ClientPermission.REMOVE_CARD)
    before, successor = await _leaving(context, payment_method_id)
    async with context.changing(before.customer_id, payment_method_id):
        with upstream_rejected():
            await context.account.asiabill.detach_payment_method(payment_method_id)
    await context.ledger.cards.forget(context.account.name, payment_method_id, successor)
    if before.customer_id is not None:
        context.loaders.default_card.clear(before.customer_id)
    return CardResult(Card(before.method, None), before.customer_id)


async def set_default(context: Context, customer_id: str, payment_method_id: str) -> str:
    """Make one of a customer's own cards its default. Gives the customer's id."""
    context.principal.demand(ClientPermission.SET_DEFAULT)
    customer_id = _customer(context, customer_id)
    argument.payment_method_id(payment_method_id)
    with asked_first():
        own = await _own_unchecked(context, customer_id, payment_method_id)
    if own is None:
        raise _not_owned()
    await _set_default(context, customer_id, payment_method_id)
    return customer_id


async def demand_owned(
    context: Context, payment_method_id: str, customer_id: str
) -> PaymentMethod | None:
    """Raise Rejection unless the customer may pay with this card.

    It may with a card of its own list, which is given back, and with one that was claimed for it
    and not bound yet.
    """
    methods = await context.loaders.current_cards(customer_id)
    own = next((method for method in methods if method.id == payment_method_id), None)
    if own is not None:
        return own
    if await context.ledger.cards.owner(context.account.name, payment_method_id) != customer_id:
        raise _not_owned()
    return None


async def of_customer(context: Context, customer_id: str, payment_method_id: str) -> Card | None:
    """One card of a customer's own list, or None. One upstream call."""
    cards = await saved_cards(context, customer_id)
    return next((own for own in cards if own.method.id == payment_method_id), None)


async def _own_unchecked(context: Context, customer_id: str, payment_method_id: str) -> Card | None:
    """As `of_customer`, for callers that may act on the card without READ_CARDS."""
    methods = await context.loaders.current_cards(customer_id)
    default = await context.loaders.default_card.load(customer_id)
    return next(
        (
            Card(method, customer_id, method.id == default)
            for method in methods
            if method.id == payment_method_id
        ),
        None,
    )


async def _leaving(context: Context, payment_method_id: str) -> tuple[Card, str | None]:
    """A card that the caller may forget, and the one that is next where it is the default.

    One upstream call: a default's owner is known, so its list shows both.
    """
    path = ("paymentMethodId",)
    argument.payment_method_id(payment_method_id, path)
    owner = await context.ledger.cards.default_owner(context.account.name, payment_method_id)
    if owner is None or not context.principal.owns(owner):
        return await _known(context, payment_method_id, path), None
    with asked_first():
        methods = await context.loaders.current_cards(owner)
    found = next((method for method in methods if method.id == payment_method_id), None)
    if found is None:
        raise _no_card(path)
    left = (method.id for method in methods if method.id != payment_method_id)
    return Card(found, owner, is_default=True), max(left, key=_age_rank, default=None)


async def _known(context: Context, payment_method_id: str, path: tuple[str, ...]) -> Card:
    """A card that the caller may change, with one upstream call, or a Rejection."""
    argument.payment_method_id(payment_method_id, path)
    principal = context.principal
    with asked_first():
        if principal.role is Role.CUSTOMER and principal.customer_id is not None:
            found = await _own_unchecked(context, principal.customer_id, payment_method_id)
        else:
            found = await card(context, payment_method_id)
    if found is None:
        raise _no_card(path)
    return found


def _customer(context: Context, customer_id: str | None) -> str:
    """The customer that a call is about; a session's own where none is named."""
    principal = context.principal
    if customer_id is None:
        customer_id = principal.customer_id
    if customer_id is None:
        argument.invalid("customerId is required for the shop's own key.", ("customerId",))
    argument.customer_id(customer_id)
    if not principal.owns(customer_id):
        # The same words as for an id that does not exist: ids of others are not confirmed.
        raise Rejection(ErrorCode.NOT_FOUND, "There is no such customer.", ("customerId",))
    return customer_id


async def _claim(context: Context, payment_method_id: str, customer_id: str) -> None:
    """Reserve a hosted card for a customer, or raise Rejection. One upstream call.

    A page proves its card by the id alone. So the first session that comes with an id has it,
    and none gets a card that Asiabill shows with another customer. The shop's key decides freely.
    Asiabill is asked first, so that another's card and an unknown one cost and answer the same.
    """
    ledger, account = context.ledger, context.account
    with asked_first():
        method = await account.asiabill.payment_method(payment_method_id)
    if method is None or method.customer_id not in (None, customer_id):
        raise _not_owned(("hostedPaymentMethodId",))
    if context.principal.role is Role.MERCHANT:
        return
    await ledger.cards.remember(account.name, payment_method_id, customer_id)
    owner = await ledger.cards.owner(account.name, payment_method_id)
    if owner != customer_id:
        raise _not_owned(("hostedPaymentMethodId",))


async def _set_default(context: Context, customer_id: str, payment_method_id: str) -> None:
    await context.ledger.cards.set_default(context.account.name, customer_id, payment_method_id)
    context.loaders.default_card.clear(customer_id)


def _no_card(path: tuple[str, ...]) -> Rejection:
    return Rejection(ErrorCode.NOT_FOUND, "There is no such card.", path)


def _not_owned(path: tuple[str, ...] = ("paymentMethodId",)) -> Rejection:
    return Rejection(ErrorCode.CARD_NOT_OWNED, "This card is not one of this customer's.", path)


def _age_rank(payment_method_id: str) -> int:
    """Rises with the time a card was made: Asiabill's ids are numbers that grow."""
    number = _SNOWFLAKE.fullmatch(payment_method_id)
    return int(number[1]) if number else 0
