"""The signatures of answers: demanded, or only watched."""

from collections.abc import Callable, Mapping

import structlog

from clients.asiabill import signing
from clients.asiabill.errors import BadSignature
from clients.asiabill.request import Request

WARN_EVERY = 60.0

_log = structlog.get_logger(__name__)


class Proof:
    """How Asiabill signs answers is not known for certain, so a doubtful one is only logged unless
    signatures are required, once a minute for each endpoint. Source: contract 4.4, 12.
    """

    def __init__(self, *, required: bool, now: Callable[[], float]) -> None:
        self._required = required
        self._now = now
        self._warned: dict[str, float] = {}

    def check(
        self, request: Request, request_id: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Raises BadSignature where signatures are required and this one is missing or wrong."""
        if signing.verify_response(request.credentials, request_id, headers, body):
            return
        reason = "wrong signature" if headers.get("sign-info") else "no signature"
        endpoint = request.endpoint.name
        if self._required:
            raise BadSignature(endpoint, request_id, reason)
        now = self._now()
        # abs: a clock set back must not silence the warning.
        if endpoint not in self._warned or abs(now - self._warned[endpoint]) >= WARN_EVERY:
            self._warned[endpoint] = now
            _log.warning(
                "asiabill.answer.unproven", endpoint=endpoint, request_id=request_id, reason=reason
            )
