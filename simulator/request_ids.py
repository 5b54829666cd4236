"""Request ids already used: each may come once within 30 minutes. Source: contract 2.1."""

from collections import OrderedDict

_LIFETIME_SECONDS = 30 * 60


class RequestIds:
    """The ids of one gateway number.

    Memory is bounded: above `limit` the oldest id is forgotten before its time, which can only
    let a repeat pass, never refuse a fresh id.
    """

    def __init__(self, limit: int = 200_000) -> None:
        self._limit = limit
        self._used_at: OrderedDict[str, float] = OrderedDict()

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._used_at

    def forget_old(self, now: float) -> None:
        used_at = self._used_at
        while used_at and next(iter(used_at.values())) <= now - _LIFETIME_SECONDS:
            used_at.popitem(last=False)

    def add(self, request_id: str, now: float) -> None:
        self._used_at[request_id] = now
        if len(self._used_at) > self._limit:
            self._used_at.popitem(last=False)
