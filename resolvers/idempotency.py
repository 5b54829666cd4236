"""Once per key, for effects that move no money. Charges have the ledger's own rules."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from ledger import ClaimState
from resolvers import argument
from resolvers.context import Context
from resolvers.rejection import ErrorCode, KeyReused, Rejection

# Longer than the slowest upstream call of such an effect, so that a claim is taken over only
# from a process that died.
_LEASE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Done:
    """The id that an effect gave, now or when its key was first used."""

    result: str
    replayed: bool


def digest(arguments: object) -> str:
    """A hash of a call's arguments, to tell a repeat from another call.

    `arguments` must be free of card numbers: a hash of one is found by trying them all.
    """
    return hashlib.sha256(msgspec.json.encode(arguments, order="deterministic")).hexdigest()


def order_no(context: Context, key: str) -> str:
    """An order number for a caller that names none: the same key gives the same number everywhere.

    A digest, so that the number shows nothing of the key.
    """
    return digest(("orderNo", context.principal.key_scope, key))[:32]


async def once(
    context: Context,
    operation: str,
    key: str | None,
    arguments: object,
    effect: Callable[[], Awaitable[str]],
) -> Done:
    """Run `effect` once for this caller, operation and key; later calls get its result.

    An effect that raised has not used the key up. Without a key it simply runs. Raises KeyReused
    for other arguments, and Rejection where the first call is still under way.
    """
    if key is None:
        return Done(await effect(), replayed=False)
    claim = await context.ledger.requests.claim(
        context.account.name,
        operation,
        context.principal.key_scope,
        argument.idempotency_key(key),
        digest(arguments),
        lease_seconds=_LEASE_SECONDS,
    )
    if claim.state is ClaimState.MISMATCH:
        raise KeyReused(None)
    if claim.state is ClaimState.IN_PROGRESS:
        raise Rejection(
            ErrorCode.INVALID_INPUT,
            "A call with this idempotency key is still under way; ask again in a moment.",
            ("idempotencyKey",),
        )
    if claim.state is ClaimState.DONE:
        assert claim.result is not None
        return Done(claim.result, replayed=True)
    try:
        result = await effect()
    except BaseException:
        await context.ledger.requests.release(claim)
        raise
    await context.ledger.requests.finish(claim, result)
    return Done(result, replayed=False)
