"""The desk on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from correspondence.schemas import Text
from kit.fields import Code, Tag
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
