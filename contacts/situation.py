"""From rows to the frozen problem that the core is asked: who is who, who is doing what, how long things take.

A `Case` is one contact on its way to a decision: its row (new or stored), whom it has tried in vain in this very
transaction, and the presence of its own advisor. Nearly always that advisor is free and nothing else is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from advisors import presence_queries
from contacts import queries, slot_queries
from contacts.directory import AdvisorEntry, Directory, MarketEntry
from contacts.exchange import Exchange
from kit.database import Session
from routing.problem import ContactProblem, Group, Need, Person

Presences = Mapping[UUID, Mapping[str, Any]]
REACHABLE = frozenset({"available", "offered", "in_contact", "wrap_up", "not_responding", "break"})


@dataclass
class Case:
    """One contact that needs a decision. `row` has every column of `contacts`; `new` ones are not stored yet.

    `learnt` holds columns that have just become known, and are stored together with the outcome.
    """

    row: dict[str, Any]
    new: bool = False
    own_presence: Mapping[str, Any] | None = None
    taken: set[UUID] = field(default_factory=set)
    """Advisors whom somebody else was faster to claim."""
    learnt: dict[str, Any] = field(default_factory=dict)
    offer: Mapping[str, Any] | None = None
    """The offer that was made, where one was."""
    before: Mapping[str, Any] | None = None
    """The row as it was told of last, without what has just become known; None for a new one."""

    @classmethod
    def stored(cls, row: dict[str, Any], own_presence: Mapping[str, Any] | None, **learnt: Any) -> Case:
        return cls({**row, **learnt}, own_presence=own_presence, learnt=learnt, before=row)


@dataclass(frozen=True)
class Scene:
    """What the problems of one transaction share."""

    session: Session
    exchange: Exchange
    directory: Directory
    now: datetime

    def market(self, row: Mapping[str, Any]) -> MarketEntry:
        return self.directory.markets[row["market_id"]]


async def problem(scene: Scene, case: Case) -> ContactProblem:
    """All that `decide` needs for this case; groups are read only where the own advisor isn't simply free."""
    full = await _full_up(scene, case)
    own = _own(scene, case, full)
    market = scene.market(case.row)
    alone = scene.exchange.personal and own is not None and _simply_free(own)
    if alone and case.row["choice"] is None and market.hours.is_open(scene.now):
        return _bare(scene, case, own)
    return await _full(scene, case, own, full)


async def _full_up(scene: Scene, case: Case) -> frozenset[UUID]:
    """Who has no room for another contact of this channel; for the phone the presence says so."""
    channel = case.row["channel"]
    return frozenset() if channel == "phone" else await slot_queries.full(scene.session, channel)


def _simply_free(own: Person) -> bool:
    return own.state == "available" and own.free_for_channel and not own.has_absence and not own.excluded


def _bare(scene: Scene, case: Case, own: Person | None) -> ContactProblem:
    row, market, now = case.row, scene.market(case.row), scene.now
    waiting_since = row["waiting_since"]
    why_closed = market.hours.why_closed(now)
    return ContactProblem(
        id=row["id"],
        market=market.id,
        now=now,
        age=row["age_at"],
        own=own,
        group_id=own.group_id if own else None,
        general_group_id=market.general_group_id,
        policy=market.routing(now),
        channel=row["channel"],
        languages=(row["language"],),
        needs=tuple(Need(skill, level) for skill, level in sorted(row["needs"].items())),
        waited_s=(now - waiting_since).total_seconds() if waiting_since else 0.0,
        waiting=row["state"] == "waiting",
        known_customer=row["own_by"] == "relationship",
        open_now=why_closed is None,
        opens_at=market.hours.next_open(now) if why_closed else None,
        closes_at=None,
        emergency=why_closed == "emergency",
        choice=row["choice"],
        choices_asked=row["choices_asked"],
        held_s=(now - waiting_since).total_seconds() if waiting_since and row["choice"] == "hold" else 0.0,
        hold_told_s=row["hold_told_s"],
        own_until=row["own_until"],
    )


def _own(scene: Scene, case: Case, full: frozenset[UUID]) -> Person | None:
    own_id = case.row["own_advisor_id"]
    if own_id is None or own_id not in scene.directory.advisors:
        return None
    entry = scene.directory.advisors[own_id]
    return person(scene, entry, case.own_presence, tried=_tried(case), channel=case.row["channel"], full=full)


def _tried(case: Case) -> frozenset[UUID]:
    return frozenset(case.row["tried"]) | case.taken


