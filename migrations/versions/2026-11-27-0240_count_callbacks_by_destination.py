"""Count callbacks and dials by number, customer and asker, so that nobody can make us dial at will."""

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.add_column("callbacks", sa.Column("asked_by", sa.Text(), nullable=True))
    op.add_column(
        "callbacks", sa.Column("new_number", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index("ix_callbacks_number", "callbacks", ["number", "created_at"])
    op.create_index("ix_callbacks_customer", "callbacks", ["customer_id", "market_id", "created_at"])
    op.create_index(
        "ix_callbacks_asked_by",
        "callbacks",
        ["asked_by", "created_at"],
        postgresql_where=sa.text("new_number"),
    )
    op.create_index("ix_callback_attempts_number", "callback_attempts", ["number", "committed_at"])
    op.create_index("ix_callback_attempts_callback", "callback_attempts", ["callback_id", "market_id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_index("ix_callback_attempts_callback", table_name="callback_attempts")
    op.drop_index("ix_callback_attempts_number", table_name="callback_attempts")
    op.drop_index("ix_callbacks_asked_by", table_name="callbacks")
    op.drop_index("ix_callbacks_customer", table_name="callbacks")
    op.drop_index("ix_callbacks_number", table_name="callbacks")
    op.drop_column("callbacks", "new_number")
    op.drop_column("callbacks", "asked_by")
