"""Prints that tell stored cards apart, and the way from a card to whose default it is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; the prints of cards of before are not known."""
    op.create_table(
        "card_fingerprints",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("payment_method_id", sa.String(100), nullable=False),
        sa.Column("customer_id", sa.String(100), nullable=False),
        sa.Column("fingerprint", sa.String(128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "payment_method_id", name=op.f("pk_card_fingerprints")),
    )
    op.create_index(
        "ix_card_fingerprints_customer",
        "card_fingerprints",
        ["account", "customer_id", "fingerprint"],
    )
    op.create_index("ix_default_cards_card", "default_cards", ["account", "payment_method_id"])


def downgrade() -> None:
    """Forget them."""
    op.drop_index("ix_default_cards_card", "default_cards")
    op.drop_table("card_fingerprints")
