"""Asiabill's times: text without a zone, in China's time. Source: contract 11.16, 12."""

from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def written(moment: datetime) -> str:
    """A moment as queries carry it."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S")


def read(text: str | None) -> datetime | None:
    """The moment of "2022-04-26 17:47:18", of its form with a T, or of milliseconds since 1970.

    None for anything else: the form is not documented for every field.
    """
    if not text:
        return None
    try:
        if text.isdecimal() and len(text) == 13:
            return datetime.fromtimestamp(int(text) / 1000, CHINA)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
