"""What a request says of where it comes from, over HTTP and on sockets alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import Scope

from clients.asiabill import new_id
from resolvers.declines import Language


@dataclass(frozen=True, slots=True)
class Incoming:
    """`authorization` are all headers of that name: more than one is suspicious."""

    id: str
    authorization: tuple[str, ...]
    origin: str | None
    ip: str | None
    language: Language
    headers: Mapping[bytes, bytes] = field(repr=False)

    @classmethod
    def of(cls, scope: Scope) -> "Incoming":
        """Read a request's or a handshake's headers, under a new id."""
        # Each is looked for in one pass over all of them, not in one of its own. The first of a
        # name counts, as for Starlette.
        headers = dict(reversed(scope["headers"]))
        origin, wishes = headers.get(b"origin"), headers.get(b"accept-language")
        return cls(
            id=new_id(),
            authorization=tuple(
                value.decode("latin-1")
                for name, value in scope["headers"]
                if name == b"authorization"
            ),
            origin=None if origin is None else origin.decode("latin-1"),
            ip=scope["client"][0] if scope.get("client") else None,
            language=preferred(wishes.decode("latin-1")) if wishes else Language.ENGLISH,
            headers=headers,
        )

    def header(self, name: bytes, missing: str = "") -> str:
        """The first header of that name, which is in lower case."""
        value = self.headers.get(name)
        return missing if value is None else value.decode("latin-1")


def preferred(accept_language: str) -> Language:
    """The language of ours that a buyer likes best; English where none is named."""
    best, weight = Language.ENGLISH, 0.0
    for part in accept_language[:200].split(","):
        tag, _, parameter = part.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            quality = float(value) if name == "q" else 1.0
        except ValueError:
            continue
        language = Language.of(tag)
        if language is not None and quality > weight:
            best, weight = language, quality
    return best
