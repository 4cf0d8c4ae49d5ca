"""Skills against demand: what is short, by market and by desk group, and what its price says."""

from __future__ import annotations

import pytest

from routing.book import solve
from routing.book_problem import BookProblem
from routing.problem import BookAdvisor, Need
from routing.skill_demand import GroupDemand, SkillDemand
from routing.skill_gaps import SkillReport, skill_report
from tests.routing.books import a_book, a_seeker
from tests.routing.builders import ANNA, BEN, CARLA, DESK, NEXT_DESK, an_advisor

DNS = (Need("dns", 2),)


def report_of(problem: BookProblem) -> SkillReport:
    return skill_report(problem, solve(problem))


def the(report: SkillReport, skill: str) -> SkillDemand:
    (demand,) = (one for one in report.markets if one.skill == skill)
    return demand


def test_the_only_one_who_can_is_a_shortage() -> None:
    knows, does_not = an_advisor(ANNA, skills={"dns": 3, "hosting": 3}), an_advisor(BEN)

    report = report_of(a_book([knows, does_not], [a_seeker(needs=DNS), a_seeker()]))

    assert (the(report, "dns").can, the(report, "dns").short) == (1, True)
    assert (the(report, "hosting").can, the(report, "hosting").short) == (2, False)
    assert report.short == 1


def test_demand_is_counted_in_customers_and_in_seconds() -> None:
    people = [an_advisor(ANNA, skills={"dns": 2}), an_advisor(BEN, skills={"dns": 1})]

    dns = the(report_of(a_book(people, [a_seeker(needs=DNS, expected_s=100)] * 3)), "dns")

    assert (dns.market, dns.level, dns.customers, dns.seconds) == ("DE", 2, 3, 300)
    assert (dns.can, dns.target_s) == (1, 36_000)


def test_customers_whom_nobody_can_take_come_first() -> None:
    report = report_of(a_book([an_advisor(ANNA)], [a_seeker(), a_seeker(needs=DNS)]))

    first = report.markets[0]
    assert (first.skill, first.unplaced, first.can, first.price) == ("dns", 1, 0, None)


def test_a_skill_that_all_have_is_not_short_because_its_customers_lack_another() -> None:
    both = (Need("hosting", 2), Need("dns", 2))

    report = report_of(a_book([an_advisor(ANNA), an_advisor(BEN)], [a_seeker(), a_seeker(needs=both)]))

    assert (the(report, "dns").unplaced, the(report, "dns").short) == (1, True)
    assert (the(report, "hosting").unplaced, the(report, "hosting").short) == (0, False)


def test_who_leaves_or_serves_another_market_does_not_count() -> None:
    leaving, elsewhere = an_advisor(ANNA, leaving=True), an_advisor(BEN, markets=["ES"])

    report = report_of(a_book([leaving, elsewhere, an_advisor(CARLA)], [a_seeker()]))

    assert the(report, "hosting").can == 1


def test_a_skill_that_fills_a_book_has_a_price_and_one_that_all_have_none() -> None:
    knows = an_advisor(ANNA, skills={"dns": 3, "hosting": 3}, cap_s=99_000)

    report = report_of(a_book([knows, an_advisor(BEN)], [a_seeker(needs=DNS)] * 150 + [a_seeker()] * 50))

    assert (the(report, "dns").price or 0) > 1
    assert the(report, "hosting").price == 0


def test_a_desk_group_with_one_who_can_has_nobody_when_they_are_away() -> None:
    dns = {"dns": 3}
    people = [an_advisor(ANNA, skills=dns), an_advisor(BEN), an_advisor(CARLA, skills=dns, group_id=NEXT_DESK)]
    held = [a_seeker(needs=DNS, holder=0), a_seeker(needs=DNS, holder=0), a_seeker(holder=1)]

    report = report_of(a_book(people, held))

    assert report.groups == (
        GroupDemand(DESK, "DE", "dns", 2, 2, 720, can=1),
        GroupDemand(DESK, "DE", "hosting", 2, 1, 360, can=1),
    )
    assert report.alone == 2


def test_a_desk_group_with_two_who_can_is_not_alone() -> None:
    people = [an_advisor(ANNA), an_advisor(BEN)]

    report = report_of(a_book(people, [a_seeker(holder=0)]))

    assert [(group.can, group.alone) for group in report.groups] == [(2, False)]


@pytest.mark.parametrize("advisors", [[], [an_advisor(ANNA)]])
def test_an_empty_book_has_an_empty_report(advisors: list[BookAdvisor]) -> None:
    assert report_of(a_book(advisors, [])) == SkillReport((), 0, (), 0, (), (), (), 0)


def test_without_advisors_everything_is_short() -> None:
    (demand,) = report_of(a_book([], [a_seeker()])).markets

    assert (demand.unplaced, demand.can, demand.short) == (1, 0, True)
