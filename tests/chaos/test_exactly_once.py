"""Whatever dies, hangs, lies or repeats itself: no key is charged twice, and no charge is lost."""

from collections.abc import Callable

import pytest

from tests.chaos.run import Report


@pytest.mark.timeout(560)
def test_600_keys_survive_kills_and_every_fault(harness: Callable[..., Report]) -> None:
    """Under a minute on two idle cores, which have settled all ten seconds after the faults; where
    other work runs too they may take longer, and are right all the same. The seed is in the report:
    `python -m tests.chaos --seed N` replays a failure."""
    given = ("--keys", "600", "--seed", "1", "--kills", "20", "--settle", "240")
    report = harness(*given, seconds=500)
    assert (report.ended, report.violations) == ("settled", [])
    assert sum(report.kills.values()) >= 20
    assert report.charges > 400
