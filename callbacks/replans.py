"""What becomes of a promise whose advisor will be away: kept, moved, asked about, or handed over. Pure.

It is moved without a word only within what the customer has said suits them; else the customer is asked, and where
there is no time to ask, or nobody to ask, the desk group keeps it at the time that was promised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from callbacks.rooms import Calendar, Slot, SlotPolicy
from callbacks.slots import bookable
from kit.intervals import Interval


@dataclass(frozen=True, slots=True)
class Answering:
    """How long customers have to answer, and with how little nobody is asked."""

    time: timedelta
    least: timedelta


@dataclass(frozen=True, slots=True)
class Stands:
    """The advisor can still call within the window."""

    kind: Literal["stands"] = "stands"


@dataclass(frozen=True, slots=True)
class Moved:
    slot: Slot
    kind: Literal["moved"] = "moved"


@dataclass(frozen=True, slots=True)
class Asked:
    """Until when the customer may answer, and what they may choose."""

    until: datetime
    choices: tuple[Slot, ...]
    kind: Literal["asked"] = "asked"


@dataclass(frozen=True, slots=True)
class Handed:
    kind: Literal["handed"] = "handed"


Replan: TypeAlias = Stands | Moved | Asked | Handed


def replan(
    promise: Mapping[str, Any], now: datetime, calendar: Calendar, policy: SlotPolicy, answering: Answering
) -> Replan:
    """`promise` has the columns of `callbacks`; `calendar` is the owner's, without the time they will be away."""
    window = Slot(promise["window_starts_at"], promise["window_ends_at"])
    if may_begin(window, calendar.working, now, timedelta(minutes=policy.expected_minutes)):
        return Stands()
    moved = _within_the_wish(promise, now, calendar, policy)
    if moved is not None:
        return Moved(moved)
    until = min(now + answering.time, window.starts_at - timedelta(minutes=policy.lead_minutes))
    if promise["customer_id"] is None or promise["state"] != "scheduled" or until - now < answering.least:
        return Handed()
    return Asked(until, tuple(bookable(now, calendar, policy, not_before=until)))


def may_begin(window: Slot, working: Sequence[Interval], now: datetime, length: timedelta) -> bool:
    """Whether somebody at work can begin a call within the window and end it before they leave."""
    for span in working:
        begin = max(span.starts_at, window.starts_at, now)
        if begin < min(window.ends_at, span.ends_at) and begin + length <= span.ends_at:
            return True
    return False


def _within_the_wish(
    promise: Mapping[str, Any], now: datetime, calendar: Calendar, policy: SlotPolicy
) -> Slot | None:
    if promise["wish_from"] is None or promise["wish_until"] is None or promise["state"] != "scheduled":
        return None
    found = bookable(now, calendar, policy, wishes=[Interval(promise["wish_from"], promise["wish_until"])])
    return found[0] if found else None
