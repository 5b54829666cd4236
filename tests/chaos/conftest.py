"""The harness as a process of its own: it owns every other process of a run."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.chaos.run import Report

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def harness() -> Callable[..., Report]:
    """Run `python -m tests.chaos` with these arguments; its figures. After `seconds`, or as soon as
    `until` says so, it is told to stop, and says what it has found so far."""

    def run(*arguments: str, seconds: float, until: Callable[[], bool] = lambda: False) -> Report:
        with subprocess.Popen(
            [sys.executable, "-m", "tests.chaos", *arguments],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            last, told = time.monotonic() + seconds, False
            while True:
                try:
                    said, wrong = process.communicate(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    if not told and (until() or time.monotonic() > last):
                        # Asked and not killed, so that it ends what it has started.
                        process.terminate()
                        told = True
        assert said, wrong[-3000:]
        return msgspec.json.decode(said, type=Report)

    return run
