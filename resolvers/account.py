"""One shop at Asiabill, and what this process has under way for it."""

from dataclasses import dataclass, field

from clients.asiabill import Asiabill
from resolvers.card_lists import CardLists
from resolvers.flight import SingleFlight


@dataclass(frozen=True, slots=True)
class Account:
    """`reads` are shared between operations; `sends` is the money that this process is moving, by
    the id of the charge or refund, so that a twin in the same process can wait for the answer.
    `card_key` is a secret that makes fingerprints of card numbers. `pre_authorizes`: Asiabill has
    set the account up to hold the money of cards until it is captured.
    """

    name: str
    asiabill: Asiabill
    card_key: bytes = field(repr=False)
    pre_authorizes: bool = False
    reads: SingleFlight = field(default_factory=SingleFlight)
    sends: SingleFlight = field(default_factory=SingleFlight)
    card_lists: CardLists = field(default_factory=CardLists)

    def customer_changed(self, customer_id: str) -> None:
        """In whatever process: no later reader gets what was read before."""
        self.reads.forget(lambda key: key[1] == customer_id)
        self.card_lists.drop_customer(customer_id)

    def card_changed(self, payment_method_id: str) -> None:
        """The same of a card whose customer nobody knows: any list under way may have it."""
        self.reads.forget(lambda key: key[0] == "saved_cards")
        self.card_lists.drop_card(payment_method_id)

    async def aclose(self) -> None:
        """Wait for what is under way; every call ends by its own time-out."""
        await self.reads.aclose()
        await self.sends.aclose()
