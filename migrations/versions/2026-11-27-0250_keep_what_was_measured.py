"""Keep what was measured last, for all replicas; find promises by their window and by their end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.create_table(
        "measurements",
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("measured_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("counted_until", sa.TIMESTAMP(timezone=True)),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
    )
    op.create_index("ix_callbacks_window", "callbacks", ["window_starts_at"])
    op.create_index("ix_callbacks_final", "callbacks", ["final_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_index("ix_callbacks_final", "callbacks")
    op.drop_index("ix_callbacks_window", "callbacks")
    op.drop_table("measurements")
