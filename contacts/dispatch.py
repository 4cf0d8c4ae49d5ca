"""Who is free gets who waits: run right after a commit that frees an advisor or makes somebody wait.

One pass looks at everything that waits (contacts, oldest first, and promises that are due) and at everybody who is
free and may take any of it. The longest idle picks first; a promise whose window runs out goes before the queue.
The others come after it and leave the last who is free to the next caller for a short while. What another replica
is looking at is passed over; the claim decides if both want the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from advisors import presence_queries
from callbacks import queries as callback_queries
from contacts import arrivals, keeping, queries
from contacts.exchange import Exchange
from contacts.placing import Placed, carry_out
from contacts.situation import Case, Scene, person
from kit.database import Session
from routing.plan import Explanation, Offer, Reason, Trail
from routing.problem import Need, Person, Waiting
from routing.waiting import next_for

HEARD_LATELY = timedelta(seconds=30)
"""A contact whose switch has been silent longer isn't offered: nobody would ring."""

Promise = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one pass did."""

    contacts: int = 0
    callbacks: int = 0
    again_at: datetime | None = None
    """When there is more to do though nothing happens; who polls need not care."""

    def __bool__(self) -> bool:
        return bool(self.contacts or self.callbacks)


async def dispatch(session: Session, exchange: Exchange, now: datetime) -> Dispatched:
    """Match who is free with who waits; returns how many were offered."""
    rows = await queries.waiting(session, now - HEARD_LATELY)
    promises = await callback_queries.due(session)
    if not rows and not promises:
        return Dispatched()
    scene = await arrivals.scene_for(session, exchange, now)
    waiting = [_seen(scene, row) for row in rows]
    people = await _free(scene, waiting, promises)
    matched = _match(scene, people, waiting, promises)
    offered = await _offer(scene, {row["id"]: row for row in rows}, matched.matches)
    return replace(offered, again_at=matched.again_at)


def _seen(scene: Scene, row: Mapping[str, Any]) -> Waiting:
    """A waiting contact as those who become free see it."""
    market, own_id = scene.market(row), row["own_advisor_id"]
    own = scene.directory.advisors.get(own_id) if own_id is not None else None
    home_id = own.group_id if own is not None and own.group_id is not None else market.general_group_id
    home = scene.directory.groups.get(home_id) if home_id is not None else None
    rings = [home_id, *(home.neighbours if home is not None else ()), market.general_group_id]
    if not scene.exchange.personal:
        rings = list(scene.directory.groups)
    return Waiting(
        id=row["id"],
        market=market.id,
        age=row["age_at"],
        rings=tuple(dict.fromkeys(i for i in rings if i is not None)),
        own_id=own_id if scene.exchange.personal else None,
        holds_for_own=row["choice"] == "hold",
        policy=market.routing(scene.now),
        languages=(row["language"],),
        needs=tuple(Need(skill, level) for skill, level in sorted(row["needs"].items())),
        waited_s=(scene.now - row["waiting_since"]).total_seconds(),
        priority=row["priority"],
        tried=frozenset(row["tried"]),
    )


async def _free(scene: Scene, waiting: Sequence[Waiting], promises: Sequence[Promise]) -> list[Person]:
    """Whoever could take any of it, the longest idle first."""
    groups: set[UUID | None] = {group_id for contact in waiting for group_id in contact.rings}
    groups |= {group_id for promise in promises for group_id in _around(scene, promise)}
    wanted = {contact.own_id for contact in waiting} | {promise["advisor_id"] for promise in promises}
    entries = scene.directory.groups
    wanted |= {member for i in groups if i is not None and i in entries for member in entries[i].members}
    ids = [i for i in wanted if i is not None and i in scene.directory.advisors]
    presences = await presence_queries.free_among(scene.session, ids, scene.now)
    people = [person(scene, scene.directory.advisors[p["advisor_id"]], p) for p in presences]
    free = [p for p in people if p.state == "available" and not p.has_absence and p.free_for_channel]
    return sorted(free, key=lambda p: (p.idle_since or p.since, p.id))


def _around(scene: Scene, promise: Promise) -> Iterator[UUID | None]:
    """The groups that may keep a promise, or take the calls that come meanwhile."""
    home = scene.directory.groups.get(promise["desk_group_id"])
    yield promise["desk_group_id"]
    yield from home.neighbours if home is not None else ()
    yield scene.directory.markets[promise["market_id"]].general_group_id


@dataclass(frozen=True, slots=True)
class Match:
    person: Person
    contact: Waiting | None = None
    promise: Promise | None = None


@dataclass
class Matched:
    """Who takes what; `again_at` is when a promise that was held back for the moment should be looked at again."""

    matches: list[Match] = field(default_factory=list)
    again_at: datetime | None = None

    def taken(self, who: Person) -> bool:
        return any(match.person.id == who.id for match in self.matches)


def _match(
    scene: Scene, people: Sequence[Person], waiting: Sequence[Waiting], promises: Sequence[Promise]
) -> Matched:
    """Pure: each free person takes at most one contact or promise; promises that can wait come last."""
    contacts, left, matched = list(waiting), list(promises), Matched()
    for free in people:
        match = _pressing(scene, free, contacts, left)
        if match is None:
            continue
        matched.matches.append(match)
        if match.contact is not None:
            contacts.remove(match.contact)
        elif match.promise is not None:
            left = _without(left, match.promise)
    _match_the_rest(scene, [one for one in people if not matched.taken(one)], left, matched)
    return matched


def _without(promises: Sequence[Promise], taken: Promise) -> list[Promise]:
    """Two phones can't ring for the same number."""
    return [promise for promise in promises if promise["number"] != taken["number"]]


