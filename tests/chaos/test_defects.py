"""The harness is proven by what it finds: thirteen ways to get money wrong."""

from collections.abc import Callable

import pytest

from tests.chaos.defects import DEFECTS
from tests.chaos.run import Report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(80)]


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found(harness: Callable[..., Report], name: str) -> None:
    """As the rule that it breaks, and not as a run that took too long."""
    report = harness("--defect", name, seconds=60)
    assert DEFECTS[name].shows in {violation.rule for violation in report.violations}


@pytest.mark.parametrize("name", ["no_recovery", "ack_before_write", "late_success_ignored"])
def test_without_the_defect_the_same_plan_breaks_no_rule(
    harness: Callable[..., Report], name: str
) -> None:
    """Else it would be the plan that was found."""
    assert harness("--defect", name, "--mended", seconds=60).violations == []
