"""`/metrics`: what this service counts, of all its processes, and what the ledger has not settled yet."""

import asyncio
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
    multiprocess,
)
from starlette.requests import Request
from starlette.responses import Response

from gateway import metrics
from ledger import Ledger, LedgerError, Standing

# Where the processes of one service keep their counts; `serve --workers` sets it.
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"

# Whoever may see the page must not be able to keep the database busy with it.
_LEAST_SECONDS: Final = 1.0


class MetricsPage:
    """The page for Prometheus. It reads the ledger at most once a second."""

    def __init__(self, ledger: Ledger, accounts: Sequence[str]) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._lock = asyncio.Lock()
        self._read_at = float("-inf")
        if FOLDER in os.environ:
            _bury(Path(os.environ[FOLDER]))
        else:
            self._of_process = ProcessCollector(registry=None)

    async def answer(self, _request: Request) -> Response:
        """The counts as they are now."""
        async with self._lock:
            if time.monotonic() - self._read_at >= _LEAST_SECONDS:
                await self._look()
                self._read_at = time.monotonic()
        metrics.TASKS.set(len(asyncio.all_tasks()))
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            page = generate_latest(registry)
        else:
            own = CollectorRegistry()
            own.register(self._of_process)
            page = generate_latest(metrics.REGISTRY) + generate_latest(own)
        return Response(page, media_type=CONTENT_TYPE_LATEST)

    async def _look(self) -> None:
        try:
            standing = await self._ledger.unsettled()
        except LedgerError:
            metrics.LEDGER_UP.set(0)
            return
        metrics.LEDGER_UP.set(1)
        now = datetime.now(UTC)
        found = {(one.account, one.kind, one.status): one for one in standing}
        known = {(account, *each) for account in self._accounts for each in Standing.KINDS}
        for key in known | found.keys():
            one = found.get(key)
            age = 0.0 if one is None else max(0.0, (now - one.since).total_seconds())
            metrics.UNSETTLED.labels(*key).set(0 if one is None else one.count)
            metrics.UNSETTLED_AGE.labels(*key).set(age)


def _bury(folder: Path) -> None:
    """Forget what only a living process may say, of those that have died."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            multiprocess.mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]
