"""Alembic's entry: runs on the connection that `ledger.migration` hands over."""

from alembic import context

from ledger.table import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
# No transaction of alembic's own: the caller's commits everything or nothing, the revision included.
context.run_migrations()
