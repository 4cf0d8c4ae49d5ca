"""Whole books with two or three people in them, rule by rule."""

from __future__ import annotations

import numpy as np
import pytest

from routing.book import solve
from routing.book_check import faults
from routing.book_greedy import greedy
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.problem import Need
from tests.routing.books import a_book, a_seeker
from tests.routing.builders import ANNA, BEN, CARLA, EVENINGS, OFFICE_HOURS, an_advisor

both_ways = pytest.mark.parametrize("way", [solve, greedy])
ROOMY = {"cap_s": 100_000}


def seats(plan: BookPlan) -> list[int]:
    seated: list[int] = plan.advisor.tolist()
    return seated


@both_ways
@pytest.mark.parametrize(
    "unfit",
    [{"markets": ["ES"]}, {"languages": ["en"]}, {"skills": {"hosting": 1}}, {"skills": {}}, {"leaving": True}],
)
def test_nobody_goes_to_an_advisor_whom_a_rule_removes(way: type, unfit: dict[str, object]) -> None:
    book = a_book([an_advisor(ANNA, **unfit), an_advisor(BEN)], [a_seeker()] * 4)

    plan = way(book)

    assert seats(plan) == [1] * 4
    assert faults(book, plan) == []


@both_ways
def test_who_wants_another_advisor_gets_another(way: type) -> None:
    customer = a_seeker(tried=frozenset([ANNA]), holder=0)
    book = a_book([an_advisor(ANNA), an_advisor(BEN)], [customer])

    plan = way(book)

    assert seats(plan) == [1]
    assert (plan.forced, plan.voluntary, plan.first) == (1, 0, 0)


def test_customers_go_to_whoever_works_when_they_call() -> None:
    people = [an_advisor(ANNA, hours=OFFICE_HOURS, **ROOMY), an_advisor(BEN, hours=EVENINGS, **ROOMY)]
    by_day, by_night = a_seeker(hours=OFFICE_HOURS), a_seeker(hours=EVENINGS)

    plan = solve(a_book(people, [by_day, by_night] * 20))

    assert seats(plan) == [0, 1] * 20


@both_ways
def test_books_fill_by_working_time_and_not_by_heads(way: type) -> None:
    half = an_advisor(BEN, target_s=18_000)
    short, long = a_seeker(expected_s=120), a_seeker(expected_s=600)
    book = a_book([an_advisor(ANNA), half], [short, long] * 45)

    plan = way(book)

    loads = np.bincount(plan.advisor, book.expected_s)
    assert loads[0] / loads[1] == pytest.approx(2.0, rel=0.1)


@both_ways
def test_a_load_from_elsewhere_counts(way: type) -> None:
    book = a_book([an_advisor(ANNA, load_s=7_200), an_advisor(BEN)], [a_seeker()] * 30)

    plan = way(book)

    assert np.bincount(plan.advisor).tolist() == [5, 25]


@both_ways
def test_no_book_exceeds_its_cap_for_somebody_new(way: type) -> None:
    book = a_book([an_advisor(ANNA, cap_s=700), an_advisor(BEN, cap_s=400)], [a_seeker()] * 4)

    plan = way(book)

    assert sorted(seats(plan)) == [NOBODY, NOBODY, 0, 1]
    assert not plan.beyond_cap.any()
    [shortage] = plan.shortages
    assert (shortage.customers, shortage.seconds, shortage.bottleneck) == (2, 720, "book_has_room")
    assert shortage.freed_without == {"book_has_room": 2}


@both_ways
def test_a_skill_that_nobody_has_is_named_and_the_others_are_served(way: type) -> None:
    expert = a_seeker(needs=(Need("dns", 4),))
    book = a_book([an_advisor(ANNA), an_advisor(BEN, languages=["en"])], [expert, a_seeker(), expert])

    plan = way(book)

    assert seats(plan) == [NOBODY, 0, NOBODY]
    [shortage] = plan.shortages
    assert (shortage.customers, shortage.bottleneck) == (2, "has_the_skill")
    assert shortage.freed_without == {"has_the_skill": 1}


@both_ways
def test_the_customers_of_somebody_who_leaves_go_to_others_and_nobody_else_moves(way: type) -> None:
    people = [an_advisor(ANNA, leaving=True), an_advisor(BEN), an_advisor(CARLA)]
    customers = [a_seeker(holder=place) for place in (0, 0, 1, 1, 1, 2, 2, 2, 2)]

    plan = way(a_book(people, customers))

    assert NOBODY not in seats(plan)[:2]
    assert seats(plan)[2:] == [1, 1, 1, 2, 2, 2, 2]
    assert (plan.forced, plan.voluntary) == (2, 0)


