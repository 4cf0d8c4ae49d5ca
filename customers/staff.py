"""An advisor as a whole: person, presence, desk group and book, written together.

The cap of a book follows from the working pattern unless it is given: a quarter of the monthly working time is for
the own customers' expected seconds. The rest goes into colleagues' callers, callbacks, wrap-up, chat, email and
breaks; at that share the own advisor of a full book is free for about two calls in five (39 % at an occupancy of
0.5). The target, at which prices aim, is nine tenths of the cap, so that the most loaded book still has room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from advisors import events as advisor_events
from advisors import mail_names
from advisors import service as advisors
from advisors.public import presence_changed
from customers import book_queries, events, public
from customers.needs import MOST_SECONDS
from customers.schemas import BookCommand
from customers.staff_schemas import AdvisorAnswer, AdvisorCommand, AdvisorRow
from desk_groups import queries as desk_groups
from desk_groups import service as seating
from kit.database import ReadSession, Row, Session
from kit.errors import Conflict, Error, NotFound, Unprocessable
from kit.ids import IdMaker, encode
from kit.local_time import MINUTES_A_DAY
from kit.week import Week
from markets import queries as markets

BOOK_SHARE = 0.25
WEEKS_A_MONTH = 52 / 12
TARGET_SHARE = 0.9
SMALLEST_CAP_S = 360


class AdvisorExists(Conflict):
    word, title = "advisor-exists", "There is an advisor of that reference already."


class UnknownGroup(Unprocessable):
    word, title = "unknown-group", "There is no desk group of that id or name."


@dataclass(frozen=True, slots=True)
class Names:
    """What commands may name by id or name."""

    sites: Mapping[str, UUID]
    groups: Mapping[str, UUID]
    markets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One advisor as they will be written."""

    person: Mapping[str, Any]
    group_id: UUID | None
    book: tuple[int, int, bool]
    """Cap and target in seconds a month, open for new customers."""


async def names(session: ReadSession) -> Names:
    groups = await desk_groups.names(session)
    by_id = {encode("grp", group): group for group in groups.values()}
    return Names(
        await markets.sites_by_name(session), {**groups, **by_id}, frozenset(await markets.at_the_edge(session))
    )


def prepared(wanted: AdvisorCommand, named: Names) -> Prepared:
    """Raises what is wrong with it as a 422."""
    person = advisors.prepared(wanted, named.sites, named.markets)
    group_id = None if wanted.desk_group is None else named.groups.get(wanted.desk_group)
    if wanted.desk_group is not None and group_id is None:
        raise UnknownGroup(Error("/desk_group", "unknown_group"))
    return Prepared(person, group_id, _book(wanted.book, Week.parse(wanted.working_pattern)))


def _book(wanted: BookCommand | None, pattern: Week) -> tuple[int, int, bool]:
    cap_s = default_cap_s(pattern) if wanted is None else wanted.cap_s
    target_s = wanted.target_s if wanted is not None else None
    return cap_s, target_s or max(1, int(cap_s * TARGET_SHARE)), wanted is None or wanted.open_for_new


def default_cap_s(pattern: Week) -> int:
    """Seconds a month for the own customers of somebody who works like this."""
    minutes = sum(until - since for day in pattern.days for since, until in day)
    assert minutes <= 7 * MINUTES_A_DAY
    return min(max(SMALLEST_CAP_S, int(minutes * 60 * WEEKS_A_MONTH * BOOK_SHARE)), MOST_SECONDS)


async def take_on(session: Session, wanted: AdvisorRow, now: datetime, new_id: IdMaker) -> UUID:
    """A new advisor, offline, with an empty book. Raises `AdvisorExists` and 422."""
    row = prepared(wanted, await names(session))
    put = await put_many(session, {wanted.external_ref: row}, now, new_id)
    advisor_id = put.ids[wanted.external_ref]
    if advisor_id not in put.created:
        raise AdvisorExists
    return advisor_id


async def change(
    session: Session, advisor_id: UUID, wanted: AdvisorCommand, now: datetime, new_id: IdMaker
) -> None:
    """Replace an advisor's profile, desk group and book. Raises `NotFound` and 422."""
    present = await advisors.get(session, advisor_id)
    row = prepared(wanted, await names(session))
    await put_many(session, {present["external_ref"]: row}, now, new_id)


