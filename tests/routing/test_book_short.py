"""A book with room for too few: all that can be is done, what is short is named with figures, nobody is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

import routing.book
import routing.book_greedy
from routing.book_check import faults
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.problem import Need
from tests.routing.books import a_book, a_seeker
from tests.routing.builders import an_advisor, an_id

ADVISORS, EACH, SHORT, SKILLED = 20, 100, 5_000, 40
EXPECTED_S = 360


def a_company_that_has_grown() -> BookProblem:
    """Room for 2,000, and 7,000 have come; besides 40 who ask for what nobody can."""
    book_s = EACH * EXPECTED_S
    people = [an_advisor(an_id(n), cap_s=book_s, target_s=book_s) for n in range(1, ADVISORS + 1)]
    crowd = [a_seeker(expected_s=EXPECTED_S)] * (ADVISORS * EACH + SHORT)
    return a_book(people, crowd + [a_seeker(needs=(Need("pharma", 1),), expected_s=EXPECTED_S)] * SKILLED)


def planned(way: ModuleType, problem: BookProblem) -> BookPlan:
    plan: BookPlan = way.solve(problem) if way is routing.book else way.greedy(problem)
    return plan


@pytest.mark.parametrize("way", [routing.book, routing.book_greedy], ids=["flow", "greedy"])
def test_five_thousand_too_many_are_told_and_every_book_is_full(way: ModuleType) -> None:
    problem = a_company_that_has_grown()

    plan = planned(way, problem)

    assert faults(problem, plan) == []
    assert Counter(plan.advisor.tolist()) == {NOBODY: SHORT + SKILLED} | dict.fromkeys(range(ADVISORS), EACH)
    told = {short.bottleneck: (short.customers, short.seconds, short.freed_without) for short in plan.shortages}
    assert told == {
        "book_has_room": (SHORT, SHORT * EXPECTED_S, {"book_has_room": ADVISORS}),
        "has_the_skill": (SKILLED, SKILLED * EXPECTED_S, {}),
    }, "the skill would be missing though the books had room"


def test_caps_that_are_cut_below_what_people_have_take_nobodys_advisor_away() -> None:
    whole = a_company_that_has_grown()
    held = np.arange(ADVISORS * EACH)
    problem = replace(
        whole,
        advisors=tuple(replace(one, cap_s=one.cap_s // 4) for one in whole.advisors),
        kind=whole.kind[held],
        expected_s=whole.expected_s[held],
        holder=(held % ADVISORS).astype(np.int32),
        stay=np.full(len(held), 0.3),
    )

    plan = routing.book.solve(problem)

    assert faults(problem, plan) == []
    assert (plan.advisor == problem.holder).all()
    assert int(plan.beyond_cap.sum()) == ADVISORS * EACH * 3 // 4, "flagged, for whoever hires"
