"""Session tokens for the browser: POST /sessionToken. Source: contract 5.1."""

from typing import Any

from simulator.endpoint import Call

_LIFETIME_SECONDS = 30 * 60
_LIMIT = 100_000


class SessionTokens:
    """Which gateway number a token stands for, for thirty minutes."""

    def __init__(self) -> None:
        self._issued: dict[str, tuple[str, float]] = {}

    def issue(self, token: str, gateway_no: str, now: float) -> None:
        while self._issued:
            oldest = next(iter(self._issued))
            if self._issued[oldest][1] > now and len(self._issued) < _LIMIT:
                break
            del self._issued[oldest]
        self._issued[token] = (gateway_no, now + _LIFETIME_SECONDS)

    def gateway_no(self, token: str, now: float) -> str | None:
        """None where the token is unknown or has expired."""
        gateway_no, expires_at = self._issued.get(token, ("", 0.0))
        return gateway_no if now < expires_at else None

    def reset(self) -> None:
        self._issued.clear()


def create_session_token(call: Call) -> dict[str, Any]:
    token = call.sandbox.numbers.session_token()
    call.sandbox.session_tokens.issue(token, call.account.gateway_no, call.now)
    return {"sessionToken": token}
