"""Dated periods off: asked for by the advisor, entered or approved by a lead, ended early by whoever comes back.

The kind is the advisor's own business: it is stored, shown to those who approve, and told to nobody else. What
leaves this room (events, periods for routing, the words for customers) has no place for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from advisors import events, queries
from kit.database import Place, ReadSession, Row, Session
from kit.errors import Error, NotFound, Unprocessable
from kit.ids import IdMaker
from kit.intervals import Interval
from kit.states import IllegalTransition, machine

ABSENCE = machine(
    "absence", {"requested", "approved"}, requested="approved declined cancelled", approved="cancelled"
)

LONGEST = timedelta(days=3 * 366)
"""Three years, as long as parental leave may be; more is a slip of the pen."""


class AbsenceRefused(Unprocessable):
    """Codes: `backwards`, `past`, `too_long`."""

    word, title = "absence-refused", "That period can't be an absence."


async def enter(
    session: Session,
    advisor_id: UUID,
    period: Interval,
    kind: str,
    state: Literal["requested", "approved"],
    now: datetime,
    new_id: IdMaker,
) -> Row:
    """Enter an absence; an approved one holds for the very next decision. Raises `AbsenceRefused`, `NotFound`."""
    check(period, now)
    advisor = await queries.lock(session, advisor_id)
    if advisor is None:
        raise NotFound
    row = await queries.enter(session, new_id(now), advisor_id, *period, kind, state, now)
    if state == "approved":
        await queries.replan(session, row["id"], now)
    session.announce(events.absence(f"absence.{state}", row, advisor["desk_group_id"], now))
    return row


def check(period: Interval, now: datetime) -> None:
    """Raise `AbsenceRefused` for a period that can't be meant."""
    codes = {
        "backwards": period.ends_at <= period.starts_at,
        "past": period.ends_at <= now,
        "too_long": period.ends_at - period.starts_at > LONGEST,
    }
    for code, holds in codes.items():
        if holds:
            raise AbsenceRefused(Error("/ends_at", code))


async def lock(session: Session, absence_id: UUID) -> Row:
    """The absence with its advisor's desk group, locked. Raises `NotFound`."""
    row = await queries.lock_absence(session, absence_id)
    if row is None:
        raise NotFound
    return row


async def get(session: ReadSession, absence_id: UUID) -> Row:
    row = await queries.absence(session, absence_id)
    if row is None:
        raise NotFound
    return row


async def approve(session: Session, absence_id: UUID, now: datetime) -> Row:
    return await _move(session, absence_id, "approved", now)


async def decline(session: Session, absence_id: UUID, now: datetime) -> Row:
    return await _move(session, absence_id, "declined", now)


async def cancel(session: Session, absence_id: UUID, now: datetime) -> Row:
    """Call an absence off; one that has begun ends now, because it was one until now."""
    row = await lock(session, absence_id)
    if row["state"] == "approved" and row["ends_at"] <= now:
        raise IllegalTransition(ABSENCE.name, "over", "cancelled")
    if row["state"] == "approved" and row["starts_at"] < now:
        saved = await queries.save_absence(session, absence_id, "approved", now)
        await queries.replan(session, absence_id, now)
        session.announce(events.absence("absence.ended_early", saved, row["desk_group_id"], now))
        return saved
    return await _move(session, absence_id, "cancelled", now)


async def ahead(
    session: ReadSession,
    advisor_id: UUID,
    now: datetime,
    after: Place,
    limit: int,
) -> Sequence[Row]:
    """Requested and approved absences, present and to come; those after a start and id. Raises `NotFound`."""
    if not await queries.existing(session, {advisor_id}):
        raise NotFound
    return await queries.absences(session, advisor_id, now, after, limit)


async def _move(session: Session, absence_id: UUID, state: str, now: datetime) -> Row:
    row = await lock(session, absence_id)
    ABSENCE.check(row["state"], state)
    saved = await queries.save_absence(session, absence_id, state, row["ends_at"])
    if "approved" in (row["state"], state):
        await queries.replan(session, absence_id, now)
    session.announce(events.absence(f"absence.{state}", saved, row["desk_group_id"], now))
    return saved
