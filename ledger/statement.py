"""Statements that every charge needs: put together once, and on SQLite run by the driver itself.

What SQLAlchemy does around a statement takes ten times what SQLite needs to run it. It still says
what the statement is, and how each value is written and read. On PostgreSQL, where a statement waits
for the network, it runs it too.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Delete, Dialect, Insert, RowMapping, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Statement = Select[Any] | Insert | Update | Delete
# By the names of the columns.
Row = Mapping[str, Any] | RowMapping
_Change = Callable[[Any], Any] | None


def first(connection: Connection, statement: Statement, values: Mapping[str, object]) -> Row | None:
    """Run it as `rows` does; its first row, or None."""
    return next(iter(rows(connection, statement, values)), None)


def rows(
    connection: Connection, statement: Statement, values: Mapping[str, object]
) -> Sequence[Row]:
    """Run it, and give all its rows.

    For a statement that lives as long as the process: what was put together is kept with it.
    """
    if connection.dialect.name != "sqlite":
        result = connection.execute(statement, values)
        return result.mappings().all() if result.returns_rows else ()
    key = (statement, tuple(values))
    prepared = _kept.get(key)
    if prepared is None:
        prepared = _kept[key] = _Prepared(statement, tuple(values), connection.dialect)
    return prepared.rows(connection, values)


def driven(connection: Connection, sql: str, bound: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """The rows of SQLite's own words, run by its driver. Raises as SQLAlchemy does, without the values."""
    driver: Any = connection.connection.driver_connection
    try:
        found: list[tuple[Any, ...]] = driver.execute(sql, bound).fetchall()
    except sqlite3.Error as error:
        raise DBAPIError.instance(
            sql, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    return found


class _Prepared:
    """A statement in SQLite's words, for values of these names."""

    def __init__(self, statement: Statement, names: tuple[str, ...], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        assert isinstance(compiled, SQLCompiler)
        self._sql: Final = str(compiled)
        # What the statement itself sets, such as the 1 of `count + 1`.
        self._own: Final = {
            name: value for name, value in compiled.params.items() if name not in names
        }
        self._binds: Final = [
            (name, _impl(compiled.binds[name].type, dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        self._columns: Final = [
            (column.name, _impl(column.type, dialect).result_processor(dialect, None))
            for column in statement.exported_columns
        ]

    def rows(self, connection: Connection, values: Mapping[str, object]) -> Sequence[Row]:
        given = {**self._own, **values}
        bound = [
            given[name] if write is None else write(given[name]) for name, write in self._binds
        ]
        found = driven(connection, self._sql, bound)
        return [
            {
                name: value if read is None else read(value)
                for (name, read), value in zip(self._columns, row, strict=True)
            }
            for row in found
        ]


_kept: Final[dict[tuple[Statement, tuple[str, ...]], _Prepared]] = {}


def _impl(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)
