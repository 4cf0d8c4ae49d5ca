"""Certificates about to end: whom they concern, and whom nobody could serve any more."""

from __future__ import annotations

from datetime import timedelta

from routing.book import solve
from routing.book_problem import BookProblem
from routing.problem import Id, Need
from routing.skill_ends import Ending, SkillEnd
from routing.skill_gaps import skill_report
from tests.routing.books import a_book, a_seeker
from tests.routing.builders import ANNA, BEN, CARLA, NOW, an_advisor

DNS = (Need("dns", 2),)
A_DAY = timedelta(days=1)


def ends(advisor: Id, days: int, skill: str = "dns") -> SkillEnd:
    return SkillEnd(advisor, skill, NOW + days * A_DAY)


def endings_of(problem: BookProblem, *which: SkillEnd) -> tuple[Ending, ...]:
    return skill_report(problem, solve(problem), which).endings


def uncovered(ending: Ending) -> list[tuple[str, int]]:
    return [(demand.needs[0].skill, demand.customers) for demand in ending.uncovered]


def test_customers_who_need_it_would_be_out_of_reach() -> None:
    anna = an_advisor(ANNA, skills={"dns": 3, "hosting": 3})
    book = a_book([anna], [a_seeker(needs=DNS, holder=0), a_seeker(needs=DNS, holder=0), a_seeker(holder=0)])

    (ending,) = endings_of(book, ends(ANNA, 10))

    assert (ending.advisor, ending.skill, ending.level, ending.customers, ending.seconds) == (
        ANNA,
        "dns",
        3,
        2,
        720,
    )


def test_whom_a_colleague_can_serve_is_not_uncovered() -> None:
    anna, ben = an_advisor(ANNA, skills={"dns": 3}), an_advisor(BEN, skills={"dns": 2})

    (ending,) = endings_of(a_book([anna, ben], [a_seeker(needs=DNS, holder=0)]), ends(ANNA, 10))

    assert (ending.customers, ending.uncovered) == (1, ())


def test_a_colleague_whose_certificate_ended_before_covers_nobody() -> None:
    anna, ben = an_advisor(ANNA, skills={"dns": 3}), an_advisor(BEN, skills={"dns": 2})
    book = a_book([anna, ben], [a_seeker(needs=DNS, holder=0), a_seeker(needs=DNS, holder=1)])

    first, second = endings_of(book, ends(ANNA, 20), ends(BEN, 10))

    assert (first.advisor, uncovered(first)) == (BEN, [])
    assert (second.advisor, uncovered(second)) == (ANNA, [("dns", 2)])


def test_two_that_end_at_once_leave_the_same_uncovered() -> None:
    anna, ben = an_advisor(ANNA, skills={"dns": 3}), an_advisor(BEN, skills={"dns": 2})
    book = a_book([anna, ben], [a_seeker(needs=DNS, holder=0)])

    told = endings_of(book, ends(ANNA, 10), ends(BEN, 10))

    assert [(ending.advisor, uncovered(ending)) for ending in told] == [(ANNA, [("dns", 1)]), (BEN, [("dns", 1)])]


def test_who_could_serve_all_but_one_skill_covers_nobody_else() -> None:
    anna, ben = an_advisor(ANNA, skills={"dns": 3}), an_advisor(BEN, skills={"hosting": 3})

    (ending,) = endings_of(a_book([anna, ben], [a_seeker(needs=DNS, holder=0), a_seeker(holder=1)]), ends(ANNA, 1))

    assert uncovered(ending) == [("dns", 1)]


def test_certificates_that_concern_nobody_are_counted_and_not_told() -> None:
    anna = an_advisor(ANNA, skills={"mail": 3, "hosting": 3})
    problem = a_book([anna], [a_seeker(holder=0)])

    report = skill_report(problem, solve(problem), [ends(ANNA, 5, "mail"), ends(CARLA, 5)])

    assert (report.endings, report.ending) == ((), 1)