async def put_many(session: Session, rows: Mapping[str, Prepared], now: datetime, new_id: IdMaker) -> advisors.Put:
    """Create or replace advisors by reference, with desk group and book, and announce it."""
    put = await advisors.put_many(session, {ref: row.person for ref, row in rows.items()}, now, new_id)
    await mail_names.give(session, put.created)
    groups = {put.ids[ref]: row.group_id for ref, row in rows.items()}
    moved = await _seat(session, put, groups, now)
    opened = await _open_books(session, {put.ids[ref]: row.book for ref, row in rows.items()}, now)
    changed = (put.changed | moved | opened) - put.created
    for kind, who in (("advisor.added", put.created), ("advisor.changed", changed)):
        for advisor_id in sorted(who):
            session.announce(advisor_events.advisor(kind, advisor_id, groups[advisor_id], now))
    return advisors.Put(put.ids, put.created, changed, put.presences)


async def _seat(
    session: Session, put: advisors.Put, groups: Mapping[UUID, UUID | None], now: datetime
) -> frozenset[UUID]:
    """Newcomers appear in their group; others who move there leave the one they were in."""
    await desk_groups.join(session, [(who, group) for who in put.created if (group := groups[who])])
    for row in put.presences:
        began = {**row, "desk_group_id": groups[row["advisor_id"]]}
        session.announce(presence_changed("presence.began", began, now))
    others = {who: group for who, group in groups.items() if who not in put.created}
    return await seating.seat(session, others, now) if others else frozenset()


async def _open_books(
    session: Session, wanted: Mapping[UUID, tuple[int, int, bool]], now: datetime
) -> frozenset[UUID]:
    """Create books, and change those whose terms are others than before; returns whose."""
    present = await book_queries.lock_books(session, wanted)
    rows = [
        (advisor, *terms)
        for advisor, terms in sorted(wanted.items())
        if advisor not in present or _terms(present[advisor]) != terms
    ]
    for row in await book_queries.open_books(session, rows) if rows else ():
        session.announce(events.book_changed(row, now))
    return frozenset(row[0] for row in rows)


def _terms(row: Row) -> tuple[int, int, bool]:
    return row["cap_s"], row["target_s"], row["open_for_new"]


async def get(session: ReadSession, advisor_id: UUID) -> AdvisorAnswer:
    row = await advisors.get(session, advisor_id)
    books = await book_queries.books(session, [advisor_id])
    return public.advisor(row, books.get(advisor_id))


async def locked(session: Session, advisor_id: UUID) -> AdvisorAnswer:
    """The same; nobody else changes the advisor until the end of the transaction. Raises `NotFound`."""
    await advisors.lock(session, advisor_id)
    return await get(session, advisor_id)


async def page(
    session: ReadSession, after: UUID | None, desk_group_id: UUID | None, limit: int
) -> list[AdvisorAnswer]:
    """Advisors in the order of their ids."""
    rows = await advisors.page(session, after, desk_group_id, limit)
    books = await book_queries.books(session, [row["id"] for row in rows])
    return [public.advisor(row, books.get(row["id"])) for row in rows]


async def leave(session: Session, advisor_id: UUID, leaving_at: datetime, now: datetime) -> None:
    """The advisor gets no new customers from now on; the book is handed over when the day has come."""
    await advisors.leave(session, advisor_id, leaving_at, now)
    await set_open(session, advisor_id, now, open_for_new=False)


async def stay(session: Session, advisor_id: UUID, now: datetime) -> None:
    """The advisor stays after all and takes new customers again."""
    await advisors.stay(session, advisor_id, now)
    await set_open(session, advisor_id, now, open_for_new=True)


async def set_open(session: Session, advisor_id: UUID, now: datetime, *, open_for_new: bool) -> None:
    """Open or close a book for new customers; those in it stay."""
    row = (await book_queries.lock_books(session, [advisor_id])).get(advisor_id)
    if row is None:
        raise NotFound
    if row["open_for_new"] != open_for_new:
        (changed,) = await book_queries.open_books(
            session, [(advisor_id, row["cap_s"], row["target_s"], open_for_new)]
        )
        session.announce(events.book_changed(changed, now))
