"""What a market declares: how calls are routed, how long silence may last, how promises are kept.

A policy is data with a version and an instant from which it holds; a decision names the one it was made under
(`DE/7`). Whatever a market leaves out has the default given here. Nothing in a policy looks at a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Self

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from kit.fields import PhoneRegion
from kit.strictness import Strict
from kit.week import WEEKDAYS, BadWeek, Week
from routing.policy import RoutingPolicy

LONGEST_S = 86_400
"""Nobody waits for a day; a larger number is a mistake."""


class CallbackPolicy(Strict):
    """Which windows are offered for callbacks, and what follows when nobody answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slot_minutes: int = Field(30, ge=5, le=480, description="Length of a window.")
    lead_minutes: int = Field(15, ge=0, le=1440, description="The least time from now to the first window.")
    grace_minutes: int = Field(5, ge=0, le=60, description="How much of the lead may pass until it is taken.")
    expected_minutes: int = Field(10, ge=1, le=120, description="What a callback usually takes.")
    share: float = Field(0.5, gt=0, le=1, description="How much of an advisor's time may be promised.")
    horizon_days: int = Field(10, ge=1, le=60, description="How far ahead windows are offered.")
    at_most: int = Field(3, ge=1, le=20, description="How many windows are read out.")
    retries: int = Field(3, ge=0, le=10, description="Attempts after the first that reached nobody.")
    retry_minutes: int = Field(60, ge=5, le=1440, description="The least time between two attempts.")
    urgent_minutes: int = Field(
        10, ge=0, le=480, description="So long before its window ends a promise goes before the queue."
    )
    leave_one_free_s: int = Field(
        45, ge=0, le=55, description="How long the last who is free is left to callers before a promise is kept."
    )
    remind_minutes: int | None = Field(
        None,
        ge=5,
        le=2_880,
        description="So long before its window a customer is reminded by letter; left out: not.",
    )
    answer_minutes: int = Field(
        240, ge=30, le=10_080, description="How long a customer may think about a promise that has to change."
    )
    least_answer_minutes: int = Field(
        30, ge=5, le=1440, description="With less time than that nobody is asked; the desk group keeps the promise."
    )
    quiet_hours: tuple[tuple[str, str], ...] = Field(
        (),
        max_length=24,
        description="Hours of any day, by the market's clock, in which a window is looked for first, a day ahead.",
        examples=[[["12:00", "14:00"], ["19:00", "22:00"]]],
    )

    @field_validator("quiet_hours")
    @classmethod
    def _readable(cls, spans: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        try:
            Week.parse({WEEKDAYS[0]: spans})
        except BadWeek as bad:
            raise PydanticCustomError(bad.errors[0].code, "not hours of a day") from None
        return spans

    @property
    def quiet(self) -> Week | None:
        """The quiet hours as a week; None where none are named."""
        return Week.parse(dict.fromkeys(WEEKDAYS, self.quiet_hours)) if self.quiet_hours else None


class DialPolicy(Strict):
    """Whom we let ourselves be made to dial, and how often. Numbers that cost dearly are never dialled anyway."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    countries: tuple[PhoneRegion, ...] = Field(
        (),
        max_length=50,
        description="Countries whose numbers may be called (ISO 3166-1); empty: the market's own alone.",
        examples=[["DE", "AT"]],
    )
    callbacks_per_number_a_day: int = Field(10, ge=1, le=100_000, description="Callbacks promised to one number.")
    callbacks_per_customer_a_day: int = Field(
        10, ge=1, le=100_000, description="Callbacks promised to one customer."
    )
    dials_per_number_a_day: int = Field(12, ge=1, le=100_000, description="How often one number is dialled.")
    dials_per_customer_a_day: int = Field(12, ge=1, le=100_000, description="How often one customer is dialled.")
    new_numbers_an_hour: int = Field(
        120,
        ge=1,
        le=100_000,
        description="Numbers new to us that one key, one person, or all callers who type one may have called.",
    )


class WritingPolicy(Strict):
    """How long chats and mails wait for whom. Nothing of it concerns the telephone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chat_ring_s: int = Field(60, ge=5, le=600, description="How long an advisor may take to accept a chat.")
    chat_choice_s: int = Field(
        300, ge=30, le=3600, description="How long a customer may take to choose; then the chat becomes a message."
    )
    chat_idle_minutes: int = Field(15, ge=1, le=240, description="A chat in which nobody writes ends after this.")
    email_own_within_minutes: int = Field(
        240,
        ge=0,
        le=1440,
        description="How long a mail waits for the own advisor who is at work; never beyond the working day.",
    )
    email_offer_minutes: int = Field(
        60, ge=1, le=1440, description="How long a mail stays with a colleague who has not opened it."
    )
    email_answer_within_minutes: int = Field(
        1440, ge=10, le=10_080, description="A mail that was opened and not answered in this goes to a colleague."
    )


class Policy(Strict):
    """One version of a market's rules. Durations are seconds unless the name says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    routing: RoutingPolicy = Field(default_factory=RoutingPolicy)
    callback: CallbackPolicy = Field(default_factory=CallbackPolicy)
    dialling: DialPolicy = Field(default_factory=DialPolicy)
    writing: WritingPolicy = Field(default_factory=WritingPolicy)
    ask_customer_number: bool = Field(True, description="Unknown callers are asked for their customer number.")
    wrap_up_limit_s: int = Field(30, ge=0, le=3600, description="After it a wrap-up ends by itself; 0: none.")
    silence_ask_s: int = Field(60, ge=5, le=90, description="The switch is asked after a call this long silent.")
    silence_end_s: int = Field(90, ge=10, le=90, description="A call this long silent has lost its signal.")
    settle_grace_ms: int = Field(1000, ge=0, le=10_000, description="How long late events of a call are awaited.")
    change_advisor_days: int = Field(30, ge=0, le=365, description="A customer may change advisor once in this.")

    @model_validator(mode="after")
    def _asks_before_it_ends(self) -> Self:
        if self.silence_end_s <= self.silence_ask_s:
            raise ValueError("silence_end_s must be more than silence_ask_s")
        return self

    @model_validator(mode="after")
    def _within_a_day(self) -> Self:
        for item in fields(self.routing):
            value = getattr(self.routing, item.name)
            if item.name.endswith("_s") and value is not None and value > LONGEST_S:
                raise ValueError(f"routing.{item.name} must be {LONGEST_S} or less")
        return self

    def routing_as(self, name: str) -> RoutingPolicy:
        """The part that the core reads, under the name that its decisions carry: `DE/7`."""
        return replace(self.routing, name=name)


def differences(before: Policy, after: Policy) -> list[tuple[str, object, object]]:
    """Fields that are not the same, by their path, with both values."""
    one, other = _flat(before.model_dump(mode="json")), _flat(after.model_dump(mode="json"))
    return [(name, one[name], other[name]) for name in one if one[name] != other[name]]


def _flat(rules: Mapping[str, object], within: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in rules.items():
        found |= _flat(value, f"{within}{name}.") if isinstance(value, Mapping) else {f"{within}{name}": value}
    return found


DEFAULT = Policy()
"""Holds in a market that has declared nothing."""


def name_of(market_id: str, version: int) -> str:
    """`DE/7`; version 0 is the default."""
    return f"{market_id}/{version}"
