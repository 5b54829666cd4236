"""The first tables: charges and their history, intents, notifications, cards, requests."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "counters",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_counters")),
    )
    op.create_table(
        "default_cards",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(100), nullable=False),
        sa.Column("payment_method_id", sa.String(100), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "customer_id", name=op.f("pk_default_cards")),
    )
    op.create_table(
        "intents",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("customer_id", sa.String(100), nullable=True),
        sa.Column("order_no", sa.String(50), nullable=False),
        sa.Column("amount", sa.String(16), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("minor_units", sa.BigInteger(), nullable=False),
        sa.Column("return_url", sa.String(8000), nullable=True),
        sa.Column("details", sa.String(65536), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("key_scope", sa.String(255), nullable=False),
        sa.Column("idempotency_key", sa.String(255), nullable=True),
        sa.Column("args_digest", sa.String(128), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_intents")),
        sa.UniqueConstraint(
            "account",
            "key_scope",
            "idempotency_key",
            name=op.f("uq_intents_account_key_scope_idempotency_key"),
        ),
        sa.UniqueConstraint("account", "order_no", name=op.f("uq_intents_account_order_no")),
    )
    op.create_table(
        "notifications",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("trade_no", sa.String(64), nullable=False),
        sa.Column("batch_no", sa.String(64), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("order_no", sa.String(64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("charge_id", sa.String(100), nullable=True),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_notifications")),
        sa.UniqueConstraint(
            "account",
            "type",
            "trade_no",
            "batch_no",
            "status",
            name=op.f("uq_notifications_account_type_trade_no_batch_no_status"),
        ),
    )
    op.create_index(
        "ix_notifications_pending",
        "notifications",
        ["account", "order_no"],
        sqlite_where=sa.text("applied_at IS NULL"),
        postgresql_where=sa.text("applied_at IS NULL"),
    )
    op.create_table(
        "requests",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("key_scope", sa.String(255), nullable=False),
        sa.Column("idempotency_key", sa.String(255), nullable=False),
        sa.Column("args_digest", sa.String(128), nullable=False),
        sa.Column("token", sa.String(100), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(65536), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "operation", "key_scope", "idempotency_key", name=op.f("pk_requests")
        ),
    )
    op.create_table(
        "session_cards",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("payment_method_id", sa.String(100), nullable=False),
        sa.Column("customer_id", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "payment_method_id", name=op.f("pk_session_cards")),
    )
    op.create_table(
        "charges",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("order_no", sa.String(50), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("trade_no", sa.String(64), nullable=True),
        sa.Column("customer_id", sa.String(100), nullable=True),
        sa.Column("payment_method_id", sa.String(100), nullable=True),
        sa.Column("amount", sa.String(16), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("minor_units", sa.BigInteger(), nullable=False),
        sa.Column("usage", sa.String(20), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("intent_id", sa.String(100), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("key_scope", sa.String(255), nullable=False),
        sa.Column("idempotency_key", sa.String(255), nullable=True),
        sa.Column("args_digest", sa.String(128), nullable=False),
        sa.Column("send_no", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard", sa.Boolean(), nullable=False),
        sa.Column("request_ids", sa.JSON(), nullable=False),
        sa.Column("redirect_url", sa.String(8000), nullable=True),
        sa.Column("return_url", sa.String(8000), nullable=True),
        sa.Column("masked_card", sa.String(64), nullable=True),
        sa.Column("upstream_code", sa.String(64), nullable=True),
        sa.Column("upstream_message", sa.String(1000), nullable=True),
        sa.Column("webhook_count", sa.Integer(), nullable=False),
        sa.Column("empty_looks", sa.Integer(), nullable=False),
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
            ["account", "intent_id"],
            ["intents.account", "intents.id"],
            name=op.f("fk_charges_intents"),
        ),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_charges")),
        sa.UniqueConstraint(
            "account",
            "key_scope",
            "idempotency_key",
            name=op.f("uq_charges_account_key_scope_idempotency_key"),
        ),
        sa.UniqueConstraint("account", "order_no", name=op.f("uq_charges_account_order_no")),
    )
    op.create_index("ix_charges_created", "charges", ["account", "created_at", "id"])
    op.create_index(
        "ix_charges_customer", "charges", ["account", "customer_id", "created_at", "id"]
    )
    op.create_index(
        "ix_charges_due",
        "charges",
        ["next_look_at"],
        sqlite_where=sa.text("next_look_at IS NOT NULL"),
        postgresql_where=sa.text("next_look_at IS NOT NULL"),
    )
    op.create_index("ix_charges_intent", "charges", ["account", "intent_id"])
    op.create_index("ix_charges_trade_no", "charges", ["account", "trade_no"])
    op.create_index(
        "uq_charges_live_intent",
        "charges",
        ["account", "intent_id"],
        unique=True,
        sqlite_where=sa.text(
            "intent_id IS NOT NULL AND status NOT IN ('DECLINED', 'FAILED', 'VOIDED')"
        ),
        postgresql_where=sa.text(
            "intent_id IS NOT NULL AND status NOT IN ('DECLINED', 'FAILED', 'VOIDED')"
        ),
    )
    op.create_table(
        "charge_events",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("charge_id", sa.String(100), nullable=False),
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
            ["account", "charge_id"],
            ["charges.account", "charges.id"],
            name=op.f("fk_charge_events_charges"),
        ),
        sa.PrimaryKeyConstraint("account", "charge_id", "seq", name=op.f("pk_charge_events")),
    )


def downgrade() -> None:
    """Forget everything."""
    for table in (
        "charge_events",
        "charges",
        "session_cards",
        "requests",
        "notifications",
        "intents",
        "default_cards",
        "counters",
    ):
        op.drop_table(table)
