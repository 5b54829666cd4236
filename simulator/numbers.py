"""The numbers Asiabill hands out: cus_ and pm_ ids, tradeNo, session tokens."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

CHINA_TIME = timezone(timedelta(hours=8))

# Milliseconds are shifted and counted from here so that an id has 19 digits, as Asiabill's have.
_ID_EPOCH_MS = 1_288_834_974_657
_SEQUENCE_BITS = 22


def local_time(seconds: float) -> datetime:
    """China time, in which Asiabill writes every time stamp. Source: contract 11.16 (assumed)."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(CHINA_TIME)


def stamp(seconds: float) -> str:
    """As webhooks and look-ups write a time."""
    return f"{local_time(seconds):%Y-%m-%d %H:%M:%S}"


class Numbers:
    """Unique and rising numbers; `last` goes into the state file so that they stay so."""

    def __init__(self, clock: Callable[[], float], last: int = 0) -> None:
        self._clock = clock
        self.last = last

    def customer_id(self) -> str:
        return f"cus_{self._next()}"

    def payment_method_id(self) -> str:
        return f"pm_{self._next()}"

    def trade_no(self) -> str:
        """22 digits: local yyyyMMddHHmmss and eight more. Source: contract 5.4."""
        stamp = local_time(self._clock())
        return f"{stamp:%Y%m%d%H%M%S}{self._next() % 100_000_000:08d}"

    def batch_no(self) -> str:
        """Six digits, of a refund or a chargeback; may come twice. Source: contract 6.2."""
        return str(100_000 + self._next() % 900_000)

    def session_token(self) -> str:
        return f"st_{secrets.token_hex(16)}"

    def webhook_request_id(self) -> str:
        return secrets.token_hex(16)

    def _next(self) -> int:
        at_least = (int(self._clock() * 1000) - _ID_EPOCH_MS) << _SEQUENCE_BITS
        self.last = max(self.last + 1, at_least)
        return self.last
