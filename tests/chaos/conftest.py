"""The harness as a process of its own: it owns every other process of a run."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.chaos.run import Report

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def harness() -> Callable[..., Report]:
    """Run `python -m tests.chaos` with these arguments; its figures."""

    def run(*arguments: str, seconds: float) -> Report:
        with subprocess.Popen(
            [sys.executable, "-m", "tests.chaos", *arguments],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                said, wrong = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                # Asked and not killed, so that it ends what it has started.
                process.terminate()
                said, wrong = process.communicate()
        assert said, wrong[-3000:]
        return msgspec.json.decode(said, type=Report)

    return run
