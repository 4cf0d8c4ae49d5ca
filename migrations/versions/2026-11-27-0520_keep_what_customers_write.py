"""Keep what customers write: threads with their messages, and the places that advisors have for chats and mails."""

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None

FINAL = "'abandoned', 'closed_hours', 'completed', 'lost_signal', 'promised'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    _threads()
    _messages()
    _attachments()
    _slots()
    _contacts()
    op.add_column("advisors", sa.Column("mail_name", sa.Text(), nullable=True))
    op.create_index("ux_advisors_mail_name", "advisors", ["mail_name"], unique=True)


def _threads() -> None:
    op.create_table(
        "threads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('chat', 'email')", name="ck_threads_channel"),
        sa.ForeignKeyConstraint(["advisor_id"], ["advisors.id"]),
        sa.ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        sa.PrimaryKeyConstraint("id", "market_id"),
    )
    op.create_index(
        "ix_threads_customer",
        "threads",
        ["customer_id", "id"],
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )
    op.create_index("ix_threads_address", "threads", ["address"], postgresql_where=sa.text("address IS NOT NULL"))


def _messages() -> None:
    op.create_table(
        "thread_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("mail_key", sa.Text(), nullable=True),
        sa.Column("mail_id", sa.Text(), nullable=True),
        sa.Column("outbox_id", sa.Uuid(), nullable=True),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("written_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("author IN ('advisor', 'customer', 'system')", name="ck_thread_messages_author"),
        sa.CheckConstraint(
            "delivery IN ('dropped', 'failed', 'here', 'sent', 'waiting')", name="ck_thread_messages_delivery"
        ),
        sa.CheckConstraint("(author = 'advisor') = (advisor_id IS NOT NULL)", name="ck_thread_messages_advisor"),
        sa.CheckConstraint("(author = 'system') = (code IS NOT NULL)", name="ck_thread_messages_code"),
        sa.ForeignKeyConstraint(["advisor_id"], ["advisors.id"]),
        sa.ForeignKeyConstraint(
            ["thread_id", "market_id"], ["threads.id", "threads.market_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", "market_id"),
    )
    op.create_index("ux_thread_messages_mail", "thread_messages", ["mail_key"], unique=True)
    op.create_index("ix_thread_messages_thread", "thread_messages", ["thread_id", "id"])
    op.create_index("ix_thread_messages_contact", "thread_messages", ["contact_id", "id"])
    op.create_index(
        "ix_thread_messages_outbox",
        "thread_messages",
        ["outbox_id"],
        postgresql_where=sa.text("outbox_id IS NOT NULL"),
    )


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("refused_for", sa.Text(), nullable=True),
        sa.CheckConstraint("content IS NULL OR refused_for IS NULL", name="ck_attachments_refused"),
        sa.CheckConstraint("size BETWEEN 0 AND 10485760", name="ck_attachments_size"),
        sa.ForeignKeyConstraint(
            ["message_id", "market_id"], ["thread_messages.id", "thread_messages.market_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", "market_id"),
    )
    op.create_index("ix_attachments_message", "attachments", ["message_id", "id"])


def _slots() -> None:
    op.create_table(
        "channel_slots",
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('chat', 'email')", name="ck_channel_slots_channel"),
        sa.CheckConstraint("slot >= 1", name="ck_channel_slots_slot"),
        sa.ForeignKeyConstraint(["advisor_id"], ["advisors.id"]),
        sa.PrimaryKeyConstraint("advisor_id", "channel", "slot"),
    )
    op.create_index("ux_channel_slots_contact", "channel_slots", ["contact_id"], unique=True)


def _contacts() -> None:
    op.add_column("contacts", sa.Column("thread_id", sa.Uuid(), nullable=True))
    op.add_column("contacts", sa.Column("own_until", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_foreign_key(
        "contacts_thread_id_market_id_fkey", "contacts", "threads", ["thread_id", "market_id"], ["id", "market_id"]
    )
    op.create_check_constraint("ck_contacts_written", "contacts", "channel = 'phone' OR switch_call_id IS NULL")
    op.create_index(
        "ix_contacts_thread", "contacts", ["thread_id"], postgresql_where=sa.text("thread_id IS NOT NULL")
    )
    op.create_index(
        "ux_contacts_open_thread",
        "contacts",
        ["thread_id"],
        unique=True,
        postgresql_where=sa.text(f"thread_id IS NOT NULL AND state NOT IN ({FINAL})"),
    )
    op.create_index(
        "ux_contacts_open_chat",
        "contacts",
        ["customer_id"],
        unique=True,
        postgresql_where=sa.text(f"channel = 'chat' AND state NOT IN ({FINAL})"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_index("ux_advisors_mail_name", "advisors")
    op.drop_column("advisors", "mail_name")
    for index in ("ux_contacts_open_chat", "ux_contacts_open_thread", "ix_contacts_thread"):
        op.drop_index(index, "contacts")
    op.drop_constraint("ck_contacts_written", "contacts")
    op.drop_constraint("contacts_thread_id_market_id_fkey", "contacts")
    op.drop_column("contacts", "own_until")
    op.drop_column("contacts", "thread_id")
    for table in ("channel_slots", "attachments", "thread_messages", "threads"):
        op.drop_table(table)
