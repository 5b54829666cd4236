"""What a request says of where it comes from, over HTTP and on sockets alike."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

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

    @classmethod
    def of(cls, connection: HTTPConnection) -> "Incoming":
        """Read a request's or a handshake's headers, under a new id."""
        return cls(
            id=new_id(),
            authorization=tuple(connection.headers.getlist("authorization")),
            origin=connection.headers.get("origin"),
            ip=connection.client.host if connection.client else None,
            language=preferred(connection.headers.get("accept-language", "")),
        )


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
