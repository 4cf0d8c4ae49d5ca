"""Answer by mail: messages to whoever writes in a thread, threads in order, customers found by their address."""

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | None = None
depends_on: str | None = None

ENDED = "state IN ('sent', 'failed', 'dropped')"


def recipient(*columns: str) -> str:
    given = f"num_nonnulls({', '.join(columns)})"
    return f"{given} = 1 OR ({given} = 0 AND {ENDED})"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.add_column("messages", sa.Column("thread_id", sa.Uuid(), nullable=True))
    op.drop_constraint("ck_messages_recipient", "messages")
    op.create_check_constraint(
        "ck_messages_recipient", "messages", recipient("customer_id", "advisor_id", "thread_id")
    )
    op.add_column("threads", sa.Column("message_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("thread_messages", sa.Column("ordinal", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE thread_messages m SET ordinal = o.n FROM "
        "(SELECT id, row_number() OVER (PARTITION BY thread_id ORDER BY id) AS n FROM thread_messages) o WHERE o.id = m.id"
    )
    op.execute(
        "UPDATE threads t SET message_count = (SELECT count(*) FROM thread_messages m WHERE m.thread_id = t.id)"
    )
    op.drop_index("ix_thread_messages_thread", "thread_messages")
    op.create_index("ux_thread_messages_ordinal", "thread_messages", ["thread_id", "ordinal"], unique=True)
    op.create_index(
        "ix_customers_email",
        "customers",
        [sa.text("lower(email)")],
        postgresql_where=sa.text("email IS NOT NULL"),
    )
    op.create_index(
        "ix_thread_messages_leaving",
        "thread_messages",
        ["id"],
        postgresql_where=sa.text("delivery IN ('waiting', 'failed')"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_index("ix_thread_messages_leaving", "thread_messages")
    op.drop_index("ix_customers_email", "customers")
    op.drop_index("ux_thread_messages_ordinal", "thread_messages")
    op.create_index("ix_thread_messages_thread", "thread_messages", ["thread_id", "id"])
    op.drop_column("thread_messages", "ordinal")
    op.drop_column("threads", "message_count")
    op.drop_constraint("ck_messages_recipient", "messages")
    op.execute("DELETE FROM messages WHERE num_nonnulls(customer_id, advisor_id) = 0 AND thread_id IS NOT NULL")
    op.create_check_constraint("ck_messages_recipient", "messages", recipient("customer_id", "advisor_id"))
    op.drop_column("messages", "thread_id")
