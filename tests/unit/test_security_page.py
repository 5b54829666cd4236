"""The page for a shop's reviewer names tests that exist, one at least for each threat."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 50
    assert named <= written


def test_every_threat_has_a_line_and_a_test() -> None:
    lines = re.findall(r"^\| T(\d+) \|.*$", PAGE, re.MULTILINE)
    assert [int(number) for number in lines] == list(range(1, 36))
    for line in re.findall(r"^\| T\d+ \|.*$", PAGE, re.MULTILINE):
        assert "`test_" in line, line


def test_every_weakness_of_a_library_has_a_line_and_a_test() -> None:
    lines = re.findall(r"^\| L(\d+) \|.*`test_.*$", PAGE, re.MULTILINE)
    assert [int(number) for number in lines] == list(range(1, 11))


def test_the_page_names_the_limits_settings() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in ("GATEWAY_LIMIT_MERCHANT", "GATEWAY_TRUSTED_PROXIES", "GATEWAY_RAW_CARDS"):
        assert name in PAGE
        assert name in example
