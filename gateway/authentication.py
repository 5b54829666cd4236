"""From the Authorization header to a principal."""

from collections.abc import Sequence

from gateway.server_key import ServerKey, hashed
from resolvers.failure import Unauthenticated
from resolvers.principal import Principal
from resolvers.session import ClientSessions

_LONGEST = 8192


class Authentication:
    """Knows the server keys by digest and the client sessions by signature."""

    def __init__(
        self,
        keys: Sequence[ServerKey],
        sessions: ClientSessions,
        key_origins: frozenset[str],
    ) -> None:
        """`key_origins` are the pages that may hold a server key: this service's own GraphiQL."""
        self._keys = {
            key.digest: Principal(role=key.role, account=key.account, name=key.name) for key in keys
        }
        self._sessions = sessions
        self._key_origins = key_origins

    def principal(self, authorization: Sequence[str], origin: str | None) -> Principal | None:
        """Who the headers stand for; None without a header.

        Raises Unauthenticated where a credential is given and does not verify, and for a server
        key that comes from a web page: a page that holds one has leaked it.
        """
        if not authorization:
            return None
        scheme, _, credential = authorization[0].partition(" ")
        credential = credential.strip()
        if len(authorization) > 1 or scheme.lower() != "bearer" or not credential:
            raise Unauthenticated("Send exactly one header Authorization: Bearer <credential>.")
        if len(credential) > _LONGEST or not credential.isascii():
            raise Unauthenticated("The credential is not valid.")
        # Looked up by digest: what a comparison's time could tell is a hash's prefix, no key's.
        owner = self._keys.get(hashed(credential))
        if owner is None:
            return self._sessions.verify(credential)
        if origin is not None and origin not in self._key_origins:
            raise Unauthenticated("A server key must not be used from a web page.")
        return owner
