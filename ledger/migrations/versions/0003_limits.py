"""Counts that limit how often something may happen, and what a charge's end is counted to."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; the charges of before are counted to nobody."""
    op.add_column("charges", sa.Column("counted", sa.JSON(), nullable=True))
    op.create_table(
        "tallies",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("begun", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", "subject", "begun", name=op.f("pk_tallies")),
    )
    op.create_index("ix_tallies_until", "tallies", ["until"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("tallies")
    op.drop_column("charges", "counted")
