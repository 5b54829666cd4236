"""How often each endpoint was called, and how many calls were under way at once."""

from collections import Counter


class Calls:
    """Counts since the last reset, keyed like `GET /payment_methods/list/{customerId}`."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.most_at_once: dict[str, int] = {}
        self._under_way: Counter[str] = Counter()

    def begin(self, name: str) -> None:
        self.received[name] += 1
        self._under_way[name] += 1
        self.most_at_once[name] = max(self.most_at_once.get(name, 0), self._under_way[name])

    def end(self, name: str) -> None:
        self._under_way[name] -= 1

    def reset(self) -> None:
        self.received.clear()
        self.most_at_once.clear()
