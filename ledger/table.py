"""The tables. The account is the first column of every key and of every unique constraint."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from ledger.column import Instant, Plain, Word
from ledger.status import (
    ActionStatus,
    Alarm,
    ChargeAction,
    ChargeStatus,
    ChargeUsage,
    EventSource,
    RefundStatus,
)

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

ACCOUNT: Final = 64
ID: Final = 100
KEY: Final = 255
ORDER_NO: Final = 50
CODE: Final = 64
MESSAGE: Final = 1000
ADDRESS: Final = 8000
DIGEST: Final = 128

_BLOCKING: Final = text("intent_id IS NOT NULL AND status NOT IN ('DECLINED', 'FAILED', 'VOIDED')")
_DUE: Final = text("next_look_at IS NOT NULL")
_UNAPPLIED: Final = text("applied_at IS NULL")
_NAMELESS: Final = text("batch_no IS NULL AND status IN ('PENDING', 'UNKNOWN')")

intents: Final = Table(
    "intents",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("id", Plain(ID), primary_key=True),
    Column("customer_id", Plain(ID)),
    Column("order_no", Plain(ORDER_NO), nullable=False),
    Column("amount", Plain(16), nullable=False),
    Column("currency", Plain(3), nullable=False),
    Column("minor_units", BigInteger, nullable=False),
    Column("return_url", Plain(ADDRESS)),
    Column("details", Plain(65536)),
    Column("live", Boolean, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("key_scope", Plain(KEY), nullable=False),
    Column("idempotency_key", Plain(KEY)),
    Column("args_digest", Plain(DIGEST), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("canceled_at", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("account", "order_no"),
    UniqueConstraint("account", "key_scope", "idempotency_key"),
)

charges: Final = Table(
    "charges",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("id", Plain(ID), primary_key=True),
    Column("order_no", Plain(ORDER_NO), nullable=False),
    Column("status", Word(ChargeStatus), nullable=False),
    Column("trade_no", Plain(CODE)),
    Column("customer_id", Plain(ID)),
    Column("payment_method_id", Plain(ID)),
    Column("amount", Plain(16), nullable=False),
    Column("currency", Plain(3), nullable=False),
    Column("minor_units", BigInteger, nullable=False),
    Column("usage", Word(ChargeUsage), nullable=False),
    Column("live", Boolean, nullable=False),
    Column("intent_id", Plain(ID)),
    Column("attempt", Integer, nullable=False),
    Column("key_scope", Plain(KEY), nullable=False),
    Column("idempotency_key", Plain(KEY)),
    Column("args_digest", Plain(DIGEST), nullable=False),
    Column("send_no", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("heard", Boolean, nullable=False),
    Column("request_ids", JSON, nullable=False),
    Column("redirect_url", Plain(ADDRESS)),
    Column("return_url", Plain(ADDRESS)),
    Column("masked_card", Plain(CODE)),
    Column("upstream_code", Plain(CODE)),
    Column("upstream_message", Plain(MESSAGE)),
    Column("webhook_count", Integer, nullable=False),
    Column("empty_looks", Integer, nullable=False),
    Column("late_success", Boolean, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("next_look_at", Instant),
    Column("action", Word(ChargeAction)),
    Column("action_status", Word(ActionStatus)),
    Column("action_send_no", Integer, nullable=False, server_default="0"),
    Column("action_at", Instant),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # Who looks the charge up now; of no interest to a reader, so no field of the record.
    Column("lease_owner", Plain(ID)),
    Column("lease_until", Instant),
    Column("lease_token", Integer, nullable=False, server_default="0"),
    # Whom its end is counted to: see `tallies`.
    Column("counted", JSON),
    UniqueConstraint("account", "order_no"),
    UniqueConstraint("account", "key_scope", "idempotency_key"),
    ForeignKeyConstraint(["account", "intent_id"], ["intents.account", "intents.id"]),
    Index(
        "uq_charges_live_intent",
        "account",
        "intent_id",
        unique=True,
        sqlite_where=_BLOCKING,
        postgresql_where=_BLOCKING,
    ),
    Index("ix_charges_intent", "account", "intent_id"),
    Index("ix_charges_trade_no", "account", "trade_no"),
    Index("ix_charges_created", "account", "created_at", "id"),
    Index("ix_charges_customer", "account", "customer_id", "created_at", "id"),
    Index("ix_charges_due", "next_look_at", sqlite_where=_DUE, postgresql_where=_DUE),
)

charge_events: Final = Table(
    "charge_events",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("charge_id", Plain(ID), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
    Column("status", Word(ChargeStatus), nullable=False),
    Column("source", Word(EventSource), nullable=False),
    Column("kind", Plain(32), nullable=False),
    Column("applied", Boolean, nullable=False),
    Column("note", Plain(MESSAGE), nullable=False),
    Column("alarm", Word(Alarm)),
    ForeignKeyConstraint(["account", "charge_id"], ["charges.account", "charges.id"]),
)

refunds: Final = Table(
    "refunds",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("id", Plain(ID), primary_key=True),
    Column("charge_id", Plain(ID), nullable=False),
    Column("amount", Plain(16), nullable=False),
    Column("currency", Plain(3), nullable=False),
    Column("minor_units", BigInteger, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("reason", Plain(MESSAGE), nullable=False),
    Column("status", Word(RefundStatus), nullable=False),
    Column("batch_no", Plain(CODE)),
    Column("key_scope", Plain(KEY), nullable=False),
    Column("idempotency_key", Plain(KEY), nullable=False),
    Column("args_digest", Plain(DIGEST), nullable=False),
    Column("send_no", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("in_flight", Boolean, nullable=False),
    Column("request_ids", JSON, nullable=False),
    Column("upstream_code", Plain(CODE)),
    Column("upstream_message", Plain(MESSAGE)),
    Column("late_success", Boolean, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("next_look_at", Instant),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # As in `charges`.
    Column("lease_owner", Plain(ID)),
    Column("lease_until", Instant),
    Column("lease_token", Integer, nullable=False, server_default="0"),
    UniqueConstraint("account", "key_scope", "idempotency_key"),
    ForeignKeyConstraint(["account", "charge_id"], ["charges.account", "charges.id"]),
    Index("ix_refunds_charge", "account", "charge_id", "created_at", "id"),
    # Asiabill's own number is not trusted to be unique: a second one must be stored to be seen.
    Index("ix_refunds_batch_no", "account", "batch_no"),
    Index("ix_refunds_due", "next_look_at", sqlite_where=_DUE, postgresql_where=_DUE),
    Index(
        "ix_refunds_unresolved",
        "account",
        "sent_at",
        sqlite_where=_NAMELESS,
        postgresql_where=_NAMELESS,
    ),
)

refund_events: Final = Table(
    "refund_events",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("refund_id", Plain(ID), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
    Column("status", Word(RefundStatus), nullable=False),
    Column("source", Word(EventSource), nullable=False),
    Column("kind", Plain(32), nullable=False),
    Column("applied", Boolean, nullable=False),
    Column("note", Plain(MESSAGE), nullable=False),
    Column("alarm", Word(Alarm)),
    ForeignKeyConstraint(["account", "refund_id"], ["refunds.account", "refunds.id"]),
)

chargebacks: Final = Table(
    "chargebacks",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("id", Plain(ID), primary_key=True),
    Column("trade_no", Plain(CODE), nullable=False),
    Column("batch_no", Plain(CODE), nullable=False),
    Column("order_no", Plain(CODE), nullable=False),
    Column("charge_id", Plain(ID)),
    Column("amount", Plain(CODE), nullable=False),
    Column("currency", Plain(CODE), nullable=False),
    Column("reason", Plain(MESSAGE)),
    Column("notice_at", Instant),
    Column("reply_by", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("account", "trade_no", "batch_no"),
    ForeignKeyConstraint(["account", "charge_id"], ["charges.account", "charges.id"]),
    Index("ix_chargebacks_charge", "account", "charge_id", "created_at", "id"),
)

shipments: Final = Table(
    "shipments",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("charge_id", Plain(ID), primary_key=True),
    Column("carrier_code", Plain(CODE)),
    Column("tracking_no", Plain(CODE), nullable=False),
    Column("tracking_site", Plain(MESSAGE), nullable=False),
    Column("status", Plain(CODE)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    ForeignKeyConstraint(["account", "charge_id"], ["charges.account", "charges.id"]),
)

default_cards: Final = Table(
    "default_cards",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("customer_id", Plain(ID), primary_key=True),
    Column("payment_method_id", Plain(ID), nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_default_cards_card", "account", "payment_method_id"),
)

# Keyed hashes, and never a number.
card_fingerprints: Final = Table(
    "card_fingerprints",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("payment_method_id", Plain(ID), primary_key=True),
    Column("customer_id", Plain(ID), nullable=False),
    Column("fingerprint", Plain(DIGEST), nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_card_fingerprints_customer", "account", "customer_id", "fingerprint"),
)

session_cards: Final = Table(
    "session_cards",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("payment_method_id", Plain(ID), primary_key=True),
    Column("customer_id", Plain(ID), nullable=False),
    Column("created_at", Instant, nullable=False),
)

requests: Final = Table(
    "requests",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("operation", Plain(CODE), primary_key=True),
    Column("key_scope", Plain(KEY), primary_key=True),
    Column("idempotency_key", Plain(KEY), primary_key=True),
    Column("args_digest", Plain(DIGEST), nullable=False),
    Column("token", Plain(ID), nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("result", Plain(65536)),
    Column("created_at", Instant, nullable=False),
)

notifications: Final = Table(
    "notifications",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Plain(CODE), nullable=False),
    Column("trade_no", Plain(CODE), nullable=False),
    Column("batch_no", Plain(CODE), nullable=False),
    Column("status", Plain(CODE), nullable=False),
    Column("order_no", Plain(CODE), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("body_sha256", Plain(64), nullable=False),
    Column("charge_id", Plain(ID)),
    Column("deliveries", Integer, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("last_received_at", Instant, nullable=False),
    Column("applied_at", Instant),
    UniqueConstraint("account", "type", "trade_no", "batch_no", "status"),
    Index(
        "ix_notifications_pending",
        "account",
        "order_no",
        sqlite_where=_UNAPPLIED,
        postgresql_where=_UNAPPLIED,
    ),
)

# One row per account and series. Taking a number locks the row until commit, so that numbers become
# visible in their order: a sequence would let a reader pass a number that commits later.
counters: Final = Table(
    "counters",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("name", Plain(CODE), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# Whole seconds since 1970, so that they can be calculated with alike on both databases.
tallies: Final = Table(
    "tallies",
    metadata,
    Column("account", Plain(ACCOUNT), primary_key=True),
    Column("name", Plain(CODE), primary_key=True),
    Column("subject", Plain(ID), primary_key=True),
    Column("begun", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Index("ix_tallies_until", "until"),
)
