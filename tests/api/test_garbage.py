"""An operation is freed when it is over: what is left to the collector stops everybody while it looks."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_operation_leaves_anything_to_the_collector(simulator_url: str) -> None:
    """Nor does one that fails, or one that takes money."""
    # In a process of its own: nothing of the tests' is counted. Our own interpreter and module.
    told = subprocess.run(
        [sys.executable, "-m", "tests.garbage", simulator_url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {}
