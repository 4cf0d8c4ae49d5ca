"""The desk on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from contacts.briefing import Briefing
from correspondence.schemas import Text
from kit.database import Row
from kit.fields import Code, Tag
from kit.ids import encode
from kit.wire import Command, Line, Shown, Straight

Note = Annotated[str, StringConstraints(min_length=1, max_length=4000), Straight]


class StatusIn(Command):
    """A status by hand; during a contact it is the next one."""

    state: Literal["available", "break", "meeting", "training", "offline"]
    reason: Tag | None = Field(
        None, description="A code, for example `lunch`: it is told to everybody who sees you."
    )


class RejectIn(Command):
    """Why an offer is refused: `break` and `meeting` lead there, anything else to `not_responding`."""

    reason: Literal["break", "meeting"] | None = None


class WrapUpIn(Command):
    """What the contact was about, and a note for the customer's own advisor."""

    disposition: Line | None = None
    solved: bool | None = None
    note: Note | None = None


class ReplyIn(Command):
    """An answer in writing."""

    text: Text
    ends: bool | None = Field(
        None, description="Whether nothing more is to be said; left out: true for a mail, false for a chat."
    )


class HandOverIn(Command):
    advisor: Code | None = Field(None, description="`adv_…`; left out: the best of the desk group who is free.")


class InboxOut(Shown):
    """Chats and mails; the same public states as in the stream."""

    contacts: list[dict[str, Any]]


class DeskOut(Shown):
    """What an advisor's desk shows; the same public states as in the stream."""

    advisor: str
    presence: dict[str, Any]
    offer: dict[str, Any] | None = Field(description="The phone offer that rings now.")
    contact: dict[str, Any] | None = Field(description="The phone contact under way or being wrapped up.")


class PresenceOut(Shown):
    state: str
    next_state: str | None
    reason: str | None


class ContactOut(Shown):
    contact: dict[str, Any]


class OfferOut(Shown):
    """An offer as the stream shows it, and what to know before saying hello."""

    offer: dict[str, Any]
    briefing: Briefing | None


class RemarksCommand(Command):
    """`null` takes them away."""

    text: Note | None


class RemarksAnswer(Shown):
    text: str | None
    written_by: Code | None
    updated_at: datetime | None


NoteState = Literal["unread", "read"]


class NoteAnswer(Shown):
    """`note` is what the colleague typed, if anything; disposition and outcome are the contact's."""

    id: Code
    state: Literal["unread", "read"]
    contact: Code
    written_by: Code
    written_by_name: str | None
    to: Code
    to_name: str | None
    written_at: datetime
    read_at: datetime | None
    customer: Code | None = None
    external_ref: str | None = None
    customer_name: str | None = None
    channel: str | None = None
    received_at: datetime | None = None
    disposition: str | None = None
    solved: bool | None = None
    note: str | None = None


class Notes(Shown):
    items: list[NoteAnswer]
    next: str | None = None


def remarks(row: Row) -> RemarksAnswer:
    by = row["written_by"]
    return RemarksAnswer(
        text=row["text"], written_by=None if by is None else encode("adv", by), updated_at=row["updated_at"]
    )


def note(row: Row) -> NoteAnswer:
    """From a row with what was noted of the contact."""
    customer = row["customer_id"]
    names = ("external_ref", "customer_name", "channel", "received_at", "disposition", "solved", "note")
    told = {name: row[name] for name in names}
    return note_state_only(row, customer=None if customer is None else encode("cus", customer), **told)


def note_state_only(row: Row, **told: Any) -> NoteAnswer:
    return NoteAnswer(
        id=encode("note", row["id"]),
        state=row["state"],
        contact=encode("con", row["contact_id"]),
        written_by=encode("adv", row["from_advisor_id"]),
        written_by_name=row.get("from_name"),
        to=encode("adv", row["to_advisor_id"]),
        to_name=row.get("to_name"),
        written_at=row["written_at"],
        read_at=row["read_at"],
        **told,
    )
