"""Promises on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from kit.ids import encode
from kit.intervals import Interval
from kit.wire import Command, Line, Moment, Shown, Straight, WrittenTime

Number = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Topic = Annotated[str, StringConstraints(min_length=1, max_length=1000), Straight]


class SlotOut(Shown):
    """A window in which the call begins."""

    starts_at: Moment
    ends_at: Moment
    by: str = Field(description="`own`: the personal advisor; `group`: somebody of the desk group.")


class SlotsOut(Shown):
    slots: list[SlotOut]


class WishIn(Command):
    """A callback, in a window that was offered."""

    slot_starts_at: WrittenTime = Field(description="With an offset.")
    number: Number | None = Field(None, description="Left out: a number that we know of the customer.")
    number_confirmed: bool | None = Field(None, description="Whether the customer has said that it is theirs.")
    topic: Topic | None = None
    expected_minutes: int | None = Field(
        None, ge=1, le=120, description="Where the call will be longer, or shorter, than the market's usual one."
    )
    suits_from: Moment | None = Field(
        None, description="What else suits: from then to `suits_until` we may move it."
    )
    suits_until: Moment | None = None

    @model_validator(mode="after")
    def _suits_whole(self) -> Self:
        if self.suits is None and (self.suits_from is not None or self.suits_until is not None):
            raise PydanticCustomError("suits_unclear", "suits_from and suits_until belong together, in this order")
        return self

    @property
    def suits(self) -> Interval | None:
        """What else suits the customer, where they have said so."""
        if self.suits_from is None or self.suits_until is None or self.suits_until <= self.suits_from:
            return None
        return Interval(self.suits_from, self.suits_until)


class MoveIn(Command):
    slot_starts_at: WrittenTime = Field(description="With an offset.")


class CancelIn(Command):
    reason: Line = "customer_wish"


class KeeperOut(Shown):
    id: str
    name: str


class CallbackOut(Shown):
    """A promise and how it stands. `window` is when the call begins."""

    id: str
    state: str
    window: list[Moment]
    promised: list[Moment]
    by: str
    advisor: KeeperOut | None
    topic: str | None
    attempts: int
    reason: str | None = Field(description="Why it ended, once it has.")
    created_at: Moment


class CallbacksOut(Shown):
    callbacks: list[CallbackOut]
    next: str | None = Field(description="For `after`; null at the end.")


def shown(row: dict[str, Any], advisor_name: str | None) -> CallbackOut:
    """From the columns of `callbacks`."""
    keeper = None
    if row["advisor_id"] is not None and advisor_name is not None:
        keeper = KeeperOut(id=encode("adv", row["advisor_id"]), name=advisor_name)
    return CallbackOut(
        id=encode("cb", row["id"]),
        state=row["state"],
        window=[row["window_starts_at"], row["window_ends_at"]],
        promised=[row["promised_from"], row["promised_until"]],
        by="own" if row["owner_state"] == "own" else "group",
        advisor=keeper,
        topic=row["topic"],
        attempts=row["attempts"],
        reason=row["final_reason"],
        created_at=row["created_at"],
    )
