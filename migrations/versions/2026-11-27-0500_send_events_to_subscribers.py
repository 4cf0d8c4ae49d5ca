"""Send events to subscribers; say by leases who of many does what only one may."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None

PENDING = "state = 'pending'"
DELIVERIES = "webhook_deliveries"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    _webhooks()
    _deliveries()
    op.create_table(
        "webhook_cursor",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("single", name="ck_webhook_cursor_single"),
        sa.PrimaryKeyConstraint("single"),
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("markets", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("desk_groups", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("secret_made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("paused_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("paused_for", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("reach IN ('all', 'control_center')", name="ck_webhooks_reach"),
        sa.CheckConstraint("paused_for IN ('by_hand', 'gone')", name="ck_webhooks_paused_for"),
        sa.CheckConstraint("(paused_at IS NULL) = (paused_for IS NULL)", name="ck_webhooks_paused"),
        sa.CheckConstraint("(old_secret IS NULL) = (old_secret_until IS NULL)", name="ck_webhooks_old_secret"),
        sa.CheckConstraint("(secret IS NULL) = (removed_at IS NOT NULL)", name="ck_webhooks_secret"),
        sa.PrimaryKeyConstraint("id"),
    )


def _deliveries() -> None:
    op.create_table(
        DELIVERIES,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("event_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("give_up_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('dead', 'delivered', 'pending')", name="ck_webhook_deliveries_state"),
        sa.CheckConstraint(f"({PENDING}) = (ended_at IS NULL)", name="ck_webhook_deliveries_ended"),
        sa.CheckConstraint("state <> 'dead' OR reason IS NOT NULL", name="ck_webhook_deliveries_reason"),
        sa.CheckConstraint(f"{PENDING} OR next_at IS NULL", name="ck_webhook_deliveries_next"),
        sa.CheckConstraint("(event_id IS NULL) = (event_at IS NULL)", name="ck_webhook_deliveries_event"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"]),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": "70"},
    )
    for name, columns, unique, where in (
        ("ux_webhook_deliveries_event", ["webhook_id", "epoch", "event_id"], True, "event_id IS NOT NULL"),
        ("ix_webhook_deliveries_due", ["webhook_id", "next_at"], False, f"{PENDING} AND next_at IS NOT NULL"),
        ("ix_webhook_deliveries_queue", ["webhook_id", "subject", "position", "id"], False, PENDING),
        ("ix_webhook_deliveries_listed", ["webhook_id", "id"], False, None),
        ("ix_webhook_deliveries_dead", ["webhook_id", "id"], False, "state = 'dead'"),
        ("ix_webhook_deliveries_ended", ["ended_at"], False, None),
    ):
        condition = None if where is None else sa.text(where)
        op.create_index(name, DELIVERIES, columns, unique=unique, postgresql_where=condition)
    op.execute(
        f"CREATE TRIGGER legal_transition BEFORE UPDATE OF state ON {DELIVERIES} FOR EACH ROW "
        "WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        "EXECUTE FUNCTION check_transition('pending>delivered', 'pending>dead', 'dead>pending')"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for table in ("webhook_cursor", DELIVERIES, "webhooks", "leases"):
        op.drop_table(table)
