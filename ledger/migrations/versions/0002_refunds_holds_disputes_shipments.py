"""Refunds and their history, the capture or void of a hold, chargebacks, shipments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; a charge of before has no action under way."""
    op.add_column("charges", sa.Column("action", sa.String(20), nullable=True))
    op.add_column("charges", sa.Column("action_status", sa.String(20), nullable=True))
    op.add_column(
        "charges", sa.Column("action_send_no", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("charges", sa.Column("action_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "refunds",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("charge_id", sa.String(100), nullable=False),
        sa.Column("amount", sa.String(16), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("minor_units", sa.BigInteger(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("batch_no", sa.String(64), nullable=True),
        sa.Column("key_scope", sa.String(255), nullable=False),
        sa.Column("idempotency_key", sa.String(255), nullable=False),
        sa.Column("args_digest", sa.String(128), nullable=False),
        sa.Column("send_no", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("in_flight", sa.Boolean(), nullable=False),
        sa.Column("request_ids", sa.JSON(), nullable=False),
        sa.Column("upstream_code", sa.String(64), nullable=True),
        sa.Column("upstream_message", sa.String(1000), nullable=True),
        sa.Column("late_success", sa.Boolean(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.String(100), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "charge_id"],
            ["charges.account", "charges.id"],
            name=op.f("fk_refunds_charges"),
        ),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_refunds")),
        sa.UniqueConstraint(
            "account",
            "key_scope",
            "idempotency_key",
            name=op.f("uq_refunds_account_key_scope_idempotency_key"),
        ),
    )
    op.create_index("ix_refunds_batch_no", "refunds", ["account", "batch_no"])
    op.create_index("ix_refunds_charge", "refunds", ["account", "charge_id", "created_at", "id"])
    op.create_index(
        "ix_refunds_due",
        "refunds",
        ["next_look_at"],
        sqlite_where=sa.text("next_look_at IS NOT NULL"),
        postgresql_where=sa.text("next_look_at IS NOT NULL"),
    )
    op.create_index(
        "ix_refunds_unresolved",
        "refunds",
        ["account", "sent_at"],
        sqlite_where=sa.text("batch_no IS NULL AND status IN ('PENDING', 'UNKNOWN')"),
        postgresql_where=sa.text("batch_no IS NULL AND status IN ('PENDING', 'UNKNOWN')"),
    )
    op.create_table(
        "refund_events",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("refund_id", sa.String(100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("alarm", sa.String(20), nullable=True),
        sa.ForeignKeyConstraint(
            ["account", "refund_id"],
            ["refunds.account", "refunds.id"],
            name=op.f("fk_refund_events_refunds"),
        ),
        sa.PrimaryKeyConstraint("account", "refund_id", "seq", name=op.f("pk_refund_events")),
    )
    op.create_table(
        "chargebacks",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("trade_no", sa.String(64), nullable=False),
        sa.Column("batch_no", sa.String(64), nullable=False),
        sa.Column("order_no", sa.String(64), nullable=False),
        sa.Column("charge_id", sa.String(100), nullable=True),
        sa.Column("amount", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=True),
        sa.Column("notice_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "charge_id"],
            ["charges.account", "charges.id"],
            name=op.f("fk_chargebacks_charges"),
        ),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_chargebacks")),
        sa.UniqueConstraint(
            "account",
            "trade_no",
            "batch_no",
            name=op.f("uq_chargebacks_account_trade_no_batch_no"),
        ),
    )
    op.create_index(
        "ix_chargebacks_charge", "chargebacks", ["account", "charge_id", "created_at", "id"]
    )
    op.create_table(
        "shipments",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("charge_id", sa.String(100), nullable=False),
        sa.Column("carrier_code", sa.String(64), nullable=True),
        sa.Column("tracking_no", sa.String(64), nullable=False),
        sa.Column("tracking_site", sa.String(1000), nullable=False),
        sa.Column("status", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "charge_id"],
            ["charges.account", "charges.id"],
            name=op.f("fk_shipments_charges"),
        ),
        sa.PrimaryKeyConstraint("account", "charge_id", name=op.f("pk_shipments")),
    )


def downgrade() -> None:
    """Forget them."""
    for table in ("shipments", "chargebacks", "refund_events", "refunds"):
        op.drop_table(table)
    for column in ("action", "action_status", "action_send_no", "action_at"):
        op.drop_column("charges", column)
