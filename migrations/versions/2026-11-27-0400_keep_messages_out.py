"""Keep messages that leave the house: what is to be said to whom, once, and what became of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None

ENDED = "state IN ('sent', 'failed', 'dropped')"
TRANSITIONS = {"waiting": "sending", "sending": "sent waiting failed dropped", "failed": "waiting"}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("args", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("dropped_for", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('dropped', 'failed', 'sending', 'sent', 'waiting')", name="ck_messages_state"
        ),
        sa.CheckConstraint("channel IN ('email')", name="ck_messages_channel"),
        sa.CheckConstraint(
            "dropped_for IN ('bad_address', 'no_address', 'no_recipient', 'opted_out', 'out_of_date', 'switched_off')",
            name="ck_messages_reason",
        ),
        sa.CheckConstraint("(state = 'dropped') = (dropped_for IS NOT NULL)", name="ck_messages_dropped_for"),
        sa.CheckConstraint(f"({ENDED}) = (ended_at IS NOT NULL)", name="ck_messages_ended_at"),
        sa.CheckConstraint("customer_id IS NULL OR market_id IS NOT NULL", name="ck_messages_market"),
        sa.CheckConstraint(
            f"num_nonnulls(customer_id, advisor_id) = 1 OR (num_nonnulls(customer_id, advisor_id) = 0 AND {ENDED})",
            name="ck_messages_recipient",
        ),
        sa.CheckConstraint("attempts BETWEEN 0 AND most_attempts", name="ck_messages_attempts"),
        sa.CheckConstraint("length(once) BETWEEN 1 AND 200", name="ck_messages_once"),
        sa.ForeignKeyConstraint(["advisor_id"], ["advisors.id"]),
        sa.ForeignKeyConstraint(
            ["customer_id", "market_id"], ["customers.id", "customers.market_id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["market_id"], ["markets.id"]),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ux_messages_once", "messages", ["once"], unique=True)
    op.create_index(
        "ix_messages_due",
        "messages",
        ["channel", "due_at"],
        postgresql_where=sa.text("state IN ('waiting', 'sending')"),
    )
    op.create_index("ix_messages_failed", "messages", ["id"], postgresql_where=sa.text("state = 'failed'"))
    op.create_index("ix_messages_ended", "messages", ["ended_at"])
    for whom in ("customer", "advisor"):
        op.create_index(
            f"ix_messages_{whom}",
            "messages",
            [f"{whom}_id", "id"],
            postgresql_where=sa.text(f"{whom}_id IS NOT NULL"),
        )
    pairs = ", ".join(f"'{a}>{b}'" for a, following in TRANSITIONS.items() for b in following.split())
    op.execute(
        "CREATE TRIGGER legal_transition BEFORE UPDATE OF state ON messages FOR EACH ROW "
        f"WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_transition({pairs})"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_table("messages")
