"""Markets, sites, policies and closures on the wire."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from kit.fields import Code, Country, Language, MarketId, PhoneRegion, Subdivision, WeekHours, ZoneName
from kit.wire import Command, Line, Moment, Shown
from markets.policy import Policy


class MarketCommand(Command):
    """A whole market; what is left out has its default."""

    name: Line
    phone_region: PhoneRegion = Field(description="How national numbers are read (ISO 3166-1).")
    time_zone: ZoneName
    languages: list[Language] = Field(min_length=1, max_length=20, description="The usual one first.")
    opening_hours: WeekHours
    holiday_country: Country | None = None
    holiday_subdivision: Subdivision | None = None
    number_quarantine_days: int = Field(90, ge=90, le=3650)


class MarketAnswer(Shown):
    id: MarketId
    name: str
    phone_region: str
    time_zone: str
    languages: list[str]
    opening_hours: dict[str, list[list[str]]]
    holiday_country: str | None
    holiday_subdivision: str | None
    number_quarantine_days: int


class Markets(Shown):
    items: list[MarketAnswer]


class SiteCommand(Command):
    name: Line
    time_zone: ZoneName
    holiday_country: Country | None = None
    holiday_subdivision: Subdivision | None = None


class SiteAnswer(Shown):
    id: Code
    name: str
    time_zone: str
    holiday_country: str | None
    holiday_subdivision: str | None


class Sites(Shown):
    items: list[SiteAnswer]


class PolicyCommand(Command):
    """A new version of a market's rules; whatever is left out has its default, not its former value."""

    valid_from: Moment | None = Field(None, description="From when on it holds; left out: at once.")
    rules: Policy


class PolicyAnswer(Shown):
    name: str = Field(description="As decisions name it: `DE/7`; version 0 is the default.")
    version: int
    valid_from: Moment | None
    rules: Policy


class FieldChange(Shown):
    """One rule that another version says otherwise."""

    field: str = Field(examples=["routing.hold_max_s"])
    before: Any
    after: Any


class CourseAnswer(Shown):
    """How the calls would have gone. Nobody's figures: of all of them together."""

    outcomes: dict[str, int] = Field(
        description="Answered by their `own` advisor or by a `colleague`; `promised` a callback; `abandoned`; "
        "`turned_away`."
    )
    within_20s: float = Field(description="Answered within 20 s, of those who stayed on the line.")
    mean_wait_s: float = Field(description="Of those who were answered.")
    wait_p90_s: float


class RehearsalAnswer(Shown):
    """The last calls of the market once more, by the rules that route, under both policies. What is recorded stays:
    when they came, what they asked for, how long they talked, when they hung up. People work as planned and answer
    at once; whoever was answered is taken to be patient; callbacks take nobody's time."""

    calls: int
    since: Moment | None = Field(description="When the first of them came.")
    before: CourseAnswer
    after: CourseAnswer
    otherwise: int = Field(description="How many would have gone to somebody else, or ended in another way.")


class PolicyPreview(Shown):
    """What a policy would change against the one that is in force when it begins."""

    valid_from: Moment
    follows: str = Field(description="The policy in force until then: `DE/7`.")
    changes: list[FieldChange]
    rehearsal: RehearsalAnswer | None = Field(description="Null where it took too long.")


class Policies(Shown):
    items: list[PolicyAnswer]
    next: str | None = None


class ClosureCommand(Command):
    """Without `starts_at` it begins at once; an emergency without `ends_at` holds until it is lifted."""

    kind: Literal["emergency", "planned"]
    starts_at: Moment | None = None
    ends_at: Moment | None = Field(None, description="What is planned has an end.")

    @model_validator(mode="after")
    def _planned_until(self) -> Self:
        if self.kind == "planned" and self.ends_at is None:
            raise PydanticCustomError("planned_without_end", "a planned closure needs an end")
        return self


class ClosureAnswer(Shown):
    id: Code
    market: MarketId
    kind: Literal["emergency", "planned"]
    starts_at: Moment
    ends_at: Moment | None


class Closures(Shown):
    items: list[ClosureAnswer]
