"""Contacts, the offers made for them, and what the switch has said.

No foreign keys to markets and desk groups: every routed call would lock the same few rows, and the database would
spend its time on multixacts. The customer's and the advisor's keys imply both.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel

from contacts.states import CONTACT, NOTE, OFFER
from kit.tables import Instant, Json, about, kept, one_of

CHANNELS = ("phone", "chat", "email")
FINAL = ", ".join(f"'{state}'" for state in sorted(CONTACT.final))


@kept(
    "routing",
    "contact",
    "pseudonymous",
    codes="market_id channel direction state language needs own_by choice step menu ended_reason",
)
class Contact(SQLModel, table=True):
    """One interaction. `age_at` orders it and never changes; `deadline_at` is when its present state runs out.

    What is written stands in a thread; a mail waits for the customer's own advisor until `own_until`.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        PrimaryKeyConstraint("id", "market_id"),
        ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        one_of("channel", CHANNELS, "ck_contacts_channel"),
        one_of("direction", ("in", "out"), "ck_contacts_direction"),
        one_of("state", CONTACT.states, "ck_contacts_state"),
        one_of("own_by", ("relationship", "number"), "ck_contacts_own_by"),
        one_of("choice", ("colleague", "callback", "hold"), "ck_contacts_choice"),
        CheckConstraint(f"(state IN ({FINAL})) = (ended_at IS NOT NULL)", name="ck_contacts_ended"),
        CheckConstraint(
            "state NOT IN ('connected', 'wrapping') OR advisor_id IS NOT NULL", name="ck_contacts_held_by"
        ),
        Index("ux_contacts_switch_call", "switch_call_id", unique=True),
        Index(
            "ux_contacts_active_phone",
            "advisor_id",
            unique=True,
            postgresql_where=text("channel = 'phone' AND state IN ('connected', 'wrapping')"),
        ),
        Index(
            "ix_contacts_waiting",
            "market_id",
            "age_at",
            postgresql_where=text("state IN ('waiting', 'choosing')"),
        ),
        Index("ix_contacts_open", "id", postgresql_where=text(f"state NOT IN ({FINAL})")),
        ForeignKeyConstraint(["thread_id", "market_id"], ["threads.id", "threads.market_id"]),
        CheckConstraint("channel = 'phone' OR switch_call_id IS NULL", name="ck_contacts_written"),
        Index("ix_contacts_thread", "thread_id", postgresql_where=text("thread_id IS NOT NULL")),
        Index(
            "ux_contacts_open_thread",
            "thread_id",
            unique=True,
            postgresql_where=text(f"thread_id IS NOT NULL AND state NOT IN ({FINAL})"),
        ),
        Index(
            "ux_contacts_open_chat",
            "customer_id",
            unique=True,
            postgresql_where=text(f"channel = 'chat' AND state NOT IN ({FINAL})"),
        ),
        Index("ix_contacts_customer", "customer_id", "received_at"),
        Index(
            "ix_contacts_answered",
            "advisor_id",
            "answered_at",
            postgresql_where=text("answered_at IS NOT NULL AND state = 'completed'"),
        ),
        Index(
            "ix_contacts_stranger",
            "caller_number",
            postgresql_where=text("customer_id IS NULL AND caller_number IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    id: UUID
    market_id: str = Field(sa_type=Text)
    channel: str = Field(default="phone", sa_type=Text)
    direction: str = Field(default="in", sa_type=Text)
    switch_call_id: str | None = about("pseudonymous", default=None, sa_type=Text)
    state: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
    age_at: datetime = Field(sa_type=Instant)
    customer_id: UUID | None = None
    caller_number: str | None = about("personal", default=None, sa_type=Text)
    dialled_number: str | None = about("operational", default=None, sa_type=Text)
    language: str = Field(sa_type=Text)
    needs: dict[str, int] = Field(sa_type=Json)
    priority: int = 0
    own_advisor_id: UUID | None = Field(default=None, foreign_key="advisors.id")
    own_by: str | None = Field(default=None, sa_type=Text)
    desk_group_id: UUID | None = None
    advisor_id: UUID | None = Field(default=None, foreign_key="advisors.id")
    choice: str | None = Field(default=None, sa_type=Text)
    choices_asked: int = 0
    step: str | None = Field(default=None, sa_type=Text)
    menu: dict[str, Any] | None = Field(default=None, sa_type=Json)
    hold_told_s: int | None = None
    waiting_since: datetime | None = Field(default=None, sa_type=Instant)
    asked_after_at: datetime | None = Field(default=None, sa_type=Instant)
    tried: list[UUID] = Field(default_factory=list, sa_type=ARRAY(Uuid))
    deadline_at: datetime | None = Field(default=None, sa_type=Instant)
    last_signal_at: datetime = Field(sa_type=Instant)
    first_offered_at: datetime | None = Field(default=None, sa_type=Instant)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    hung_up_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_reason: str | None = Field(default=None, sa_type=Text)
    callback_id: UUID | None = None
    disposition: str | None = about("personal", default=None, sa_type=Text)
    solved: bool | None = None
    note: str | None = about("personal", default=None, sa_type=Text)
    thread_id: UUID | None = None
    own_until: datetime | None = Field(default=None, sa_type=Instant)


@kept("routing", "contact", "pseudonymous", codes="market_id channel state reason")
class Offer(SQLModel, table=True):
    """One contact, or one callback that is due, put to one advisor until a deadline."""

    __tablename__ = "offers"
    __table_args__ = (
        PrimaryKeyConstraint("id", "market_id"),
        ForeignKeyConstraint(["contact_id", "market_id"], ["contacts.id", "contacts.market_id"]),
        ForeignKeyConstraint(["callback_id", "market_id"], ["callbacks.id", "callbacks.market_id"]),
        one_of("channel", CHANNELS, "ck_offers_channel"),
        one_of("state", OFFER.states, "ck_offers_state"),
        CheckConstraint("(contact_id IS NULL) <> (callback_id IS NULL)", name="ck_offers_subject"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="ck_offers_decided"),
        Index(
            "ux_offers_open_phone",
            "advisor_id",
            unique=True,
            postgresql_where=text("state = 'open' AND channel = 'phone'"),
        ),
        Index("ux_offers_open_contact", "contact_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ux_offers_open_callback", "callback_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_offers_deadline", "deadline_at", postgresql_where=text("state = 'open'")),
    )

    id: UUID
    market_id: str = Field(sa_type=Text)
    channel: str = Field(default="phone", sa_type=Text)
    contact_id: UUID | None = Field(default=None, index=True)
    callback_id: UUID | None = Field(default=None, index=True)
    advisor_id: UUID = Field(foreign_key="advisors.id")
    state: str = Field(default="open", sa_type=Text)
    made_at: datetime = Field(sa_type=Instant)
    deadline_at: datetime = Field(sa_type=Instant)
    ringing_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str | None = Field(default=None, sa_type=Text)
    decision_id: UUID | None = None


@kept("routing", "contact", "pseudonymous", codes="market_id channel")
class ChannelSlot(SQLModel, table=True):
    """One of the places that an advisor has for chats or for mails, taken by a contact from its offer to its end.

    The claim locks the advisor's presence and takes the least place that is free within the capacity; that no place
    is taken twice is the key's to say, whoever comes at the same time.
    """

    __tablename__ = "channel_slots"
    __table_args__ = (
        PrimaryKeyConstraint("advisor_id", "channel", "slot"),
        one_of("channel", ("chat", "email"), "ck_channel_slots_channel"),
        CheckConstraint("slot >= 1", name="ck_channel_slots_slot"),
        Index("ux_channel_slots_contact", "contact_id", unique=True),
    )

    advisor_id: UUID = Field(foreign_key="advisors.id")
    channel: str = Field(sa_type=Text)
    slot: int
    market_id: str = Field(sa_type=Text)
    contact_id: UUID
    taken_at: datetime = Field(sa_type=Instant)


@kept("routing", "switch", "pseudonymous", codes="identity type effect")
class SwitchEvent(SQLModel, table=True):
    """An event of the switch that has taken effect; its identity makes a repeat harmless."""

    __tablename__ = "switch_events"
    __table_args__ = (PrimaryKeyConstraint("call_id", "identity"),)

    call_id: str = about("pseudonymous", sa_type=Text)
    identity: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    heard_at: datetime = Field(sa_type=Instant)
    effect: str = Field(sa_type=Text)
    signal: dict[str, Any] = about("personal", sa_type=Json)


@kept("running", "always")
class DirectoryVersion(SQLModel, table=True):
    """Counts the changes of people, groups, markets and absences; triggers keep it (see `directory.py`)."""

    __tablename__ = "directory_version"
    __table_args__ = (
        CheckConstraint("single", name="ck_directory_version_single"),
        {"postgresql_with": {"fillfactor": "10"}},
    )

    single: bool = Field(default=True, primary_key=True)
    version: int = Field(default=1, sa_type=BigInteger)


@kept("routing", "contact", "pseudonymous", codes="market_id state")
class ContactNote(SQLModel, table=True):
    """Word to the customer's own advisor that somebody else has handled a contact; its words are the contact's."""

    __tablename__ = "contact_notes"
    __table_args__ = (
        ForeignKeyConstraint(["contact_id", "market_id"], ["contacts.id", "contacts.market_id"]),
        one_of("state", NOTE.states, "ck_contact_notes_state"),
        CheckConstraint("(state = 'unread') = (read_at IS NULL)", name="ck_contact_notes_read"),
        Index("ux_contact_notes_contact", "contact_id", unique=True),
        Index("ix_contact_notes_unread", "to_advisor_id", "id", postgresql_where=text("state = 'unread'")),
        Index("ix_contact_notes_to", "to_advisor_id", "id"),
        Index("ix_contact_notes_from", "from_advisor_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    market_id: str = Field(sa_type=Text)
    contact_id: UUID
    from_advisor_id: UUID = Field(foreign_key="advisors.id")
    to_advisor_id: UUID = Field(foreign_key="advisors.id")
    state: str = Field(default="unread", sa_type=Text)
    written_at: datetime = Field(sa_type=Instant)
    read_at: datetime | None = Field(default=None, sa_type=Instant)