def _own_first(free: Person, promises: Sequence[Promise]) -> Iterator[Promise]:
    """What they may keep: their own promises, which nobody else can, before the desk group's."""
    may = [promise for promise in promises if keeping.may_keep(free, promise)]
    yield from sorted(may, key=lambda promise: promise["owner_state"] != "own")


def _pressing(scene: Scene, free: Person, waiting: Sequence[Waiting], promises: Sequence[Promise]) -> Match | None:
    urgent = next((promise for promise in _own_first(free, promises) if keeping.urgent(scene, promise)), None)
    if urgent is not None:
        return Match(free, promise=urgent)
    contact = next_for(free, waiting)
    return None if contact is None else Match(free, contact=contact)


def _match_the_rest(scene: Scene, spare: Sequence[Person], promises: Sequence[Promise], matched: Matched) -> None:
    """Nobody waits: promises that are due, but somebody is left free for the next caller, for a short while."""
    unused = len(spare)
    for free in spare:
        promise = next(_own_first(free, promises), None)
        if promise is None:
            continue
        rested_at = keeping.rested_at(scene, free, promise)
        if unused == 1 and scene.now < rested_at:
            matched.again_at = rested_at
            continue
        matched.matches.append(Match(free, promise=promise))
        promises, unused = _without(promises, promise), unused - 1


async def _offer(scene: Scene, rows: Mapping[UUID, dict[str, Any]], matched: Sequence[Match]) -> Dispatched:
    """Claim everybody at once; who was taken meanwhile drops out and is looked at again in the next pass."""
    if not matched:
        return Dispatched()
    claimed = await presence_queries.claim(scene.session, sorted(m.person.id for m in matched), scene.now)
    scene.exchange.meters.claimed(len(matched), len(claimed))
    won = {row["advisor_id"]: row for row in claimed}
    contacts = [m for m in matched if m.contact is not None and m.person.id in won]
    promises = [m for m in matched if m.promise is not None and m.person.id in won]
    keeping.announce_claims(scene, claimed)
    await carry_out(scene, [_placed(scene, rows[m.contact.id], m) for m in contacts if m.contact is not None])
    for match in promises:
        await keeping.offer(scene, match.promise, match.person)  # type: ignore[arg-type]
    return Dispatched(len(contacts), len(promises))


def _placed(scene: Scene, row: dict[str, Any], match: Match) -> Placed:
    own = row["own_advisor_id"] == match.person.id
    reason = Reason("own_advisor_became_free" if own else "became_free")
    ring_s = scene.market(row).policy(scene.now).routing.ring_timeout_s
    plan = Offer((reason,), Trail(Explanation), match.person.id, ring_s, own)
    return Placed(Case(row), dict(row), plan)
