"""Exchanges with Asiabill as its papers and public clients show them, each with its source.

`means` is what our client must read of the answer. Where credentials of the real test platform are
at hand, a recorded exchange belongs here in the same form.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Transcript:
    """One request and its answer. `path` and `query` are by name, `body` is None for none."""

    name: str
    endpoint: str
    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any] | None
    answer: dict[str, Any]
    means: Any

    def __str__(self) -> str:
        return self.name


def exchanges() -> list[Transcript]:
    """All of them, by name."""
    return [
        Transcript(
            name,
            story["endpoint"],
            story["request"]["path"],
            story["request"]["query"],
            story["request"]["body"],
            story["answer"],
            story["means"],
        )
        for name, story in _stories()
        if "endpoint" in story
    ]


def webhooks() -> dict[str, dict[str, Any]]:
    """Bodies of notifications, by name."""
    return {name: story["webhook"] for name, story in _stories() if "webhook" in story}


def _stories() -> list[tuple[str, dict[str, Any]]]:
    return [
        (path.stem, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(_FOLDER.glob("*.json"))
    ]
