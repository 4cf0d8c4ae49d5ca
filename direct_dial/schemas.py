"""Numbers and pools on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kit.fields import Code, MarketId, Written
from kit.wire import Command, Moment, Shown

Kind = Literal["direct", "general"]
State = Literal["free", "assigned", "redirected", "quarantined"]


class NumbersCommand(Command):
    numbers: list[Written] = Field(min_length=1, max_length=1000, description="As people write them.")
    kind: Kind = Field("direct", description="`general` ones belong to the market itself, not to advisors.")


class NumberRow(Command):
    """A number in a file."""

    number: Written
    market: MarketId
    kind: Kind = "direct"
    trunk: Written | None = Field(None, description="The beginning that its block shares, in E.164.")


class AddedAnswer(Shown):
    added: int
    skipped: int = Field(description="Were in the pool already.")


class NumberAnswer(Shown):
    number: str
    display: str
    kind: Kind
    state: State
    advisor: Code | None
    since: Moment
    quarantined_until: Moment | None


class Numbers(Shown):
    items: list[NumberAnswer]
    next: str | None


class PoolAnswer(Shown):
    """How many direct dial numbers are in which state."""

    free: int
    assigned: int
    redirected: int
    quarantined: int
    next_rested_at: Moment | None
