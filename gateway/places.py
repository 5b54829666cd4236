"""How many sockets or streams each caller may keep open in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from resolvers.failure import LimitExceeded
from resolvers.principal import Principal, Role

SOCKETS = 5
STREAMS = 10
# Of a server key, which many processes of a shop may share.
_MANY = 200


class Places:
    """Places of one kind. A customer has `most`, however many tokens and devices."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[tuple[str, ...]] = Counter()

    @contextmanager
    def held(self, principal: Principal) -> Iterator[None]:
        """Hold a place. Raises LimitExceeded where there is none left."""
        self.demand(principal)
        whose = _whose(principal)
        self._taken[whose] += 1
        try:
            yield
        finally:
            self._taken[whose] -= 1
            if not self._taken[whose]:
                del self._taken[whose]

    def demand(self, principal: Principal) -> None:
        """Raises LimitExceeded where there is no place left."""
        most = self._most if principal.role is Role.CUSTOMER else _MANY
        if self._taken[_whose(principal)] >= most:
            raise LimitExceeded(f"At most {most} may be open at once; close one first.")


def _whose(principal: Principal) -> tuple[str, ...]:
    return (principal.account, principal.role.value, principal.customer_id or principal.name)
