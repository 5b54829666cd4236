"""What can go wrong, told by what the caller may do next.

    AsiabillError
    ├── NotSent         no byte left: may be tried again
    │   └── CircuitOpen     nor was it tried, since Asiabill is down: try again later
    ├── NoAnswer        it may have happened or not: ask later
    ├── Refused         Asiabill understood and said no: change the request
    └── BadSignature    the answer is not proven to be Asiabill's: drop it

The text of an error holds the endpoint, the request-id and a reason, and never a body, card data
or a key.
"""

from typing import ClassVar

from clients.asiabill import outcomes
from clients.asiabill.outcomes import Outcome


class AsiabillError(Exception):
    """`endpoint` as in "POST /confirmCharge"; `request_id` is "" where none was given out yet."""

    outcome: ClassVar[Outcome]

    def __init__(self, endpoint: str, request_id: str, reason: str) -> None:
        super().__init__(f"{endpoint}: {reason}" + (f" (request {request_id})" * bool(request_id)))
        self.endpoint = endpoint
        self.request_id = request_id
        self.reason = reason


class NotSent(AsiabillError):
    """Nothing reached Asiabill."""

    outcome = Outcome.NOT_SENT


class CircuitOpen(NotSent):
    """Asiabill is down, so nothing was tried. `retry_after` is in seconds."""

    def __init__(self, endpoint: str, retry_after: int) -> None:
        super().__init__(endpoint, "", "Asiabill is down: nothing was tried")
        self.retry_after = retry_after


class NoAnswer(AsiabillError):
    """Nothing that can be understood came back. `code` is Asiabill's, where it gave one."""

    outcome = Outcome.NO_ANSWER

    def __init__(self, endpoint: str, request_id: str, reason: str, code: str = "") -> None:
        super().__init__(endpoint, request_id, reason)
        self.code = code


class Refused(AsiabillError):
    """Asiabill said no with `code`.

    `message` is Asiabill's own and may repeat what was sent, so it is no part of the error's text.
    """

    outcome = Outcome.REFUSED

    def __init__(self, endpoint: str, request_id: str, code: str, message: str) -> None:
        super().__init__(endpoint, request_id, f"refused with code {code}")
        self.code = code
        self.message = message

    @property
    def saved_cards_disabled(self) -> bool:
        """Asiabill has not enabled saved cards for the account."""
        return outcomes.saved_cards_disabled(self.code, self.message)


class BadSignature(AsiabillError):
    """The answer's signature is missing or wrong, and signed answers were demanded."""

    outcome = Outcome.BAD_SIGNATURE