async def _full(scene: Scene, case: Case, own: Person | None, full: frozenset[UUID]) -> ContactProblem:
    bare = _bare(scene, case, own)
    groups = await _groups(scene, case, bare, full)
    mean_s = await scene.exchange.pace.handle_s(scene.session, bare.market, scene.now)
    ahead = await queries.waiting_before(scene.session, case.row)
    home = groups.get(bare.home_id) if bare.home_id else None
    if own is not None:
        own = replace(own, next_shift_at=scene.directory.advisors[own.id].returns_at(scene.now))
    return replace(
        bare,
        own=own,
        groups=groups,
        closes_at=scene.market(case.row).closes_at(scene.now),
        own_expected_wait_s=_own_wait_s(own, ahead["for_own"], mean_s, scene.now),
        colleague_expected_wait_s=_colleague_wait_s(home, own, ahead["in_group"], mean_s),
        slots_exist=case.row["customer_id"] is not None or case.row["caller_number"] is not None,
    )


async def _groups(scene: Scene, case: Case, bare: ContactProblem, full: frozenset[UUID]) -> dict[UUID, Group]:
    directory = scene.directory
    home = directory.groups.get(bare.home_id) if bare.home_id else None
    wanted = [bare.home_id, *(home.neighbours if home else ()), bare.general_group_id]
    if not scene.exchange.personal:
        wanted = list(directory.groups)
    entries = [directory.groups[i] for i in dict.fromkeys(wanted) if i is not None and i in directory.groups]
    members = [advisor_id for entry in entries for advisor_id in entry.members]
    presences = await presence_queries.of_advisors(scene.session, members)
    customer_id = case.row["customer_id"]
    familiar = await queries.familiar(scene.session, customer_id) if customer_id else {}
    tried = _tried(case)
    return {
        entry.id: Group(
            entry.id,
            tuple(
                person(
                    scene,
                    directory.advisors[i],
                    presences.get(i),
                    tried=tried,
                    familiarity=familiar.get(i, 0),
                    channel=bare.channel,
                    full=full,
                )
                for i in entry.members
            ),
            entry.neighbours,
        )
        for entry in entries
    }


def person(
    scene: Scene,
    entry: AdvisorEntry,
    presence: Mapping[str, Any] | None,
    *,
    tried: frozenset[UUID] = frozenset(),
    familiarity: int = 0,
    channel: str = "phone",
    full: frozenset[UUID] = frozenset(),
) -> Person:
    """An advisor as the core sees them; without a fresh lease nobody is there, whatever the row says. `full`: who
    has no room for another contact of the channel."""
    now = scene.now
    state, since, idle_since = _doing(presence, now)
    absent_until = entry.absent_until(now)
    gone = entry.working.leaving_at is not None and entry.working.leaving_at <= now
    return Person(
        id=entry.id,
        group_id=entry.group_id,
        languages=entry.languages,
        skills=entry.levels(now),
        markets=entry.markets,
        state=state,
        since=since,
        idle_since=idle_since,
        has_absence=absent_until is not None or gone,
        absent_until=absent_until,
        free_for_channel=entry.capacities[channel] > 0 and entry.id not in full,
        wrap_up_ends=presence["deadline_at"] if presence and state == "wrap_up" else None,
        familiarity=familiarity,
        excluded=entry.id in tried,
    )


def _doing(presence: Mapping[str, Any] | None, now: datetime) -> tuple[str, datetime, datetime]:
    if presence is None:
        return "offline", now, now
    lease = presence["lease_until"]
    heard = lease is not None and now < lease
    state = presence["state"]
    if not heard and state not in ("offered", "in_contact"):
        return "offline", presence["since"], presence["idle_since"]
    return state, presence["since"], presence["idle_since"]


def _own_wait_s(own: Person | None, holding: int, mean_s: float, now: datetime) -> float | None:
    """Until the own advisor is free for this caller: what is left of the present contact, and those who hold.

    Handling times are close enough to exponential (coefficient of variation 1.3) that what is left of a
    conversation is expected to take the mean again, however long it has lasted.
    """
    if own is None or own.has_absence:
        return None
    if own.state == "wrap_up" and own.wrap_up_ends is not None:
        left_s = max(0.0, (own.wrap_up_ends - now) / timedelta(seconds=1))
    elif own.state in ("in_contact", "offered"):
        left_s = mean_s
    else:
        return None
    return left_s + holding * mean_s


def _colleague_wait_s(home: Group | None, own: Person | None, ahead: int, mean_s: float) -> float | None:
    """Zero while a colleague is free; else what the queue ahead and one more conversation will take in the mean."""
    if home is None:
        return None
    colleagues = [member for member in home.members if own is None or member.id != own.id]
    if ahead == 0 and any(c.state == "available" and not c.has_absence for c in colleagues):
        return 0.0
    staffed = sum(c.state in REACHABLE and not c.has_absence for c in colleagues)
    return (ahead + 1) * mean_s / staffed if staffed else None


def own_ids(cases: Sequence[Case]) -> list[UUID]:
    return [case.row["own_advisor_id"] for case in cases if case.row["own_advisor_id"] is not None]
