"""Skills against demand, from one solve: what is short, whom training would help, which certificates end.

It is about skills, certificates, customers' needs and books. How anybody works, how long they take and what
customers say of them is no part of it and must not become one: a report of this kind is for planning with people,
not for judging them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from routing.book_plan import BookPlan
from routing.book_problem import BookProblem
from routing.skill_demand import GroupDemand, SkillDemand, by_group, by_market
from routing.skill_ends import Ending, SkillEnd, endings
from routing.skill_training import Training, Trainings, trainings
from routing.skill_view import view_of

TOP = 20
TOP_OF_SKILL = 3
MOST = 200
"""Rows of a list; the lists begin with what is most urgent."""
MOST_ENDINGS = 100


@dataclass(frozen=True, slots=True)
class SkillReport:
    """Of the customers of the problem, with the advisors whom the plan gives them."""

    markets: tuple[SkillDemand, ...]
    short: int
    """How many of all asks are short, those included that the list has no place for."""
    groups: tuple[GroupDemand, ...]
    alone: int
    """In how many cases a desk group has nobody, or one alone."""
    trainings: tuple[Training, ...]
    """Those that gain most."""
    by_skill: tuple[Training, ...]
    """The best few for each skill that is short."""
    endings: tuple[Ending, ...]
    """Those that concern somebody, in the order of time; where there are too many, those with fewest go."""
    ending: int
    """How many certificates end, all told."""


def skill_report(problem: BookProblem, plan: BookPlan, ends: Iterable[SkillEnd] = ()) -> SkillReport:
    """`ends`: certificates that end in the time looked at; those of people outside the problem are passed over."""
    view = view_of(problem, plan)
    markets, groups, ending = by_market(view), by_group(view), endings(view, ends)
    found = trainings(view)
    short = [demand for demand in markets if demand.short]
    return SkillReport(
        markets=tuple(markets[:MOST]),
        short=len(short),
        groups=tuple(groups[:MOST]),
        alone=sum(demand.alone for demand in groups),
        trainings=found.best(TOP),
        by_skill=_by_skill(found, short),
        endings=_weightiest(ending),
        ending=len(ending),
    )


def _by_skill(found: Trainings, short: list[SkillDemand]) -> tuple[Training, ...]:
    skills = list(dict.fromkeys(demand.skill for demand in short))[: MOST // TOP_OF_SKILL]
    return tuple(training for skill in skills for training in found.best(TOP_OF_SKILL, skill))


def _weightiest(ending: list[Ending]) -> tuple[Ending, ...]:
    def weight(end: Ending) -> tuple[int, int]:
        return -sum(demand.customers for demand in end.uncovered), -end.seconds

    concerning = [place for place, end in enumerate(ending) if end.held or end.uncovered]
    kept = sorted(concerning, key=lambda place: weight(ending[place]))[:MOST_ENDINGS]
    return tuple(ending[place] for place in sorted(kept))
