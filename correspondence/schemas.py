"""Messages on the wire. Words of people are answered here and stand in no event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from kit.database import Row
from kit.ids import encode
from kit.wire import Command, Shown, Straight

LONGEST = 8_000
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST), Straight]
"""What somebody writes: several lines, no control characters but line ends and tabs."""


class TextIn(Command):
    text: Text


class AttachmentOut(Shown):
    id: str
    name: str
    type: str
    size: int
    refused_for: str | None = Field(
        description="Why it was not kept: `executable`, `archive`, `type`, `too_large`."
    )


class MessageOut(Shown):
    id: str
    author: Literal["customer", "advisor", "system"]
    advisor: str | None = Field(description="Who wrote it: the name for customers, `adv_…` for staff.")
    text: str | None = Field(description="Null after its retention.")
    code: str | None = Field(description="What the system said, as a code.")
    delivery: Literal["here", "waiting", "sent", "failed", "dropped"] = Field(
        description="`here`: read here. Else what became of the mail that it left as."
    )
    at: datetime
    attachments: list[AttachmentOut]


class MessagesOut(Shown):
    items: list[MessageOut]
    next: str | None = Field(description="Where to go on reading; null at the end.")


class WrittenOut(Shown):
    """That it was stored; what it says is read with the others."""

    id: str
    at: datetime


def shown(row: Row, say: Callable[[str], str], names: Mapping[UUID, str]) -> MessageOut:
    """`say` makes words of a code, `names` tells how an advisor is called for whoever reads."""
    code, advisor_id = row["code"], row["advisor_id"]
    return MessageOut(
        id=encode("tms", row["id"]),
        author=row["author"],
        advisor=None if advisor_id is None else names.get(advisor_id),
        text=row["text"] if code is None else say(code),
        code=code,
        delivery=row["delivery"],
        at=row["written_at"],
        attachments=[AttachmentOut(**{**one, "id": encode("att", UUID(one["id"]))}) for one in row["attachments"]],
    )


def stored(row: Row) -> WrittenOut:
    return WrittenOut(id=encode("tms", row["id"]), at=row["written_at"])