@both_ways
def test_where_all_are_full_those_of_a_leaver_go_beyond_a_cap_and_are_flagged(way: type) -> None:
    people = [an_advisor(ANNA, leaving=True), an_advisor(BEN, cap_s=720)]
    book = a_book(people, [a_seeker(holder=0), a_seeker(holder=1), a_seeker(holder=1), a_seeker()])

    plan = way(book)

    assert seats(plan) == [1, 1, 1, NOBODY]
    assert plan.beyond_cap.sum() == 1
    assert faults(book, plan) == []


@both_ways
def test_a_book_that_is_too_full_gives_away_what_others_have_room_for(way: type) -> None:
    people = [an_advisor(ANNA, cap_s=720), an_advisor(BEN, cap_s=360)]
    book = a_book(people, [a_seeker(holder=0, stay=stay) for stay in (2.0, 0.3, 2.0, 2.0)])

    plan = way(book)

    assert seats(plan) == [0, 1, 0, 0]
    assert plan.beyond_cap.sum() == 1
    assert faults(book, plan) == []


def test_who_has_been_there_longest_stays_where_some_have_to_go() -> None:
    people = [an_advisor(ANNA, **ROOMY), an_advisor(BEN, **ROOMY)]
    customers = [a_seeker(holder=0, stay=2.5 if place % 2 else 0.3) for place in range(40)]

    plan = solve(a_book(people, customers))

    assert plan.voluntary > 0
    assert all(place % 2 == 0 for place, advisor in enumerate(seats(plan)) if advisor == 1)


@pytest.mark.parametrize("budget", [0, 3, 7])
def test_no_more_move_than_the_budget_says(budget: int) -> None:
    people = [an_advisor(ANNA, **ROOMY), an_advisor(BEN, **ROOMY)]
    customers = [a_seeker(holder=0, stay=0.3)] * 40
    free = solve(a_book(people, customers))

    plan = solve(a_book(people, customers, move_budget=budget))

    assert free.voluntary > 7
    assert plan.voluntary == budget


def test_the_moves_within_a_budget_are_those_worth_most() -> None:
    people = [an_advisor(ANNA, hours=OFFICE_HOURS, **ROOMY), an_advisor(BEN, hours=EVENINGS, **ROOMY)]
    misplaced, placed = a_seeker(hours=EVENINGS, holder=0, stay=0.3), a_seeker(holder=0, stay=0.3)
    book = a_book(people, [placed] * 10 + [misplaced] * 5, move_budget=5)

    plan = solve(book)

    assert seats(plan) == [0] * 10 + [1] * 5


def test_top_customers_are_spread() -> None:
    fits, fits_less = an_advisor(ANNA, hours=OFFICE_HOURS), an_advisor(BEN, hours=OFFICE_HOURS >> 1)
    customers = [a_seeker(tier="basic", hours=0)] * 30 + [a_seeker(tier="top")] * 10

    spread = solve(a_book([fits, fits_less], customers, tier_weight=3.0))
    piled = solve(a_book([fits, fits_less], customers, tier_weight=0.0))

    assert seats(piled)[30:].count(0) == 10
    assert seats(spread)[30:].count(0) < 9


@both_ways
def test_a_full_book_is_dearer_than_an_empty_one(way: type) -> None:
    people = [an_advisor(ANNA, load_s=36_000, target_s=36_000), an_advisor(BEN)]

    plan = way(a_book(people, [a_seeker(holder=0), a_seeker(holder=1)]))

    assert plan.prices[0] > 0 > plan.prices[1]


@both_ways
def test_books_without_customers_or_without_advisors_have_plans(way: type) -> None:
    empty, lonely = a_book([an_advisor(ANNA)], []), a_book([], [a_seeker()])

    assert faults(empty, way(empty)) == []
    assert faults(lonely, way(lonely)) == []
    assert way(lonely).shortages[0].bottleneck is None


def test_the_seed_decides_between_equals_and_nothing_else() -> None:
    def book(seed: int) -> BookProblem:
        return a_book([an_advisor(ANNA), an_advisor(BEN)], [a_seeker()] * 20, seed=seed)

    assert seats(solve(book(1))) != seats(solve(book(2)))
    assert solve(book(1)).objective == pytest.approx(solve(book(2)).objective)
