"""Faults that the next requests meet, armed over the control interface."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import msgspec


class Effect(StrEnum):
    """What happens to a request; `delayMs` is waited for before the effect shows.

    delay: answered late. drop_before, hang_before: nothing is done, and the connection is closed,
    or left open without an answer. drop_after, hang_after: the same once it was done. status_500,
    status_503, status_429: nothing is done. status_500_after: done. garbage (no JSON), html,
    truncate, bad_signature, wrong_amount: done, and the answer is spoilt. act_late, act_late_hang:
    the connection is closed or hangs at once, and the request is done `delayMs` later. stale: the
    answer knows nothing that is younger than `delayMs`.
    """

    DELAY = "delay"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    STATUS_500 = "status_500"
    STATUS_503 = "status_503"
    STATUS_429 = "status_429"
    STATUS_500_AFTER = "status_500_after"
    GARBAGE = "garbage"
    HTML = "html"
    TRUNCATE = "truncate"
    BAD_SIGNATURE = "bad_signature"
    WRONG_AMOUNT = "wrong_amount"
    ACT_LATE = "act_late"
    ACT_LATE_HANG = "act_late_hang"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    STALE = "stale"


LOOK_UPS = frozenset(
    {
        "GET /transactions",
        "GET /orderInfo/{tradeNo}",
        "GET /refund/{batchNo}",
        "GET /chargebacks",
        "GET /logistics/{tradeNo}",
    }
)
AMOUNT_ENDPOINTS = LOOK_UPS - {"GET /logistics/{tradeNo}"} | {
    "POST /confirmCharge",
    "POST /checkout/payment",
    "POST /local_payment",
    "POST /refund",
}


class Fault(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The next `times` requests to `path`, after letting `after` of them through, meet `effect`.

    Only requests whose raw path, query or body holds the text `match` count, if it is given.
    """

    path: str
    effect: Effect
    times: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    delay_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    after: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    match: str = ""

    @property
    def delay_seconds(self) -> float:
        return self.delay_ms / 1000


@dataclass
class Faults:
    """The armed faults, in the order in which they were armed."""

    endpoints: frozenset[str] = frozenset()
    armed: list[Fault] = field(default_factory=list)

    def arm(self, fault: Fault) -> None:
        """Raises ValueError where the effect cannot happen at that path."""
        if fault.path not in self.endpoints:
            known = ", ".join(sorted(self.endpoints))
            raise ValueError(f"unknown path {fault.path!r}; known are: {known}")
        if fault.effect is Effect.STALE and fault.path not in LOOK_UPS:
            raise ValueError(f"stale is for look-ups: {', '.join(sorted(LOOK_UPS))}")
        if fault.effect is Effect.WRONG_AMOUNT and fault.path not in AMOUNT_ENDPOINTS:
            raise ValueError(f"wrong_amount is for: {', '.join(sorted(AMOUNT_ENDPOINTS))}")
        self.armed.append(fault)

    def meet(self, name: str, target: bytes, body: bytes) -> Fault | None:
        """The fault this request meets; the first armed one that applies takes it."""
        for fault in self.armed:
            if fault.path != name:
                continue
            wanted = fault.match.encode()
            if wanted and wanted not in target and wanted not in body:
                continue
            if fault.after:
                fault.after -= 1
                continue
            fault.times -= 1
            if fault.times == 0:
                self.armed.remove(fault)
            return fault
        return None

    def clear(self) -> None:
        self.armed.clear()
