"""Half a minute of a soak: too short to judge the memory, long enough for all the rest."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.soak.run import Report


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_gateways_that_were_used_and_restarted_come_to_rest_with_nothing_left() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.soak", "--minutes", "0.5"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            said, wrong = process.communicate(timeout=540)
        except subprocess.TimeoutExpired:
            # Asked and not killed, so that it ends what it has started.
            process.terminate()
            said, wrong = process.communicate()
    assert said, wrong[-3000:]
    report = msgspec.json.decode(said, type=Report)
    assert report.wrong == []
    assert report.restarts == {"in order": 2, "killed": 2}
    assert report.charges["SUCCEEDED"] > 0
    assert report.events > 0
    assert process.returncode == 0
