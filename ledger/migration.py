"""Bringing a database to the revision that this program needs, and telling whether it is there."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from ledger.database import Database
from ledger.error import WrongRevision

if TYPE_CHECKING:
    from alembic.config import Config

# The newest in migrations/versions. To ask Alembic for it would load it into every gateway: a tenth of a
# gateway's memory, and of its start.
NEWEST = "0004"

# Two processes that start together must not both create the tables; the number is arbitrary.
_LOCK = 0x61736961
# Whoever waits for a table stops everybody who comes after. A gateway's transaction lasts no longer
# than this; what does, a dump for example, must end before the tables are changed.
_TABLE_SECONDS = 30
# In place of a revision.
_MOVED = "moved"


async def migrate(url: str) -> None:
    """Upgrade to the newest revision, in one transaction. Safe to repeat and to race: who comes second
    waits until the first is through.

    Raises LedgerUnavailable, and WrongRevision for a ledger that was moved away.
    """
    database = Database(url, patient=True)
    try:
        await database.write(lambda transaction: _upgrade(transaction.connection))
    finally:
        await database.dispose()


def check(connection: Connection) -> None:
    """Raises WrongRevision unless the database is at the newest revision."""
    found = _demand_in_use(connection)
    if found != NEWEST:
        raise WrongRevision(
            f"the database is at revision {found or 'none'} and this program needs {NEWEST}: "
            "run `asiabill-gateway migrate`"
        )


def retire(connection: Connection) -> None:
    """Make the database one that no program takes for its ledger: its rows live elsewhere now."""
    connection.execute(text("UPDATE alembic_version SET version_num = :moved"), {"moved": _MOVED})


def _demand_in_use(connection: Connection) -> str | None:
    """The revision. Raises WrongRevision where the ledger was moved away."""
    found: str | None = None
    if inspect(connection).has_table("alembic_version"):
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found == _MOVED:
        raise WrongRevision(
            "this ledger was moved to another database: set GATEWAY_DATABASE_URL to that one"
        )
    return found


def _upgrade(connection: Connection) -> None:
    if _demand_in_use(connection) == NEWEST:
        return
    # Here, since nobody else needs it.
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{_TABLE_SECONDS}s'"))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "ledger:migrations")
    config.set_main_option("path_separator", "os")
    return config
