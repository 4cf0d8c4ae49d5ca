"""An advisor with desk group and book on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from advisors.schemas import ProfileCommand, SkillAnswer
from customers.schemas import BookAnswer, BookCommand
from kit.fields import Code, Ref
from kit.wire import Line, Moment, Shown


class AdvisorCommand(ProfileCommand):
    """A whole advisor; what is left out has its default."""

    desk_group: Line | None = Field(None, description="Id or name.")
    book: BookCommand | None = Field(None, description="Left out: a quarter of the working time, open.")


class AdvisorRow(AdvisorCommand):
    """A new advisor, or one in a file."""

    external_ref: Ref


class AdvisorAnswer(Shown):
    """For staff. The load of the book moves with every activation."""

    moving: ClassVar[Mapping[str, Any]] = {"book": {"load_s", "over_cap"}}

    id: Code
    external_ref: str
    name: str
    email: str | None
    mail_name: str | None = Field(
        description="What stands before the @ of the address under which customers write; made from the name once."
    )
    photo_url: str | None
    site: Code
    desk_group: Code | None
    languages: list[str]
    markets: list[str]
    skills: list[SkillAnswer]
    working_pattern: dict[str, list[list[str]]]
    phone_capacity: int
    chat_capacity: int
    email_capacity: int
    sip_uri: str | None
    sip_endpoint: str | None
    leaving_at: Moment | None
    book: BookAnswer | None
    created_at: Moment
    updated_at: Moment


class Advisors(Shown):
    items: list[AdvisorAnswer]
    next: str | None


class HandOverAnswer(Shown):
    moved: int = Field(description="Customers who have another advisor now.")
    remaining: int = Field(description="Customers still to be handed over; 0: done.")
    stuck: int = Field(description="Customers for whom nobody fits; they keep their advisor until somebody does.")
