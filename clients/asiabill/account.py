"""Who speaks to Asiabill, and where Asiabill is."""

import re
from dataclasses import dataclass, field, replace
from typing import Literal, Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Credentials:
    """A gateway number and the key that signs for it. Raises ValueError for what is neither.

    `also` are keys that verify what Asiabill signed as well, while a key is changed.
    """

    gateway_no: str
    sign_key: str = field(repr=False)
    also: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        # The tables of the interfaces allow 16 digits where the overview says 8.
        if not re.fullmatch(r"[0-9]{1,16}", self.gateway_no):
            raise ValueError("gateway_no must be 1 to 16 digits")
        if not self.sign_key or not all(self.also):
            raise ValueError("sign_key is empty")

    def turned(self) -> Self | None:
        """The same with the next key for signing; None where there is no other."""
        if not self.also:
            return None
        return replace(self, sign_key=self.also[0], also=(*self.also[1:], self.sign_key))


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The two base URLs, without a slash at the end. Raises ValueError for anything else.

    `authorize_api` is the base of POST /AuthorizeInterface. Source: contract 1, 5.7.
    """

    payment_url: str
    open_url: str
    authorize_api: Literal["payment", "open"] = "payment"

    def __post_init__(self) -> None:
        for url in (self.payment_url, self.open_url):
            parts = urlsplit(url)
            plain = not (parts.query or parts.fragment or parts.username or parts.password)
            if parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
                raise ValueError(f"not the base URL of an API: {parts.scheme}://{parts.hostname}")
            if url.endswith("/"):
                raise ValueError(f"a base URL has no slash at its end: {url}")
            _ = parts.port  # raises ValueError where it is not a number
