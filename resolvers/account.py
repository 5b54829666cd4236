"""One shop at Asiabill, and what this process has under way for it."""

from dataclasses import dataclass, field

from clients.asiabill import Asiabill
from resolvers.flight import SingleFlight


@dataclass(frozen=True, slots=True)
class Account:
    """`reads` are shared between operations; `sends` are the charges that this process is sending,
    by charge id, so that a twin in the same process can wait for the answer.
    """

    name: str
    asiabill: Asiabill
    reads: SingleFlight = field(default_factory=SingleFlight)
    sends: SingleFlight = field(default_factory=SingleFlight)

    async def aclose(self) -> None:
        """Wait for what is under way; every call ends by its own time-out."""
        await self.reads.aclose()
        await self.sends.aclose()
