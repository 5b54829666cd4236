"""Column types that hold the same values on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Generic, TypeVar

from sqlalchemy import DateTime, Dialect, String, TypeDecorator

from ledger.text import checked

E = TypeVar("E", bound=StrEnum)


class Plain(TypeDecorator[str]):
    """Text up to `longest` characters. Raises BadText before a statement reaches the database."""

    impl = String
    cache_ok = True

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self.longest = longest

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Every value of every statement passes here, also one that is only searched for."""
        return None if value is None else checked(value, self.longest)


class Word(TypeDecorator[E], Generic[E]):
    """A member of an enumeration, stored as its value so that it may grow without a migration."""

    impl = String(20)
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        """Raises ValueError for a word that is not of the enumeration."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        """Raises ValueError where a newer program has written what this one does not know."""
        return None if value is None else self.kind(value)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
