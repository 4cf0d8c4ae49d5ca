"""Which windows can be offered, and whether a chosen one can still be kept. Pure.

The same room is looked for when windows are offered and again when one is promised; in between somebody else may
have been faster, and the answer then names the next possible window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo

from callbacks.rooms import Calendar, Ledger, Slot, SlotPolicy
from kit.errors import Conflict, Error, Unprocessable
from kit.intervals import Interval, clip, intersect, union


class WindowClosed(Unprocessable):
    """Codes: `backwards`, `past`, `too_soon`, `too_far`, `closed` (the market), `away` (the advisor)."""

    word, title = "window-closed", "That window can't be promised."

    def __init__(self, code: str, next_possible: Slot | None, pointer: str = "/slot_starts_at") -> None:
        super().__init__(Error(pointer, code), next_possible=_shown(next_possible))


class SlotAlreadyTaken(Conflict):
    """Somebody else was promised that time first."""

    word, title = "slot-already-taken", "That window has just been given to somebody else."

    def __init__(self, next_possible: Slot | None, pointer: str = "/slot_starts_at") -> None:
        super().__init__(Error(pointer, "taken"), next_possible=_shown(next_possible))


def bookable(
    now: datetime,
    calendar: Calendar,
    policy: SlotPolicy,
    *,
    wishes: Sequence[Interval] | None = None,
    not_before: datetime | None = None,
) -> list[Slot]:
    """The earliest windows that can be kept, `policy.at_most` of them, ascending.

    `wishes` are the times that suit the customer (None: any); `not_before` is for "later, please".
    """
    found: list[Slot] = []
    for slot in keepable(now, calendar, policy, wishes=wishes, not_before=not_before):
        if len(found) == policy.at_most:
            break
        found.append(slot)
    return found


def keepable(
    now: datetime,
    calendar: Calendar,
    policy: SlotPolicy,
    *,
    wishes: Sequence[Interval] | None = None,
    not_before: datetime | None = None,
) -> Iterator[Slot]:
    """All windows that can be kept, ascending, one after the other as they are asked for."""
    ledger = Ledger.of(now, calendar, policy)
    yield from _keepable(ledger, now, calendar, policy, wishes=wishes, not_before=not_before)


def _keepable(
    ledger: Ledger,
    now: datetime,
    calendar: Calendar,
    policy: SlotPolicy,
    *,
    wishes: Sequence[Interval] | None = None,
    not_before: datetime | None = None,
) -> Iterator[Slot]:
    earliest = now + timedelta(minutes=policy.lead_minutes)
    begin = max(earliest, not_before or earliest)
    times = clip(ledger.free, begin, max(begin, now + policy.horizon))
    for slot in _grid(times if wishes is None else intersect(times, wishes), policy.slot, calendar.zone):
        if ledger.is_open(slot):
            yield slot


def check(slot: Slot, now: datetime, calendar: Calendar, policy: SlotPolicy, *, minutes: int | None = None) -> None:
    """Raise `WindowClosed` or `SlotAlreadyTaken`, with the next possible window, unless `slot` can be kept.

    `minutes`: where the call is expected to take another time than usual.
    """
    ledger = Ledger.of(now, calendar, policy)
    code = _why_closed(slot, now, calendar, policy)
    if code is not None:
        raise WindowClosed(code, _next_possible(slot, ledger, now, calendar, policy))
    if not ledger.has_room(slot, policy.rooms_for(minutes)):
        raise SlotAlreadyTaken(_next_possible(slot, ledger, now, calendar, policy))


def _grid(times: Iterable[Interval], length: timedelta, zone: tzinfo) -> Iterator[Slot]:
    """The windows that begin at round times by the wall clock and lie wholly within `times`."""
    for span in times:
        begin = _round_up(span.starts_at, length, zone)
        while begin + length <= span.ends_at:
            yield Slot(begin, begin + length)
            begin = _round_up(begin + length, length, zone)


def _round_up(instant: datetime, length: timedelta, zone: tzinfo) -> datetime:
    shown = instant.astimezone(zone)
    midnight = shown.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    past = (shown.replace(tzinfo=None) - midnight) % length
    return instant + (length - past if past else timedelta(0))


def _why_closed(slot: Slot, now: datetime, calendar: Calendar, policy: SlotPolicy) -> str | None:
    lead = timedelta(minutes=max(0, policy.lead_minutes - policy.grace_minutes))
    reasons = {
        "backwards": slot.ends_at <= slot.starts_at,
        "past": slot.starts_at < now,
        "too_soon": slot.starts_at < now + lead,
        "too_far": slot.ends_at > now + policy.horizon,
        "closed": not _within(slot, calendar.open),
        "away": not _within(slot, calendar.working),
    }
    return next((code for code, holds in reasons.items() if holds), None)


def _within(slot: Slot, times: Iterable[Interval]) -> bool:
    return any(span.covers(slot) for span in union(times))


def _next_possible(
    slot: Slot, ledger: Ledger, now: datetime, calendar: Calendar, policy: SlotPolicy
) -> Slot | None:
    """The first window from the one asked for on, else the first at all."""
    after = _keepable(ledger, now, calendar, policy, not_before=slot.starts_at)
    return next(after, None) or next(_keepable(ledger, now, calendar, policy), None)


def _shown(slot: Slot | None) -> dict[str, str] | None:
    if slot is None:
        return None
    return {"starts_at": slot.starts_at.isoformat(), "ends_at": slot.ends_at.isoformat()}
