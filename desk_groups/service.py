"""Desk groups: who sits together, who leads, who helps out, and who may be away at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from advisors import presence_queries
from advisors import queries as advisors
from advisors.public import presence_changed
from desk_groups import queries
from desk_groups.schemas import DeskGroupAnswer, DeskGroupCommand
from kit.announcements import NewEvent
from kit.database import ReadSession, Row, Session
from kit.errors import Conflict, Error, Forbidden, NotFound, Unprocessable
from kit.ids import IdMaker, decode, encode
from markets import queries as markets


class GroupNameTaken(Conflict):
    word, title = "group-name-taken", "There is a desk group of that name already."


class UnknownReference(Unprocessable):
    """Codes: `unknown_site`, `unknown_advisor`, `unknown_group`, `unknown_market`, `itself`, `twice`."""

    word, title = "unknown-reference", "Something that is named is not there."


async def create(session: Session, wanted: DeskGroupCommand, now: datetime, new_id: IdMaker) -> UUID:
    if await queries.named(session, wanted.name):
        raise GroupNameTaken
    group_id = new_id(now)
    await _put(session, group_id, wanted)
    _announce(session, "desk_group.added", group_id, now)
    return group_id


async def change(session: Session, group_id: UUID, wanted: DeskGroupCommand, now: datetime) -> None:
    if not await queries.existing(session, [group_id]):
        raise NotFound
    if await queries.named(session, wanted.name) not in {None, group_id}:
        raise GroupNameTaken
    await _put(session, group_id, wanted)
    _announce(session, "desk_group.changed", group_id, now)


async def get(session: ReadSession, group_id: UUID) -> DeskGroupAnswer:
    return _answer(await queries.one(session, group_id))


async def locked(session: Session, group_id: UUID) -> DeskGroupAnswer:
    """Nobody else changes it until the end of the transaction. Raises `NotFound`."""
    return _answer(await queries.locked(session, group_id))


def _answer(row: Row | None) -> DeskGroupAnswer:
    if row is None:
        raise NotFound
    return answer(row)


async def _put(session: Session, group_id: UUID, wanted: DeskGroupCommand) -> None:
    site_id = await _site(session, wanted.site)
    lead_id = await _lead(session, wanted.lead)
    neighbours = await _neighbours(session, group_id, wanted.neighbours)
    await _check_markets(session, wanted.general_for)
    await queries.put(session, group_id, wanted.name, site_id, lead_id, wanted.minimum_presence)
    await queries.put_neighbours(session, group_id, neighbours)
    await queries.put_general(session, group_id, sorted(set(wanted.general_for)))


async def _site(session: ReadSession, named: str) -> UUID:
    site_id = (await markets.sites_by_name(session)).get(named)
    if site_id is None:
        raise UnknownReference(Error("/site", "unknown_site"))
    return site_id


async def _lead(session: ReadSession, code: str | None) -> UUID | None:
    if code is None:
        return None
    lead_id = _decoded("adv", code)
    if lead_id is None or not await advisors.existing(session, {lead_id}):
        raise UnknownReference(Error("/lead", "unknown_advisor"))
    return lead_id


async def _neighbours(session: ReadSession, group_id: UUID, codes: Sequence[str]) -> list[UUID]:
    found = [_decoded("grp", code) for code in codes]
    known = await queries.existing(session, [one for one in found if one])
    neighbours: list[UUID] = []
    for place, neighbour in enumerate(found):
        pointer = f"/neighbours/{place}"
        if neighbour == group_id:
            raise UnknownReference(Error(pointer, "itself"))
        if neighbour is None or neighbour not in known:
            raise UnknownReference(Error(pointer, "unknown_group"))
        if neighbour in neighbours:
            raise UnknownReference(Error(pointer, "twice"))
        neighbours.append(neighbour)
    return neighbours


def _decoded(prefix: str, code: str) -> UUID | None:
    try:
        return decode(prefix, code)
    except NotFound:
        return None


async def _check_markets(session: ReadSession, wanted: Sequence[str]) -> None:
    known = await markets.at_the_edge(session)
    unknown = [place for place, market in enumerate(wanted) if market not in known]
    if unknown:
        raise UnknownReference(*(Error(f"/general_for/{place}", "unknown_market") for place in unknown))


async def seat(session: Session, seats: Mapping[UUID, UUID | None], now: datetime) -> frozenset[UUID]:
    """Advisor → the group they belong to from now on, or none. Announces each presence that changes groups.

    Returns who sits elsewhere than before.
    """
    presences = await presence_queries.lock_all(session, sorted(seats))
    before = await queries.memberships(session, seats)
    joining = [(advisor, group) for advisor, group in sorted(seats.items()) if group is not None]
    moved = await queries.join(session, joining)
    moved |= await queries.leave(session, [advisor for advisor, group in seats.items() if group is None])
    for advisor, row in ((i, presences[i]) for i in sorted(moved) if i in presences):
        after = {**row, "desk_group_id": seats[advisor]}
        was = {**row, "desk_group_id": before.get(advisor)}
        session.announce(presence_changed("presence.moved", after, now, before=was))
    return moved


async def check_leads(session: ReadSession, lead_id: UUID | None, advisor_id: UUID) -> None:
    """Raise `Forbidden` unless the advisor belongs to a group that this lead leads."""
    if lead_id is None or not await queries.led_by(session, advisor_id, lead_id):
        raise Forbidden


def answer(row: Row) -> DeskGroupAnswer:
    return DeskGroupAnswer(
        id=encode("grp", row["id"]),
        name=row["name"],
        site=encode("site", row["site_id"]),
        lead=None if row["lead_id"] is None else encode("adv", row["lead_id"]),
        minimum_presence=row["minimum_presence"],
        neighbours=[encode("grp", neighbour) for neighbour in row["neighbours"]],
        general_for=row["general_for"],
        members=[encode("adv", member) for member in row["members"]],
    )


def _announce(session: Session, kind: str, group_id: UUID, now: datetime) -> None:
    identifier = encode("grp", group_id)
    session.announce(NewEvent(kind, now, identifier, {"desk_group": {"id": identifier}}, desk_group_id=group_id))
