"""Whatever dies, hangs, lies or repeats itself: no key is charged twice, and no charge is lost."""

from collections.abc import Callable

import pytest

from tests.chaos.run import Report


@pytest.mark.timeout(320)
def test_600_keys_survive_kills_and_every_fault(harness: Callable[..., Report]) -> None:
    """Under a minute on two idle cores. The seed is in the report: `python -m tests.chaos --seed N`
    replays a failure."""
    report = harness("--keys", "600", "--seed", "1", "--kills", "20", seconds=300)
    assert report.violations == []
    assert sum(report.kills.values()) >= 20
    assert report.settled_seconds < 60
    assert report.charges > 400
