"""Asiabill's times, both ways."""

from datetime import UTC, datetime, timedelta

import pytest

from clients.asiabill import moment

EVENING = datetime(2026, 4, 1, 20, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-04-02 04:00:00", "2026-04-02T04:00:00", "2026-04-01T20:00:00+00:00", "1775073600000"],
)
def test_a_time_without_a_zone_is_chinas(text: str) -> None:
    assert moment.read(text) == EVENING


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-13-01", "7", "17750736000000"])
def test_what_cannot_be_read_is_no_moment(text: str | None) -> None:
    assert moment.read(text) is None


def test_what_is_written_is_read_again() -> None:
    assert moment.written(EVENING) == "2026-04-02T04:00:00"
    assert moment.read(moment.written(EVENING + timedelta(days=30))) == EVENING + timedelta(days=30)
