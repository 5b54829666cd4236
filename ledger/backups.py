"""A copy of a SQLite ledger, taken while it is in use."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from ledger.error import LedgerUnavailable


def backup(url: str, target: Path) -> int:
    """Write one consistent state of the file to `target`, checked and on disk. Its size in bytes.

    It blocks no writer. Raises ValueError for PostgreSQL, which has tools of its own, and for a
    target that exists; LedgerUnavailable where the ledger can't be read or the copy can't be written.
    """
    place = make_url(url)
    if place.get_backend_name() != "sqlite" or not place.database:
        raise ValueError("only a SQLite file is copied so: for PostgreSQL use pg_dump")
    source = Path(place.database)
    if target.exists():
        raise ValueError(f"{target} is there already")
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        # Nobody else may read what is in it.
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as ledger,
            closing(sqlite3.connect(unfinished)) as copy,
        ):
            ledger.backup(copy)
            # One file, without a log beside it that could be forgotten.
            copy.execute("PRAGMA journal_mode = DELETE")
            (said,) = copy.execute("PRAGMA integrity_check").fetchone()
        if said != "ok":
            raise LedgerUnavailable(f"the copy is damaged: {said}")
        _sync(unfinished)
        unfinished.rename(target)
        _sync(target.absolute().parent)
    except (OSError, sqlite3.Error) as error:
        raise LedgerUnavailable(f"no copy was made: {error}") from error
    return target.stat().st_size


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
