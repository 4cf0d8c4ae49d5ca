"""A customer's own advisor, as the customer sees them: who, on which number, whether free, back when, and why them.

Reads no kind of an absence: what leaves towards customers has no place for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from advisors.presence import PublicState, public_state
from advisors.working_time import WorkingTime
from customers import queries
from customers.relationships import NoAdvisor
from customers.schemas import AdvisorCard, CardAnswer, GroupAnswer, PresenceAnswer
from direct_dial.service import Number
from kit.catalogue import Catalogue
from kit.database import ReadSession, Row
from kit.errors import NotFound
from kit.fields import week_of
from kit.ids import encode
from kit.intervals import Interval
from kit.local_time import mask_from_bytes, rotated, zone
from kit.week import WEEKDAYS, Week
from kit.words import Words
from markets.hours import HolidayCalendar

MOST_BEST_TIMES = 5


async def read(session: ReadSession, catalogue: Catalogue, external_ref: str, now: datetime) -> CardAnswer:
    """The card of the current relationship. Raises `NotFound`, `NoAdvisor`."""
    row = await queries.card(session, external_ref)
    if row is None:
        raise NotFound if await queries.customer(session, external_ref) is None else NoAdvisor
    absences = await queries.absences(session, row["advisor_id"], now)
    return _card(row, _working(row, absences), catalogue, now)


def _working(row: Row, absences: Sequence[Row]) -> WorkingTime:
    return WorkingTime(
        week=Week.parse(row["working_pattern"]),
        zone=zone(row["site_zone"]),
        holidays=HolidayCalendar(row["holiday_country"], row["holiday_subdivision"]),
        absences=[Interval(absence["starts_at"], absence["ends_at"]) for absence in absences],
        leaving_at=row["leaving_at"],
    )


def _card(row: Row, working: WorkingTime, catalogue: Catalogue, now: datetime) -> CardAnswer:
    number = None if row["number"] is None else Number(row["number"], row["trunk"])
    return CardAnswer(
        relationship_id=encode("rel", row["id"]),
        since=row["starts_at"],
        direct_dial=None if number is None else number.e164,
        direct_dial_display=None if number is None else number.shown(row["phone_region"]),
        advisor=_advisor(row),
        presence=_presence(row, working, catalogue, now),
        decision_id=None if row["decision_id"] is None else encode("dec", row["decision_id"]),
        because=[reason["code"] for reason in row["because"] or ()],
    )


def _advisor(row: Row) -> AdvisorCard:
    group = row["group_id"]
    return AdvisorCard(
        id=encode("adv", row["advisor_id"]),
        name=row["name"],
        photo_url=row["photo_url"],
        languages=row["languages"],
        desk_group=None if group is None else GroupAnswer(id=encode("grp", group), name=row["group_name"]),
        email=row["email"],
    )


def _presence(row: Row, working: WorkingTime, catalogue: Catalogue, now: datetime) -> PresenceAnswer:
    spoken = next(iter(row["customer_languages"]), row["market_languages"][0])
    words = Words(catalogue, spoken, zone(row["customer_zone"] or row["market_zone"]), now)
    public = _public_state(row, working, now)
    returns_at = working.returns_at(now) if public in {"absent", "not_there"} else None
    if returns_at == now:
        returns_at = None
    says = words.say(f"presence.{public}")
    if returns_at is not None:
        says = words.say("presence.back", **{"from": words.when("from", returns_at)})
    return PresenceAnswer(
        state="available" if public == "free" else public,
        words=says,
        returns_at=returns_at,
        best_times=_best_times(row, working, now),
    )


def _public_state(row: Row, working: WorkingTime, now: datetime) -> PublicState | Literal["absent"]:
    """free, talking, not_at_desk, not_there or absent; without a fresh sign of life not there."""
    if working.absent(now):
        return "absent"
    leased = row["lease_until"] is not None and now < row["lease_until"]
    if not leased and row["state"] not in {"offered", "in_contact"}:
        return "not_there"
    return public_state(row["state"])


def _best_times(row: Row, working: WorkingTime, now: datetime) -> list[tuple[str, str, str]]:
    """When the customer usually calls and the advisor usually works, by the market's clock; unknown: nothing."""
    if row["calling_hours"] is None:
        return []
    there = zone(row["market_zone"])
    mine = _seen_from(there.key, row["customer_zone"] or there.key, mask_from_bytes(row["calling_hours"]), now)
    theirs = _seen_from(there.key, row["site_zone"], working.hours_mask(), now)
    week = week_of(mine & theirs)
    spans = [(day, since, until) for day in WEEKDAYS for since, until in week.get(day, ())]
    return spans[:MOST_BEST_TIMES]


def _seen_from(here: str, there: str, mask: int, now: datetime) -> int:
    """Hours of the week by the wall clock there, as the wall clock here shows them at this time of the year."""
    return rotated(mask, _offset_hours(here, now) - _offset_hours(there, now))


def _offset_hours(zone_name: str, now: datetime) -> int:
    offset = now.astimezone(zone(zone_name)).utcoffset() or timedelta(0)
    return round(offset / timedelta(hours=1))
