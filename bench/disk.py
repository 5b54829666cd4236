"""What the disk takes to keep something: nobody's charge can come before three of these."""

import os
import tempfile
from statistics import quantiles
from time import perf_counter
from typing import Final

from bench.found import Row

_TIMES: Final = 300
_PAGE: Final = b"\0" * 4096


def synced() -> Row:
    """The time in ms in which a page is written and synced, where the ledgers are."""
    times = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(_TIMES):
            began = perf_counter()
            file.write(_PAGE)
            file.flush()
            os.fsync(file.fileno())
            times.append((perf_counter() - began) * 1e3)
    hundredths = quantiles(times, n=100)
    return {"p50": round(hundredths[49], 3), "p99": round(hundredths[98], 3)}
