"""The state on disk, written whole into a neighbouring file which then takes its place."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from simulator.records import Shelf
from simulator.webhooks import Delivery


class State(msgspec.Struct):
    """Everything that outlives a restart; request ids and session tokens do not."""

    last_number: int
    accounts: dict[str, Shelf]
    deliveries: list[Delivery]
    version: int = 1


class StateFile:
    """Writes the state off the loop; callers that wait at the same time share one write.

    `snapshot` gives the present state and `changes` a number that rises with every change.
    """

    def __init__(
        self, path: Path, snapshot: Callable[[], State], changes: Callable[[], int]
    ) -> None:
        self._path = path
        self._snapshot = snapshot
        self._changes = changes
        self._written = changes()
        self._write_under_way: asyncio.Task[None] | None = None

    @staticmethod
    def read(path: Path) -> State | None:
        """None where there is no file yet. Raises ValueError where it cannot be read as a state."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(data, type=State)
        except msgspec.DecodeError as error:
            raise ValueError(f"{path} is not a state file of this simulator: {error}") from error

    async def flush(self) -> None:
        """Returns once every change made before the call is on disk. Raises OSError."""
        wanted = self._changes()
        while self._written < wanted:
            if self._write_under_way is None or self._write_under_way.done():
                self._write_under_way = asyncio.create_task(self._write())
            # A caller that goes away must not stop the write that others wait for.
            await asyncio.shield(self._write_under_way)

    async def _write(self) -> None:
        changes = self._changes()
        data = msgspec.json.encode(self._snapshot())
        await asyncio.to_thread(_replace, self._path, data)
        self._written = changes


def _replace(path: Path, data: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
