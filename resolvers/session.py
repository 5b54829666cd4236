"""Client sessions: the short-lived token that a browser or an app carries."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

import jwt

from resolvers.failure import Unauthenticated
from resolvers.principal import ClientPermission, Principal, Role

_ALGORITHM = "HS256"
_ISSUER = "asiabill-gateway"
_AUDIENCE = "asiabill-gateway/graphql"
_TYPE = "client-session+jwt"

MAX_TTL = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ClientSession:
    """A minted session. The token is a secret of one buyer's browser or app."""

    token: str
    expires_at: datetime


class ClientSessions:
    """Mints and verifies client sessions (JWT, HS256). The first secret signs, all verify.

    Source of what is checked: RFC 8725.
    """

    def __init__(self, secrets: Sequence[str], now: Callable[[], datetime]) -> None:
        # The key's name goes into the token, so that a rotation does not try every secret.
        self._secrets = {_key_name(secret): secret for secret in secrets}
        self._signing = _key_name(secrets[0])
        self._now = now

    def mint(
        self,
        account: str,
        customer_id: str,
        permissions: frozenset[ClientPermission],
        ttl: timedelta,
        intent_id: str | None = None,
    ) -> ClientSession:
        """A session for one customer, at most MAX_TTL long."""
        assert timedelta(0) < ttl <= MAX_TTL
        issued_at = self._now().replace(microsecond=0)
        expires_at = issued_at + ttl
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": customer_id,
            "account": account,
            "permissions": sorted(permission.value for permission in permissions),
            "iat": issued_at,
            "exp": expires_at,
            "jti": token_urlsafe(12),
        }
        if intent_id is not None:
            claims["intent"] = intent_id
        token = jwt.encode(
            claims,
            self._secrets[self._signing],
            algorithm=_ALGORITHM,
            headers={"kid": self._signing, "typ": _TYPE},
        )
        return ClientSession(token, expires_at)

    def verify(self, token: str) -> Principal:
        """The caller that a token stands for. Raises Unauthenticated, always with the same text."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != _TYPE:
                raise jwt.InvalidTokenError
            claims = jwt.decode(
                token,
                self._secrets[header.get("kid", "")],
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                audience=_AUDIENCE,
                # PyJWT compares with the wall clock; ours is passed in and compared below.
                options={
                    "require": ["sub", "account", "permissions", "exp", "iat", "jti"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            expires_at = datetime.fromtimestamp(claims["exp"], self._now().tzinfo)
            if expires_at <= self._now():
                raise jwt.ExpiredSignatureError
            if not claims["sub"]:
                raise jwt.InvalidTokenError
            return Principal(
                role=Role.CUSTOMER,
                account=claims["account"],
                name=claims["jti"],
                customer_id=claims["sub"],
                permissions=frozenset(map(ClientPermission, claims["permissions"])),
                intent_id=claims.get("intent"),
                expires_at=expires_at,
            )
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, OverflowError, OSError):
            # No cause and no chain: what was wrong with a token is nobody's business.
            raise Unauthenticated("The credential is not valid.") from None


def _key_name(secret: str) -> str:
    return hashlib.sha256(b"kid:" + secret.encode()).hexdigest()[:12]
