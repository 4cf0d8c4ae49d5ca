"""Absences weighed against what the desk group needs: who enters or approves one looks at the minimum first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from advisors import absences
from advisors.working_time import WorkingTime
from desk_groups import queries
from desk_groups.cover import thin
from kit.database import ReadSession, Row, Session
from kit.errors import Conflict
from kit.ids import IdMaker
from kit.intervals import Interval
from kit.local_time import MINUTES_A_DAY, at_minute, local, zone
from kit.week import Week
from markets.hours import HolidayCalendar

MOST_DAYS = 92


class BelowMinimum(Conflict):
    """`thin_from` and `thin_until` are the first stretch with too few people."""

    word, title = "below-minimum-presence", "Too few of the desk group would be there."


async def enter(
    session: Session,
    advisor_id: UUID,
    period: Interval,
    kind: str,
    state: Literal["requested", "approved"],
    now: datetime,
    new_id: IdMaker,
    *,
    despite_minimum: bool = False,
) -> Row:
    """Enter an absence; an approved one must leave enough of the group, unless somebody takes it upon them.

    Sickness is never weighed: who is ill is ill. Raises `BelowMinimum`, and what `advisors.absences.enter` raises.
    """
    absences.check(period, now)
    if state == "approved" and kind != "sick" and not despite_minimum:
        await check_cover(session, advisor_id, period)
    return await absences.enter(session, advisor_id, period, kind, state, now, new_id)


async def approve(session: Session, absence_id: UUID, now: datetime, *, despite_minimum: bool = False) -> Row:
    row = await absences.lock(session, absence_id)
    if row["state"] == "requested" and not despite_minimum:
        await check_cover(session, row["advisor_id"], Interval(row["starts_at"], row["ends_at"]))
    return await absences.approve(session, absence_id, now)


@dataclass(frozen=True, slots=True)
class Thin:
    """A day on which too few of the group would be there, and its first such stretch."""

    day: date
    stretch: Interval
    minimum: int


async def thin_days(session: ReadSession, advisor_id: UUID, period: Interval) -> list[Thin]:
    """By the clock of the advisor's site; the first quarter of a year of what is longer."""
    rows = await queries.calendars(session, advisor_id, *period)
    working = {row["id"]: _working(row) for row in rows}
    if advisor_id not in working:
        return []
    minimum: int = rows[0]["minimum_presence"]
    own = working[advisor_id]
    others = [calendar for advisor, calendar in working.items() if advisor != advisor_id]
    found = ((day, thin(own, others, minimum, span)) for day, span in _days(period, own.zone))
    return [Thin(day, stretch, minimum) for day, stretch in found if stretch is not None]


def _days(period: Interval, place: ZoneInfo) -> Iterator[tuple[date, Interval]]:
    """The days that a period touches, each with what of it lies in the period."""
    first = local(period.starts_at, place).date()
    for ahead in range(MOST_DAYS):
        day = first + timedelta(days=ahead)
        span = clipped(Interval(at_minute(day, 0, place), at_minute(day, MINUTES_A_DAY, place)), period)
        if span is None:
            return
        yield day, span


def clipped(day: Interval, period: Interval) -> Interval | None:
    """What of a day lies in a period."""
    starts_at, ends_at = max(day.starts_at, period.starts_at), min(day.ends_at, period.ends_at)
    return Interval(starts_at, ends_at) if starts_at < ends_at else None


async def check_cover(session: ReadSession, advisor_id: UUID, period: Interval) -> None:
    """Raise `BelowMinimum` when too few of the group would be at work while this advisor is away."""
    rows = await queries.calendars(session, advisor_id, *period)
    working = {row["id"]: _working(row) for row in rows}
    if advisor_id not in working:
        return
    minimum: int = rows[0]["minimum_presence"]
    others = [calendar for advisor, calendar in working.items() if advisor != advisor_id]
    stretch = thin(working[advisor_id], others, minimum, period)
    if stretch is not None:
        raise BelowMinimum(
            thin_from=stretch.starts_at.isoformat(), thin_until=stretch.ends_at.isoformat(), minimum=minimum
        )


def _working(row: Row) -> WorkingTime:
    periods = [Interval(*map(datetime.fromisoformat, pair)) for pair in row["absences"]]
    return WorkingTime(
        week=Week.parse(row["working_pattern"]),
        zone=zone(row["time_zone"]),
        holidays=HolidayCalendar(row["holiday_country"], row["holiday_subdivision"]),
        absences=periods,
        leaving_at=row["leaving_at"],
    )
