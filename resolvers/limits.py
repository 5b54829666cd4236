"""Limits against those who try out stolen cards. See docs/security.md, Card testing.

They are for whoever holds a client session, and where the operator says so also for what the shop's
server does for a customer. What is counted is what is sent to Asiabill and how it ended, in the
ledger, so that all processes share it and a restart forgets nothing.
"""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv6Address, ip_address, ip_network

from clients.asiabill import PaymentMethod, RawCard
from ledger import Guard, LimitReached, Rate, Tally
from resolvers.context import Context
from resolvers.principal import Role
from resolvers.rejection import RateLimited


async def demand_card_session(context: Context) -> None:
    """Count that hosted card fields are to be opened. Raises RateLimited.

    Each is a call to Asiabill, and a place to try numbers at that this service does not see.
    """
    if not _is_limited(context):
        return
    counted = _tallies(
        (
            context.policy.limits.card_sessions,
            "card_sessions.customer",
            context.principal.customer_id,
        ),
    )
    with _told(context):
        await context.ledger.limits.take(context.account.name, Guard(take=counted))


async def demand_new_card(context: Context, customer_id: str, raw: RawCard | None) -> None:
    """Count that a card is to be bound to a customer. Raises RateLimited."""
    limits = context.policy.limits
    if not _is_limited(context):
        return
    counted = _tallies(
        (limits.new_cards, "new_cards.customer", customer_id),
        (limits.address_attempts, "attempts.address", _address(context, None)),
        (limits.card_attempts, "attempts.card", _of_number(context, raw)),
    )
    with _told(context):
        await context.ledger.limits.take(context.account.name, Guard(take=counted))


async def guard(context: Context, customer_id: str | None, buyer_ip: str | None) -> Guard | None:
    """What a charge must pass before it is sent; None for a caller who is not limited.

    `buyer_ip` is the shop's own word, for a call of its server.
    """
    limits = context.policy.limits
    if not _is_limited(context):
        return None
    address = _address(context, buyer_ip)
    declines = _tallies(
        (limits.declines, "declines.customer", customer_id),
        (limits.address_declines, "declines.address", address),
    )
    attempts = _tallies(
        (limits.charges, "charges.customer", customer_id),
        (limits.address_attempts, "attempts.address", address),
    )
    found = Guard(take=attempts, below=declines, declined=declines)
    return await _wary(context, found, customer_id)


def with_card(context: Context, guard: Guard | None, card: PaymentMethod | None) -> Guard | None:
    """The same guard, once it is known which card is charged."""
    limits, shown = context.policy.limits, _of_card(context, card)
    if guard is None:
        return None
    attempts = _tallies((limits.card_attempts, "attempts.card", shown))
    declines = _tallies((limits.card_declines, "declines.card", shown))
    return Guard(
        take=guard.take + attempts,
        below=guard.below + declines,
        ended=guard.ended,
        declined=declines + guard.declined,
    )


async def demand(context: Context, guard: Guard | None) -> None:
    """Raises RateLimited where a send would not pass, before anything is stored or asked."""
    if guard is not None:
        with _told(context):
            await context.ledger.limits.demand(context.account.name, guard)


def refused(context: Context, reached: LimitReached) -> RateLimited:
    """In the caller's words, which say nothing of which limit it was."""
    context.policy.limits.observe(reached.tally.name)
    return RateLimited(reached.retry_after)


async def _wary(context: Context, found: Guard, customer_id: str | None) -> Guard:
    """Where most payments of those who never paid here are declined, somebody is trying out cards:
    then one decline is enough for each of them, and they have few sends between them.

    Who has paid here is no part of it, neither stopped nor counted: else its payments would end the
    alarm while those who are stopped add nothing to it.
    """
    limits, account = context.policy.limits, context.account.name
    if limits.account_declines is None:
        return found
    if customer_id is not None and await context.ledger.limits.has_paid(account, customer_id):
        return found
    (of_ended,) = _tallies((limits.account_declines, "ended.account", "all"))
    (of_declined,) = _tallies((limits.account_declines, "declines.account", "all"))
    found = replace(found, ended=(of_ended,), declined=(*found.declined, of_declined))
    ended, declined = await context.ledger.limits.totals(account, (of_ended, of_declined))
    few = declined.count < limits.account_declines.most
    if few or declined.count * 100 < ended.count * limits.account_decline_percent:
        return found
    strict = tuple(replace(tally, rate=replace(tally.rate, most=1)) for tally in found.below)
    strangers = _tallies((limits.strangers, "strangers.account", "all"))
    return replace(found, take=(*found.take, *strangers), below=strict)


def _is_limited(context: Context) -> bool:
    return context.principal.role is Role.CUSTOMER or context.policy.limits.merchant


@contextmanager
def _told(context: Context) -> Iterator[None]:
    try:
        yield
    except LimitReached as reached:
        raise refused(context, reached) from reached


def _tallies(*wanted: tuple[Rate | None, str, str | None]) -> tuple[Tally, ...]:
    """Those that are switched on and have somebody to count to."""
    return tuple(
        Tally(name, subject, rate)
        for rate, name, subject in wanted
        if rate is not None and subject is not None
    )


def _address(context: Context, buyer_ip: str | None) -> str | None:
    """A buyer's own address, hashed; None where nobody knows it.

    An address of a private net is the shop's proxy, and would count all buyers as one. A house has
    a whole /64 of IPv6.
    """
    said = context.caller.ip if context.principal.role is Role.CUSTOMER else buyer_ip
    try:
        address = ip_address(said or "")
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_global:
        return None
    net = ip_network((address, 64 if address.version == 6 else 32), strict=False)
    return _hashed(context, "address", str(net))


def _of_card(context: Context, method: PaymentMethod | None) -> str | None:
    """By all that Asiabill shows of a card, so that each copy of it is the same one."""
    card = method.card if method else None
    if card is None or not card.last4:
        return None
    shown = f"{card.brand} {card.last4} {card.exp_month}/{card.exp_year}"
    return _hashed(context, "card", shown)


def _of_number(context: Context, raw: RawCard | None) -> str | None:
    return None if raw is None else _hashed(context, "number", raw.number)


def _hashed(context: Context, kind: str, value: str) -> str:
    """With a key, or trying all numbers would find which one it is of."""
    text = f"{context.account.name} {kind} {value}"
    return hmac.new(context.policy.limits.key, text.encode(), hashlib.sha256).hexdigest()
