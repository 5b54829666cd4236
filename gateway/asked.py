"""What a request asks for, read from a body, a query string or a socket's message."""

from typing import Any, NoReturn
from urllib.parse import parse_qsl

import msgspec

from resolvers.failure import BadUserInput

MAX_DEPTH = 32
# query, variables, operationName, extensions, documentId; others are ignored, as in a body.
_MOST_PARAMETERS = 16
_NESTING = (dict, list)


class Asked(msgspec.Struct, rename="camel"):
    """One operation. `query` may be absent where `document_id` or a persisted query names it."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None

    @property
    def sha256(self) -> str | None:
        """The hash that `extensions.persistedQuery` names a document by."""
        persisted = (self.extensions or {}).get("persistedQuery")
        named = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        return named if isinstance(named, str) else None


def of_body(body: bytes) -> Asked:
    """Raises BadUserInput, which tells the place of a mistake and never the value: it may be a card."""
    try:
        return _checked(msgspec.json.decode(body, type=Asked))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _refuse(error)


def of_message(payload: object) -> Asked:
    """The operation of a socket's subscribe message. Raises BadUserInput."""
    try:
        return _checked(msgspec.convert(payload, type=Asked))
    except (msgspec.MsgspecError, RecursionError) as error:
        _refuse(error)


def of_query_string(text: str) -> Asked:
    """The operation of a GET, with its objects as JSON. Raises BadUserInput."""
    try:
        given: dict[str, Any] = dict(
            parse_qsl(text, errors="strict", max_num_fields=_MOST_PARAMETERS)
        )
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = msgspec.json.decode(given[name])
        return _checked(msgspec.convert(given, type=Asked))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        _refuse(error)


def _checked(asked: Asked) -> Asked:
    if asked.query is None and asked.document_id is None and asked.sha256 is None:
        raise BadUserInput("Not a GraphQL request: query is missing.")
    if _deeper(asked.variables, MAX_DEPTH) or _deeper(asked.extensions, MAX_DEPTH):
        raise BadUserInput(f"Variables may be nested {MAX_DEPTH} deep.")
    return asked


def _deeper(value: object, most: int) -> bool:
    if not isinstance(value, _NESTING):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return most == 0 or any(_deeper(each, most - 1) for each in inner)


def _refuse(error: Exception) -> NoReturn:
    where = str(error).rpartition(" - at ")[2] if " - at " in str(error) else "the body"
    raise BadUserInput(f"Not a GraphQL request, see {where}.") from None
