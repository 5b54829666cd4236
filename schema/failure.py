"""The one door for errors: what a client is told, and what is worth a line in the log.

A failure that was expected tells its code and its own words. Anything else is INTERNAL: the client
gets the request's id, the log gets the cause.
"""

import re
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from clients.asiabill import AsiabillError, CircuitOpen, Refused
from ledger import LedgerUnavailable
from resolvers.failure import Failure
from resolvers.rejection import Rejection

# graphql-core's words about a wrong value repeat the value, which may hold a card. Each value is the
# last part of its message, so everything from it on goes; the order is that of what may hold what.
_VALUES = (
    (re.compile(r"\bValue '.*' does not exist", re.DOTALL), "This value does not exist"),
    (re.compile(r"\bunknown field '(\w{0,60}).*", re.DOTALL | re.ASCII), r"unknown field '\1'."),
    (re.compile(r"\b(cannot represent [^:]*): .*", re.DOTALL), r"\1."),
    (re.compile(r", but encountered error '.*", re.DOTALL), "."),
    (
        re.compile(r"(?:[,.;] ?)?(?:Did you mean [^:]*\? )?\bfound: .*", re.DOTALL | re.IGNORECASE),
        ".",
    ),
    (re.compile(r"\b(found|Unexpected) (String|BlockString|Int|Float) .*", re.DOTALL), r"\1 \2."),
)
# A name that a client made up is told, without any number that was made part of it.
_NAME = re.compile(r"'[^']*'")
_NUMBER = re.compile(r"\d{3,}")


def shown(
    error: GraphQLError, request_id: str, unexpected: Callable[[BaseException], None]
) -> dict[str, Any]:
    """An error as it goes to the client: message, locations, path, code, requestId, retryable.

    `unexpected` is called with the cause of an error that nobody foresaw.
    """
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    code, message, retryable, more = _told(error, cause)
    if code == "INTERNAL" and not isinstance(cause, Failure):
        unexpected(cause or error)
    formatted: dict[str, Any] = {"message": message}
    if error.locations:
        formatted["locations"] = [location.formatted for location in error.locations]
    if error.path is not None:
        formatted["path"] = error.path
    formatted["extensions"] = {
        "code": code,
        "requestId": request_id,
        "retryable": retryable,
        **more,
    }
    return formatted


def _told(
    error: GraphQLError, cause: BaseException | None
) -> tuple[str, str, bool, dict[str, object]]:
    match cause:
        case Failure():
            return cause.code, str(cause), cause.retryable, {}
        case Rejection():
            # Only a read can end here; mutations turn it into userErrors.
            return "BAD_USER_INPUT", cause.message, False, {}
        case Refused() if cause.saved_cards_disabled:
            message = "Asiabill has not enabled saved cards for this shop."
            return "SAVED_CARDS_NOT_ENABLED", message, False, {}
        case Refused():
            return "UPSTREAM_REJECTED", "Asiabill refused the request.", False, {}
        case CircuitOpen():
            message = "Asiabill is down; try again in a moment."
            return "UPSTREAM_UNAVAILABLE", message, True, {"retryAfterSeconds": cause.retry_after}
        case AsiabillError():
            message = "Asiabill did not answer; try again in a moment."
            return "UPSTREAM_UNAVAILABLE", message, True, {"retryAfterSeconds": 1}
        case LedgerUnavailable():
            return "INTERNAL", "The gateway's database can't be used at the moment.", True, {}
        case InvalidOperationTypeError():
            return "BAD_USER_INPUT", "Only subscriptions are run as a stream.", False, {}
        case MissingQueryError() | CannotGetOperationTypeError():
            return "BAD_USER_INPUT", "There is no such operation in the document.", False, {}
        case None | GraphQLError():
            # The document or its variables are wrong; nothing was resolved.
            return "BAD_USER_INPUT", _without_values(error.message), False, {}
        case _:
            return "INTERNAL", "Something went wrong in the gateway.", False, {}


def _without_values(message: str) -> str:
    for value, instead in _VALUES:
        message = value.sub(instead, message, count=1)
    return _NAME.sub(lambda name: _NUMBER.sub("...", name[0]), message)[:500]
