"""Who waits and who is free, as the core sees them: for whoever matches them, at once or one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from advisors import presence_queries
from contacts import queries
from contacts.situation import Scene, person
from routing.problem import Need, Person, Waiting

HEARD_LATELY = timedelta(seconds=30)
"""A contact whose switch has been silent longer isn't offered: nobody would ring."""

Promise = Mapping[str, Any]


def seen_all(scene: Scene, rows: Sequence[Mapping[str, Any]]) -> list[Waiting]:
    """Contacts of the same home share their rings."""
    shared: dict[tuple[UUID, ...], tuple[UUID, ...]] = {}
    contacts = [seen(scene, row) for row in rows]
    return [replace(contact, rings=shared.setdefault(contact.rings, contact.rings)) for contact in contacts]


async def with_familiar(
    scene: Scene, rows: Sequence[Mapping[str, Any]], waiting: Sequence[Waiting], people: Sequence[Person]
) -> list[Waiting]:
    """How often those who are free have spoken with each customer."""
    customers = [row["customer_id"] for row in rows if row["customer_id"] is not None]
    known = await queries.familiar_with(scene.session, customers, [person.id for person in people])
    pairs = zip(waiting, rows, strict=True)
    return [replace(contact, familiar=known.get(row["customer_id"], {})) for contact, row in pairs]


def seen(scene: Scene, row: Mapping[str, Any]) -> Waiting:
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


async def who_is_free(
    scene: Scene, waiting: Sequence[Waiting], promises: Sequence[Promise], among: Sequence[UUID] | None = None
) -> list[Person]:
    """Whoever could take any of it, or is free among these, the longest idle first."""
    ids = _wanted(scene, waiting, promises) if among is None else among
    presences = await presence_queries.free_among(scene.session, ids, scene.now)
    people = [person(scene, scene.directory.advisors[p["advisor_id"]], p) for p in presences]
    free = [p for p in people if p.state == "available" and not p.has_absence and p.free_for_channel]
    return sorted(free, key=lambda p: (p.idle_since or p.since, p.id))


def _wanted(scene: Scene, waiting: Sequence[Waiting], promises: Sequence[Promise]) -> list[UUID]:
    groups: set[UUID | None] = {group_id for contact in waiting for group_id in contact.rings}
    groups |= {group_id for promise in promises for group_id in _around(scene, promise)}
    wanted = {contact.own_id for contact in waiting} | {promise["advisor_id"] for promise in promises}
    entries = scene.directory.groups
    wanted |= {member for i in groups if i is not None and i in entries for member in entries[i].members}
    return [i for i in wanted if i is not None and i in scene.directory.advisors]


def _around(scene: Scene, promise: Promise) -> Iterator[UUID | None]:
    """The groups that may keep a promise, or take the calls that come meanwhile."""
    home = scene.directory.groups.get(promise["desk_group_id"])
    yield promise["desk_group_id"]
    yield from home.neighbours if home is not None else ()
    yield scene.directory.markets[promise["market_id"]].general_group_id
