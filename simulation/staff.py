"""Advisors and desk groups from the agents of a log: what they can do, when they work, with whom they sit."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from random import Random

from simulation import hours, names, seating
from simulation.call_log import Log, Split
from simulation.hours import OffDuty, WrittenWeek
from simulation.logged_call import LoggedCall
from simulation.people import Advisor, DeskGroup, Market, Wishes
from simulation.seating import Seat
from simulation.staffing import Shift, staffing

LEVELS = (1, 10, 30, 100, 300)
"""Calls served of a type for skill level 1, 2, 3, 4, 5."""
FULL_WEEK_H = 40
FEWEST_CALLS = 20
"""Who served fewer calls and is on no roster was a guest, not a colleague (two agents of January's, 10 calls)."""
BEYOND_THE_LOG = timedelta(days=14)
"""So long after its last call nobody is on duty: no one would be there to keep a promise made into that time."""


class Staff:
    """Advisors and desk groups from the agents of a log."""

    def __init__(self, log: Log, parts: Split, market: Market, wishes: Wishes) -> None:
        self.log, self.parts, self.market, self.wishes = log, parts, market, wishes
        self.served = _served_by_type(parts.before)
        self.days_before = hours.dates_of(parts.before, log.zone)
        self.past = _by_agent(staffing(parts.before).duties)
        self.roster = _by_agent(staffing(parts.replayed).duties)
        newcomers = set(self.roster) - set(self.served)
        self.served |= {a: n for a, n in _served_by_type(parts.replayed).items() if a in newcomers}
        self.agents = sorted(
            agent for agent, count in self.served.items() if agent in self.roster or count.total() >= FEWEST_CALLS
        )

    def hire(self, dice: Random) -> tuple[tuple[Advisor, ...], tuple[DeskGroup, ...], tuple[OffDuty, ...]]:
        patterns = {agent: self._pattern(agent) for agent in self.agents}
        seats = [
            Seat(agent, hours.slots_of(patterns[agent]), frozenset(self.served[agent]), self.served[agent].total())
            for agent in self.agents
        ]
        groups = _desk_groups(seating.desk_groups(seats, self.wishes.group_size))
        people = dict(zip(self.agents, names.people(len(self.agents), dice), strict=True))
        group_of = {agent: group.key for group in groups for agent in group.members}
        advisors = tuple(
            self._advisor(agent, people[agent], group_of[agent], patterns[agent], english=index % 2 == 0)
            for index, agent in enumerate(self.agents)
        )
        absences = tuple(off for agent in self.agents for off in self._absences(agent, patterns[agent]))
        return advisors, groups, absences

    def _advisor(self, agent: str, name: str, group: str, pattern: WrittenWeek, *, english: bool) -> Advisor:
        also = self.market.languages[1:] if english else ()
        return Advisor(
            key=agent,
            name=name,
            email=f"{names.mail_name(name)}@durchwahl.example",
            group=group,
            languages=(self.market.languages[0], *also),
            skills={skill: bisect_right(LEVELS, count) for skill, count in sorted(self.served[agent].items())},
            working_pattern=pattern,
            fte=self._fte(agent),
            leaving_at=self.parts.boundary if self._has_left(agent) else None,
        )

    def _has_left(self, agent: str) -> bool:
        return self.wishes.roster_known and agent not in self.roster

    def _pattern(self, agent: str) -> WrittenWeek:
        """Hours ever on the roster, else usually worked before; within the opening hours and never empty."""
        opened = hours.slots_of(self.market.opening_hours)
        slots = (hours.slots_of(week) & opened for week in self._weeks(agent))
        return hours.week_of(next(filter(None, slots), opened))

    def _weeks(self, agent: str) -> Iterator[WrittenWeek]:
        """From the best description of the agent's week to the poorest."""
        if self.wishes.roster_known:
            yield hours.pattern(self.roster.get(agent, ()), self.days_before, self.log.zone, share=0)
        for share in (hours.USUAL_SHARE, 0.0):
            yield hours.pattern(self.past.get(agent, ()), self.days_before, self.log.zone, share)

    def _fte(self, agent: str) -> float:
        known = self.wishes.roster_known and not self._has_left(agent)
        duties = self.roster if known else self.past
        days = hours.dates_of(self.parts.replayed, self.log.zone) if known else self.days_before
        weeks = max(1.0, len(days) / 7)
        worked_h = sum(duty.seconds for duty in duties.get(agent, ())) / 3600
        return round(min(1.2, max(0.1, worked_h / weeks / FULL_WEEK_H)), 2)

    def _absences(self, agent: str, pattern: WrittenWeek) -> Iterable[OffDuty]:
        if not self.wishes.roster_known or self._has_left(agent):
            return ()
        end = self.log.calls[-1].arrived_at + BEYOND_THE_LOG
        return hours.off_duty(agent, pattern, self.roster[agent], self.parts.boundary, end, self.log.zone)


def _desk_groups(groups: Sequence[Sequence[Seat]]) -> tuple[DeskGroup, ...]:
    return tuple(
        DeskGroup(
            key=f"group-{index + 1}",
            name=names.group(index),
            members=tuple(sorted(seat.agent for seat in group)),
            lead=seating.lead(group).agent,
            minimum_presence=seating.minimum_presence(group),
            neighbours=tuple(f"group-{i + 1}" for i in seating.neighbours(groups, index)),
        )
        for index, group in enumerate(groups)
    )


def _served_by_type(calls: Iterable[LoggedCall]) -> dict[str, Counter[str]]:
    served: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for call in calls:
        if call.agent:
            served[call.agent][call.skill] += 1
    return dict(served)


def _by_agent(shifts: Iterable[Shift]) -> dict[str, list[Shift]]:
    by_agent: defaultdict[str, list[Shift]] = defaultdict(list)
    for shift in shifts:
        by_agent[shift.agent].append(shift)
    return dict(by_agent)
