"""How long somebody will wait: who is ahead of them, who may help and from when on, how long conversations take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Any
from uuid import UUID

from advisors import presence_queries
from contacts import best_times, queries
from contacts.best_times import WEEKS, Span
from contacts.line import seen
from contacts.situation import Presences, Scene, person
from kit.intervals import Interval
from routing.absence import SOON_FREE
from routing.problem import Person, Waiting
from routing.rules import asked_by, vetoes
from routing.waiting import expected_wait

Range = tuple[int, int]

FREE_NOW: Range = (0, 0)
LAST = UUID(int=(1 << 128) - 1)
"""Of somebody who comes now: behind everybody who is there."""
PASSING = frozenset({"is_available", "has_capacity"})
"""Vetoes that end when the present conversation does."""


async def of_contact(scene: Scene, row: Mapping[str, Any]) -> tuple[int, Range | None]:
    """Position in the own group's line (1 = next), and the range of seconds until somebody of all the groups that
    may help is free; `None` where there is nothing honest to say."""
    waiting = seen(scene, row)
    ahead = await queries.waiting_before(scene.session, row, waiting.rings)
    mean_s = await scene.exchange.pace.handle_s(scene.session, row["market_id"], scene.now)
    people = await _at_work(scene, waiting.rings)
    return ahead["in_group"] + 1, expected_wait(ahead["in_reach"], _steps(waiting, people), mean_s)


async def of_group(scene: Scene, group_id: UUID, market_id: str) -> tuple[int, Range | None]:
    """How many wait for a group, and the range for somebody who would join them now and needs nothing special."""
    neighbours = scene.directory.groups[group_id].neighbours
    general = scene.directory.markets[market_id].general_group_id
    rings = tuple(dict.fromkeys(i for i in (group_id, *neighbours, general) if i is not None))
    policy = scene.directory.markets[market_id].routing(scene.now)
    newcomer = Waiting(id=LAST, market=market_id, age=scene.now, rings=rings, policy=policy)
    ahead = await queries.waiting_before(scene.session, _last(scene, market_id, group_id=group_id), rings)
    people = await _at_work(scene, rings)
    if not ahead["in_reach"] and any(one.state == "available" for one in people.get(group_id, ())):
        return ahead["in_group"], FREE_NOW
    mean_s = await scene.exchange.pace.handle_s(scene.session, market_id, scene.now)
    return ahead["in_group"], expected_wait(ahead["in_reach"], _steps(newcomer, people), mean_s)


async def of_advisor(scene: Scene, advisor_id: UUID, market_id: str) -> tuple[int, Range | None]:
    """How many hold for an advisor, and the range for somebody who would hold as well; `None` where they are away
    or do something that ends nobody knows when."""
    presences = await presence_queries.of_advisors(scene.session, [advisor_id])
    who = person(scene, scene.directory.advisors[advisor_id], presences.get(advisor_id))
    line = _last(scene, market_id, own_id=advisor_id)
    holding: int = (await queries.waiting_before(scene.session, line))["for_own"]
    if who.has_absence or who.state not in SOON_FREE:
        return holding, None
    if who.state == "available" and not holding:
        return holding, FREE_NOW
    mean_s = await scene.exchange.pace.handle_s(scene.session, market_id, scene.now)
    before = holding if who.state in ("in_contact", "offered") else holding - 1
    left_s = max(0, ceil((who.wrap_up_ends - scene.now).total_seconds())) if who.wrap_up_ends is not None else 0
    others = expected_wait(before, [(0.0, 1)], mean_s) if before >= 0 else FREE_NOW
    return holding, None if others is None else (others[0], others[1] + left_s)


def _last(
    scene: Scene, market_id: str, *, group_id: UUID | None = None, own_id: UUID | None = None
) -> dict[str, Any]:
    """A place behind everybody who waits now."""
    line = {"market_id": market_id, "channel": "phone", "age_at": scene.now, "id": LAST}
    return {**line, "desk_group_id": group_id, "own_advisor_id": own_id}


async def usually_free(scene: Scene, advisor_id: UUID, market_id: str) -> list[Span]:
    """Hours of the week by the market's clock, from the last weeks; none where there are too few of them."""
    since = scene.now - timedelta(weeks=WEEKS)
    worked = scene.directory.advisors[advisor_id].working.intervals(since, scene.now)
    rows = await queries.answered_by(scene.session, advisor_id, since, scene.now)
    busy = [Interval(row["answered_at"], row["ended_at"]) for row in rows]
    if not busy:
        return []
    return best_times.usually_free(worked, busy, scene.directory.markets[market_id].hours.zone)


async def _at_work(scene: Scene, groups: Sequence[UUID]) -> dict[UUID, list[Person]]:
    """Group → those of it who are free or will be, when a conversation ends; who is at break may stay there."""
    directory = scene.directory
    members = {g: directory.groups[g].members for g in groups if g in directory.groups}
    everybody = [advisor_id for group in members.values() for advisor_id in group]
    presences: Presences = await presence_queries.of_advisors(scene.session, everybody)
    seen = {g: [person(scene, directory.advisors[i], presences.get(i)) for i in ids] for g, ids in members.items()}
    return {g: [one for one in group if one.state in SOON_FREE and one.at_work] for g, group in seen.items()}


def _steps(waiting: Waiting, people: Mapping[UUID, Sequence[Person]]) -> list[tuple[float, int]]:
    """From how many seconds on so many may help: groups are let in, demands relax."""
    home = waiting.rings[0] if waiting.rings else None
    waiting = replace(waiting, group_at_work=bool(people.get(home)) if home is not None else False)
    policy, at_work = waiting.policy, waiting.group_at_work
    steps = policy.steps(waiting.needs, len(waiting.rings), group_at_work=at_work)
    later = sorted({step - waiting.waited_s for step in steps if step > waiting.waited_s})
    return [(after_s, _able(waiting, people, after_s)) for after_s in (0.0, *later)]


def _able(waiting: Waiting, people: Mapping[UUID, Sequence[Person]], after_s: float) -> int:
    """How many may help then, as soon as they are free."""
    then = replace(waiting, waited_s=waiting.waited_s + after_s)
    let_in_after_s, asked = then.policy.let_in_after_s, asked_by(then)
    return sum(
        all(against.rule in PASSING for against in vetoes(one, asked))
        for ring, group_id in enumerate(then.rings)
        if then.waited_s >= let_in_after_s(ring, group_at_work=then.group_at_work)
        for one in people.get(group_id, ())
    )
