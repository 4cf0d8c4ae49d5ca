"""Erase with two persons, and forget in time: erasures, retention's progress, promises without a number."""

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('consent_withdrawn', 'customer_request', 'legal_duty', 'no_longer_needed', 'unlawful')",
            name="ck_erasures_reason",
        ),
        sa.CheckConstraint("state IN ('declined', 'done', 'requested')", name="ck_erasures_state"),
        sa.CheckConstraint("requested_by <> decided_by", name="ck_erasures_two_persons"),
        sa.CheckConstraint("(state = 'requested') = (decided_at IS NULL)", name="ck_erasures_decided_at"),
        sa.CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="ck_erasures_decided_by"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ux_erasures_open",
        "erasures",
        ["customer_id"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_index("ix_erasures_customer", "erasures", ["customer_id"])
    op.create_table(
        "retention_progress",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("done_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ran_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("rule"),
    )
    op.alter_column("callbacks", "number", nullable=True)
    op.alter_column("callback_attempts", "number", nullable=True)
    op.create_index(
        "ix_contacts_stranger",
        "contacts",
        ["caller_number"],
        postgresql_where=sa.text("customer_id IS NULL AND caller_number IS NOT NULL"),
    )
    op.create_index(
        "ix_callbacks_stranger", "callbacks", ["number"], postgresql_where=sa.text("customer_id IS NULL")
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_index("ix_callbacks_stranger", "callbacks")
    op.drop_index("ix_contacts_stranger", "contacts")
    op.execute("UPDATE callback_attempts SET number = '' WHERE number IS NULL")
    op.execute("UPDATE callbacks SET number = '' WHERE number IS NULL")
    op.alter_column("callback_attempts", "number", nullable=False)
    op.alter_column("callbacks", "number", nullable=False)
    op.drop_table("retention_progress")
    op.drop_table("erasures")
