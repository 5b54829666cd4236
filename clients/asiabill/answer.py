"""Reading what came back, however loosely it was written.

Asiabill writes numbers where its papers have text and the reverse, puts empty text or null for what
is absent, and spells some names in two ways. All of that ends here: behind `parse` every scalar is
its exact text, absent members are missing, and each name has one spelling.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from clients.asiabill.errors import NoAnswer, Refused
from clients.asiabill.outcomes import Endpoint, Outcome, judge
from clients.asiabill.wire.page import Page

T = TypeVar("T")

_SPELLINGS = {"Address": "address", "zip": "postalCode"}
_EXPIRY = frozenset({"cardExpireMonth", "cardExpireYear"})

# Left alone, a number with a point would become a float and lose its cents.
_decoder = msgspec.json.Decoder(float_hook=str)


class Answer(Struct, frozen=True):
    """The envelope. `data` is None where it was null, empty text or missing. Source: contract 2."""

    code: str
    message: str = ""
    data: Any = None
    request_id: str = ""


class _PageInfo(Struct, frozen=True):
    total: int | None = None
    page_index: int | None = msgspec.field(name="pageIndex", default=None)
    page_size: int | None = msgspec.field(name="pageSize", default=None)


def parse(body: bytes) -> Answer:
    """Raises ValueError or RecursionError for what is no envelope."""
    return msgspec.convert(_tidy(_decoder.decode(body)), Answer)


def judged(endpoint: Endpoint, request_id: str, body: bytes) -> Answer:
    """An answer of success. Raises NoAnswer and Refused."""
    try:
        answer = parse(body)
    except (ValueError, RecursionError):
        raise NoAnswer(endpoint.name, request_id, "an answer that is no JSON envelope") from None
    match judge(endpoint, answer.code):
        case Outcome.ANSWERED:
            return msgspec.structs.replace(answer, request_id=request_id)
        case Outcome.REFUSED:
            raise Refused(endpoint.name, request_id, answer.code, answer.message)
        case _:
            raise NoAnswer(endpoint.name, request_id, f"code {answer.code}", answer.code)


def record(answer: Answer, kind: type[T]) -> T:
    """The data as a Struct. Raises msgspec.ValidationError where it is none."""
    return msgspec.convert(answer.data, kind, strict=False)


def optional(answer: Answer, kind: type[T]) -> T | None:
    """As `record`, but None where no data came."""
    return record(answer, kind) if answer.data else None


def rows(answer: Answer, kind: type[T]) -> list[T]:
    """The data as a list; null, missing and [] alike are empty."""
    return msgspec.convert(answer.data or [], list[kind], strict=False)  # type: ignore[valid-type]


def page(answer: Answer, kind: type[T], page_index: int, page_size: int) -> Page[T]:
    """One page; the index and size asked for stand where Asiabill does not repeat them."""
    bare = isinstance(answer.data, list)
    data = {"list": answer.data} if bare else members(answer.data or {})
    items = msgspec.convert(data.get("list", []), list[kind], strict=False)  # type: ignore[valid-type]
    told = msgspec.convert(data.get("page", {}), _PageInfo, strict=False)
    index, size = told.page_index or page_index, told.page_size or page_size
    more = len(items) >= size if told.total is None else index * size < told.total
    return Page(items, told.total, index, size, more)


def first(answer: Answer) -> dict[str, Any] | None:
    """The members of data whose shape is not documented: the object, or the first of its list."""
    data = answer.data
    if isinstance(data, dict) and "list" in data:
        data = data["list"]
    if isinstance(data, list):
        data = data[0] if data else None
    return members(data) if data else None


def members(data: Any) -> dict[str, Any]:
    """Raises msgspec.ValidationError for what is no object."""
    return msgspec.convert(data, dict[str, Any])


def _tidy(value: Any) -> Any:
    # By exact types, and text in place: this is the dearest part of reading an answer.
    kind = type(value)
    if kind is dict:
        tidy = {}
        for name, member in value.items():
            if name in _EXPIRY:
                member = _expiry(member)
            elif type(member) is not str:
                member = _tidy(member)
            if member is not None and member != "":
                tidy[_SPELLINGS.get(name, name)] = member
        return tidy
    if kind is list:
        return [_tidy(member) for member in value]
    return value if kind is str or kind is bool or value is None else str(value)


def _expiry(value: Any) -> int | None:
    """A month or a year; None for 0 and for whatever is no number, since nobody may rely on it."""
    text = str(value)
    return int(text) or None if text.isascii() and text.isdigit() and len(text) <= 4 else None
