"""How long somebody will wait: who is ahead of them, who may help and from when on, how long conversations take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from advisors import presence_queries
from contacts import queries
from contacts.line import seen
from contacts.situation import REACHABLE, Presences, Scene, person
from routing.problem import Person, Waiting
from routing.rules import asked_by, vetoes
from routing.waiting import expected_wait

PASSING = frozenset({"is_available", "has_capacity"})
"""Vetoes that end when the present conversation does."""

Range = tuple[int, int]


async def of_contact(scene: Scene, row: Mapping[str, Any]) -> tuple[int, Range | None]:
    """Position in the own group's line (1 = next), and the range of seconds until somebody of all the groups that
    may help is free; `None` where there is nothing honest to say."""
    waiting = seen(scene, row)
    ahead = await queries.waiting_before(scene.session, row, waiting.rings)
    mean_s = await scene.exchange.pace.handle_s(scene.session, row["market_id"], scene.now)
    people = await _at_work(scene, waiting.rings)
    return ahead["in_group"] + 1, expected_wait(ahead["in_reach"], _steps(waiting, people), mean_s)


async def _at_work(scene: Scene, groups: Sequence[UUID]) -> dict[UUID, list[Person]]:
    """Group → those of it who are at work and reachable."""
    directory = scene.directory
    members = {g: directory.groups[g].members for g in groups if g in directory.groups}
    everybody = [advisor_id for group in members.values() for advisor_id in group]
    presences: Presences = await presence_queries.of_advisors(scene.session, everybody)
    seen = {g: [person(scene, directory.advisors[i], presences.get(i)) for i in ids] for g, ids in members.items()}
    return {g: [one for one in group if one.state in REACHABLE and one.at_work] for g, group in seen.items()}


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
