"""Advisors as people of the company: who they are, what they can, when they work, and that they leave.

Desk group and book belong to rooms above; `customers/staff.py` does all of it together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from advisors import events, queries
from advisors.schemas import ProfileCommand
from kit.database import ReadSession, Row, Session
from kit.errors import Error, NotFound, Unprocessable
from kit.ids import IdMaker


class SkillTwice(Unprocessable):
    word, title = "skill-twice", "A skill is named twice."


class UnknownMarket(Unprocessable):
    word, title = "unknown-market", "There is no market of that id."


class UnknownSite(Unprocessable):
    word, title = "unknown-site", "There is no site of that id or name."


@dataclass(frozen=True, slots=True)
class Put:
    """Reference → id, and who of them is new or was changed."""

    ids: Mapping[str, UUID]
    created: frozenset[UUID]
    changed: frozenset[UUID]
    presences: Sequence[Row]
    """The presences that began; whoever knows the desk group announces them."""


def prepared(wanted: ProfileCommand, sites: Mapping[str, UUID], markets: frozenset[str]) -> dict[str, Any]:
    """The row as it is stored, but for id and reference; `sites` by id and by name. Raises 422."""
    site_id = sites.get(wanted.site)
    if site_id is None:
        raise UnknownSite(Error("/site", "unknown_site"))
    unknown = [place for place, market in enumerate(wanted.markets) if market not in markets]
    if unknown:
        raise UnknownMarket(*(Error(f"/markets/{place}", "unknown_market") for place in unknown))
    if len({skill.skill for skill in wanted.skills}) < len(wanted.skills):
        raise SkillTwice(Error("/skills", "skill_twice"))
    languages = list(dict.fromkeys(wanted.languages))
    given = wanted.model_dump(include=set(ProfileCommand.model_fields) - {"site", "languages"})
    return {**given, "languages": languages, "site_id": site_id}


async def put_many(session: Session, rows: Mapping[str, Mapping[str, Any]], now: datetime, new_id: IdMaker) -> Put:
    """Create or replace advisors by reference; who is new begins offline."""
    known = await queries.by_ref(session, rows)
    ids = {ref: known.get(ref) or new_id(now) for ref in rows}
    written = [{**row, "external_ref": ref, "id": ids[ref]} for ref, row in rows.items()]
    created, changed = await queries.put(session, written, now)
    return Put(ids, created, changed, await queries.sign_on(session, created, now))


async def get(session: ReadSession, advisor_id: UUID) -> Row:
    row = await queries.one(session, advisor_id)
    if row is None:
        raise NotFound
    return row


async def page(session: ReadSession, after: UUID | None, desk_group_id: UUID | None, limit: int) -> Sequence[Row]:
    """Advisors in the order of their ids, of one desk group where it is named."""
    return await queries.page(session, after, desk_group_id, limit)


async def leave(session: Session, advisor_id: UUID, leaving_at: datetime, now: datetime) -> None:
    """From now on no new customers; from `leaving_at` on the advisor is gone."""
    row = await lock(session, advisor_id)
    await queries.leave(session, advisor_id, leaving_at, now)
    session.announce(events.leaves(advisor_id, row["desk_group_id"], leaving_at, now))


async def stay(session: Session, advisor_id: UUID, now: datetime) -> None:
    """The advisor stays after all, or has come back."""
    row = await lock(session, advisor_id)
    if row["leaving_at"] is None:
        return
    await queries.leave(session, advisor_id, None, now)
    session.announce(events.advisor("advisor.stays", advisor_id, row["desk_group_id"], now))


async def lock(session: Session, advisor_id: UUID) -> Row:
    """Nobody else changes the advisor until the end of the transaction. Raises `NotFound`."""
    row = await queries.lock(session, advisor_id)
    if row is None:
        raise NotFound
    return row
