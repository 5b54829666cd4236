"""Who is asking, and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from resolvers.failure import Forbidden


class Role(Enum):
    """The three kinds of caller."""

    MERCHANT = "MERCHANT"
    CUSTOMER = "CUSTOMER"
    OPS = "OPS"


class ClientPermission(Enum):
    """What a client session may do for its own customer."""

    READ_CARDS = "READ_CARDS"
    SAVE_CARD = "SAVE_CARD"
    REMOVE_CARD = "REMOVE_CARD"
    SET_DEFAULT = "SET_DEFAULT"
    PAY = "PAY"


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. `customer_id` and `permissions` are set exactly for CUSTOMER, and
    `intent_id` where its session was minted for one payment intent."""

    role: Role
    account: str
    name: str
    customer_id: str | None = None
    permissions: frozenset[ClientPermission] = frozenset()
    intent_id: str | None = None
    expires_at: datetime | None = None

    @property
    def key_scope(self) -> str:
        """The namespace of this caller's idempotency keys: one customer's keys never meet another's."""
        return self.customer_id if self.role is Role.CUSTOMER and self.customer_id else ""

    def owns(self, customer_id: str | None) -> bool:
        """Whether this caller may see that customer at all."""
        return self.role is not Role.CUSTOMER or self.customer_id == customer_id

    def may(self, permission: ClientPermission) -> bool:
        """Whether this caller has that permission; the shop's keys have them all."""
        return self.role is not Role.CUSTOMER or permission in self.permissions

    def demand(self, permission: ClientPermission) -> None:
        """Raise Forbidden where this is a client session without that permission."""
        if not self.may(permission):
            raise Forbidden(f"This client session lacks the permission {permission.value}.")
