"""Desk groups on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from kit.fields import Code, MarketId
from kit.wire import Command, Line, Shown


class DeskGroupCommand(Command):
    """A whole desk group; what is left out has its default. Members come with the advisors."""

    name: Line
    site: Line = Field(description="Id or name.")
    lead: Code | None = None
    minimum_presence: int = Field(1, ge=0, le=1000, description="Absences are approved only above this.")
    neighbours: list[Code] = Field([], max_length=50, description="Who helps out, in this order.")
    general_for: list[MarketId] = Field(
        [], max_length=50, description="Markets whose callers without an advisor come here."
    )


class DeskGroupAnswer(Shown):
    moving: ClassVar[Mapping[str, Any]] = {"members": True}
    """They come and go with the advisors."""

    id: Code
    name: str
    site: Code
    lead: Code | None
    minimum_presence: int
    neighbours: list[Code]
    general_for: list[str]
    members: list[Code]


class DeskGroups(Shown):
    items: list[DeskGroupAnswer]
