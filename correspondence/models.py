"""Threads of chats and mails, their messages, and what was attached or refused.

The words of people stand here and nowhere else: events, logs and the audit know ids alone. What falls due and who
answers is the business of contacts, which point down to their thread.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, PrimaryKeyConstraint, Text, text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, about, kept, one_of

CHANNELS = ("chat", "email")
AUTHORS = ("customer", "advisor", "system")
DELIVERIES = ("here", "waiting", "sent", "failed", "dropped")
"""`here`: it is read here and leaves no house. The others are what became of the mail that it left as."""

MOST_ATTACHED = 10 * 1024 * 1024


@kept("corresponding", "thread", "pseudonymous", codes="market_id channel language")
class Thread(SQLModel, table=True):
    """A conversation in writing. `address` is who writes by mail, in small letters; without a customer nobody knows
    whose that is. `last_at` is when something was written last."""

    __tablename__ = "threads"
    __table_args__ = (
        PrimaryKeyConstraint("id", "market_id"),
        ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        one_of("channel", CHANNELS, "ck_threads_channel"),
        Index("ix_threads_customer", "customer_id", "id", postgresql_where=text("customer_id IS NOT NULL")),
        Index("ix_threads_address", "address", postgresql_where=text("address IS NOT NULL")),
    )

    id: UUID
    market_id: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    customer_id: UUID | None = None
    advisor_id: UUID | None = Field(default=None, foreign_key="advisors.id")
    subject: str | None = about("personal", default=None, sa_type=Text)
    address: str | None = about("personal", default=None, sa_type=Text)
    language: str = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant)
    message_count: int = 0


@kept("corresponding", "thread", "pseudonymous", codes="market_id author code mail_key delivery")
class Written(SQLModel, table=True):
    """One message of a thread, in which `ordinal` orders them. A system's message is a `code`, whose words are made
    for whoever reads it.

    `mail_key` is the same for every delivery of one mail, and unique: a mail is taken in once. `outbox_id` is the
    message of the outbox as which an answer leaves.
    """

    __tablename__ = "thread_messages"
    __table_args__ = (
        PrimaryKeyConstraint("id", "market_id"),
        ForeignKeyConstraint(["thread_id", "market_id"], ["threads.id", "threads.market_id"], ondelete="CASCADE"),
        one_of("author", AUTHORS, "ck_thread_messages_author"),
        one_of("delivery", DELIVERIES, "ck_thread_messages_delivery"),
        CheckConstraint("(author = 'advisor') = (advisor_id IS NOT NULL)", name="ck_thread_messages_advisor"),
        CheckConstraint("(author = 'system') = (code IS NOT NULL)", name="ck_thread_messages_code"),
        Index("ux_thread_messages_mail", "mail_key", unique=True),
        Index("ux_thread_messages_ordinal", "thread_id", "ordinal", unique=True),
        Index("ix_thread_messages_contact", "contact_id", "id"),
        Index("ix_thread_messages_leaving", "id", postgresql_where=text("delivery IN ('waiting', 'failed')")),
        Index("ix_thread_messages_outbox", "outbox_id", postgresql_where=text("outbox_id IS NOT NULL")),
    )

    id: UUID
    market_id: str = Field(sa_type=Text)
    thread_id: UUID
    contact_id: UUID
    author: str = Field(sa_type=Text)
    advisor_id: UUID | None = Field(default=None, foreign_key="advisors.id")
    text: str | None = about("personal", default=None, sa_type=Text)
    code: str | None = Field(default=None, sa_type=Text)
    mail_key: str | None = Field(default=None, sa_type=Text)
    mail_id: str | None = about("personal", default=None, sa_type=Text)
    outbox_id: UUID | None = None
    delivery: str = Field(default="here", sa_type=Text)
    written_at: datetime = Field(sa_type=Instant)
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)
    ordinal: int = 0


@kept("corresponding", "thread", "pseudonymous", codes="market_id type refused_for")
class Attachment(SQLModel, table=True):
    """What came with a message: kept as it is, or refused with the reason and without its content."""

    __tablename__ = "attachments"
    __table_args__ = (
        PrimaryKeyConstraint("id", "market_id"),
        ForeignKeyConstraint(
            ["message_id", "market_id"], ["thread_messages.id", "thread_messages.market_id"], ondelete="CASCADE"
        ),
        CheckConstraint("content IS NULL OR refused_for IS NULL", name="ck_attachments_refused"),
        CheckConstraint(f"size BETWEEN 0 AND {MOST_ATTACHED}", name="ck_attachments_size"),
        Index("ix_attachments_message", "message_id", "id"),
    )

    id: UUID
    market_id: str = Field(sa_type=Text)
    message_id: UUID
    name: str = about("personal", sa_type=Text)
    type: str = Field(sa_type=Text)
    size: int
    sha256: bytes | None = about("pseudonymous", default=None, sa_type=LargeBinary)
    content: bytes | None = about("personal", default=None, sa_type=LargeBinary)
    refused_for: str | None = Field(default=None, sa_type=Text)
