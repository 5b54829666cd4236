"""The harness is proven by what it finds: thirteen ways to get money wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.defects import DEFECTS
from tests.chaos.run import Report

# Each is found within twenty seconds by two idle cores.
_SECONDS = 300
pytestmark = [pytest.mark.slow, pytest.mark.timeout(_SECONDS + 60)]


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found(harness: Callable[..., Report], name: str) -> None:
    """As the rule that it breaks, and not as a run that took too long."""
    report = harness("--defect", name, seconds=_SECONDS)
    assert report.ended != "stopped"
    assert DEFECTS[name].shows in {violation.rule for violation in report.violations}


@pytest.mark.parametrize("name", DEFECTS)
def test_without_the_defect_the_same_plan_breaks_no_rule(
    harness: Callable[..., Report], name: str
) -> None:
    """Else it would be the plan that was found."""
    report = harness("--defect", name, "--mended", seconds=_SECONDS)
    assert (report.ended, report.violations) == ("settled", [])


def test_a_run_that_is_stopped_says_what_it_has_found(
    harness: Callable[..., Report], tmp_path: Path
) -> None:
    """Also that it was not done: what was not bought is lost."""
    report = harness(
        *("--defect", "no_resolver", "--folder", str(tmp_path)),
        seconds=_SECONDS,
        until=(tmp_path / "sends").exists,
    )
    assert report.ended == "stopped"
    assert "lost" in {violation.rule for violation in report.violations}
