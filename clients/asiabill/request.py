"""One request to Asiabill, before it has an id and a time."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct, field

from clients.asiabill import signing
from clients.asiabill.account import Credentials
from clients.asiabill.outcomes import Endpoint


class Request(Struct, frozen=True, kw_only=True):
    """`base` is the URL before the endpoint's path; `path` and `query` hold decoded values."""

    endpoint: Endpoint
    credentials: Credentials
    base: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    # May hold a card, so that no representation shows it.
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.endpoint.name!r})"

    # msgspec gives each Struct one of its own, which shows every value.
    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []

    def url(self) -> str:
        """The query is form-encoded (a space is `+`). Source: contract 2."""
        return self.base + self.target()

    def target(self) -> str:
        """The URL without its base."""
        values = {name: quote(value, safe="") for name, value in self.path.items()}
        query = f"?{urlencode(self.query)}" if self.query else ""
        return self.endpoint.path.format_map(values) + query

    def signature(self, request_id: str, now: float) -> tuple[str, str]:
        """What one try carries as request-time and sign-info; `now` in seconds. Source: contract 2.1."""
        time = str(int(now * 1000))
        signed = {
            "gateway-no": self.credentials.gateway_no,
            "request-id": request_id,
            "request-time": time,
        }
        text = signing.request_text(signed, self.path, self.query, self.body)
        return time, signing.sign(self.credentials.sign_key, text)

    def headers(self, request_id: str, now: float) -> dict[str, str]:
        """The headers of one try, signed; `now` in seconds. Source: contract 2, 2.1."""
        time, signature = self.signature(request_id, now)
        return {
            "gateway-no": self.credentials.gateway_no,
            "request-id": request_id,
            "request-time": time,
            "sign-info": signature,
            "content-type": "application/json; charset=UTF-8",
        }
