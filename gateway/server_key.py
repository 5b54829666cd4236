"""The shop's server keys. Only their SHA-256 is ever configured."""

import hashlib
import re
from dataclasses import dataclass
from secrets import token_urlsafe

from gateway.accounts import DEFAULT
from resolvers.principal import Role

_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9_-]{1,40})(?:@(?P<account>[A-Za-z0-9_-]{1,40}))?"
    r":(?P<role>merchant|ops):(?P<digest>[0-9a-f]{64})"
)
_PREFIXES = {Role.MERCHANT: "mk_", Role.OPS: "ok_"}


def hashed(key: str) -> str:
    """The digest that the settings hold. A key is random, so it needs no salt and no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ServerKey:
    """A key as the settings know it: `name:role:sha256hex`, or `name@account:role:sha256hex`."""

    name: str
    role: Role
    digest: str
    account: str = DEFAULT

    @classmethod
    def parse(cls, line: str) -> "ServerKey":
        """Read a line of GATEWAY_MERCHANT_KEYS. Raises ValueError without repeating it."""
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError("each key must be name:role:sha256hex, with role merchant or ops")
        account = found["account"] or DEFAULT
        return cls(found["name"], Role[found["role"].upper()], found["digest"], account)

    @property
    def line(self) -> str:
        """The line for the settings."""
        owner = self.name if self.account == DEFAULT else f"{self.name}@{self.account}"
        return f"{owner}:{self.role.value.lower()}:{self.digest}"


def mint(name: str, role: Role, account: str = DEFAULT) -> tuple[str, ServerKey]:
    """A new random key, to be shown once, and what the settings keep of it."""
    key = _PREFIXES[role] + token_urlsafe(32)
    return key, ServerKey.parse(f"{name}@{account}:{role.value.lower()}:{hashed(key)}")
