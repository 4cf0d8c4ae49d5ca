"""What training of whom would help most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from routing.book import solve
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.problem import Need
from routing.skill_gaps import skill_report
from routing.skill_prices import UNPLACED
from routing.skill_training import Training, Trainings, trainings
from routing.skill_view import view_of
from tests.routing.books import a_book, a_seeker, books
from tests.routing.builders import ANNA, BEN, CARLA, an_advisor, an_id

DNS = (Need("dns", 2),)
A_TENTH_OF_A_BOOK = 1.0
"""Price of a book that is so much fuller than another; a few of the small customers."""


def trained(problem: BookProblem, training: Training) -> BookProblem:
    """The same book with somebody who has learnt it."""
    people = (
        replace(a, skills={**a.skills, training.skill: training.level}) if a.id == training.advisor else a
        for a in problem.advisors
    )
    return replace(problem, advisors=tuple(people))


def found(problem: BookProblem) -> Trainings:
    return trainings(view_of(problem, solve(problem)))


def costs(problem: BookProblem, plan: BookPlan) -> float:
    """Of the whole book in misfit · seconds, those counted who have nobody."""
    left = int(problem.expected_s[plan.advisor == NOBODY].sum())
    return plan.objective * (int(problem.expected_s.sum()) - left) + UNPLACED * left


def test_training_the_idle_one_helps_most() -> None:
    knows = an_advisor(ANNA, skills={"dns": 3})
    busy, idle = an_advisor(BEN, load_s=20_000), an_advisor(CARLA, load_s=0)

    first, second = found(a_book([knows, busy, idle], [a_seeker(needs=DNS)] * 100)).best(3)

    assert [(one.advisor, one.skill, one.has, one.level) for one in (first, second)] == [
        (CARLA, "dns", 0, 2),
        (BEN, "dns", 0, 2),
    ]
    assert first.gain > second.gain > 0


def test_who_is_as_full_as_the_one_who_can_gains_nothing_by_training() -> None:
    knows, full = an_advisor(ANNA, skills={"dns": 3}), an_advisor(BEN, load_s=36_000)

    assert found(a_book([knows, full], [a_seeker(needs=DNS)] * 100)).best(3) == ()


def test_training_who_serves_customers_without_anybody_comes_first() -> None:
    two = (Need("dns", 2), Need("hosting", 2))
    fits, lacks_both = an_advisor(ANNA), an_advisor(BEN, skills={})

    best = found(a_book([fits, lacks_both], [a_seeker(needs=two)])).best(10)

    assert [(one.advisor, one.skill, one.unplaced_s) for one in best] == [(ANNA, "dns", 360)]
    assert best[0].gain == pytest.approx(360 * UNPLACED, rel=0.2)


def test_a_full_advisor_whom_nobody_could_relieve_helps_nobody_by_training() -> None:
    room_for_two = {"cap_s": 720, "target_s": 720}
    knows, full = an_advisor(ANNA, skills={"dns": 3}, **room_for_two), an_advisor(BEN, **room_for_two)
    asked = [a_seeker(needs=DNS)] * 4 + [a_seeker()] * 2

    assert found(a_book([knows, full], asked)).best(10) == ()


def test_a_full_advisor_whom_a_colleague_relieves_helps_those_without_anybody() -> None:
    room_for_two = {"cap_s": 720, "target_s": 720}
    knows, full = an_advisor(ANNA, skills={"dns": 3}, **room_for_two), an_advisor(BEN, **room_for_two)
    idle = an_advisor(CARLA)
    asked = [a_seeker(needs=DNS)] * 4 + [a_seeker()] * 2

    best = found(a_book([knows, full, idle], asked)).best(10)

    assert {one.advisor: one.unplaced_s for one in best if one.skill == "dns"} == {CARLA: 720, BEN: 720}


def test_training_is_to_the_level_that_is_asked_for() -> None:
    begins, expert = an_advisor(ANNA, skills={"dns": 1}), an_advisor(BEN, skills={"dns": 4})
    asked = [a_seeker(needs=(Need("dns", level),)) for level in (4, 4, 4)]

    (only,) = found(a_book([begins, expert], asked * 20)).best(10)

    assert (only.advisor, only.has, only.level) == (ANNA, 1, 4)


def test_nobody_is_trained_for_a_language_or_a_market_that_they_lack() -> None:
    knows, french = an_advisor(ANNA, skills={"dns": 3}), an_advisor(BEN, languages=["fr"])
    abroad = an_advisor(CARLA, markets=["ES"])

    assert found(a_book([knows, french, abroad], [a_seeker(needs=DNS)] * 120)).best(10) == ()


def test_no_more_is_taken_than_the_target_has_room_for() -> None:
    knows, part_time = an_advisor(ANNA, skills={"dns": 3}), an_advisor(BEN, target_s=720, cap_s=1_000)

    (only,) = found(a_book([knows, part_time], [a_seeker(needs=DNS)] * 120)).best(10)

    assert (only.advisor, only.seconds) == (BEN, 720)


def test_a_short_skill_has_its_three_best_trainings() -> None:
    knows = an_advisor(an_id(1), skills={"dns": 3})
    others = [an_advisor(an_id(number)) for number in range(2, 7)]
    problem = a_book([knows, *others], [a_seeker(needs=DNS)] * 120)

    report = skill_report(problem, solve(problem))

    assert [one.skill for one in report.by_skill] == ["dns"] * 3
    assert len(report.trainings) == 5


@given(books())
@settings(max_examples=80, deadline=None)
def test_no_training_is_predicted_to_harm_and_what_is_known_gains_nothing(problem: BookProblem) -> None:
    all_of_them = found(problem)

    assert (all_of_them.gain >= 0).all()
    assert np.isfinite(all_of_them.gain).all()
    targets = np.array([advisor.target_s for advisor in problem.advisors])
    assert (all_of_them.seconds <= targets).all()
    assert (all_of_them.unplaced_s <= all_of_them.seconds).all()
    for row, skill in enumerate(all_of_them.skills):
        has = np.array([advisor.skills.get(skill, 0) for advisor in problem.advisors])
        asked = max(ask.level for ask in all_of_them.view.asks if ask.skill == skill)
        assert not all_of_them.gain[row, has >= asked].any()


@st.composite
def small_books(draw: st.DrawFn) -> BookProblem:
    """Many small customers, so that whole people are nearly a flow; nobody has somebody yet."""
    skills = st.sampled_from(({"hosting": 3}, {"dns": 3}, {"hosting": 2, "dns": 2}, {"mail": 3, "hosting": 3}))
    people = [
        an_advisor(an_id(number), skills=draw(skills), target_s=draw(st.sampled_from((4_000, 8_000))), cap_s=12_000)
        for number in range(1, draw(st.integers(2, 5)) + 1)
    ]
    needs = st.sampled_from((DNS, (Need("hosting", 2),), (Need("mail", 2),), (Need("mail", 2), Need("dns", 1))))
    crowd = [(draw(needs), draw(st.integers(10, 80))) for _ in range(draw(st.integers(1, 4)))]
    customers = [a_seeker(needs=asked, expected_s=100) for asked, count in crowd for _ in range(count)]
    return a_book(people, customers, tier_weight=0.0)


@given(small_books())
@settings(max_examples=60, deadline=None)
def test_a_training_with_a_large_gain_makes_the_next_solve_better(problem: BookProblem) -> None:
    plan = solve(problem)
    best = trainings(view_of(problem, plan)).best(1)
    assume(best and best[0].has == 0 and best[0].gain > A_TENTH_OF_A_BOOK * best[0].seconds)
    after = trained(problem, best[0])

    assert costs(after, solve(after)) < costs(problem, plan)
