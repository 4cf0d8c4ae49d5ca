from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from simulation import company
from simulation.call_log import Log, Split, split
from simulation.company import Company, Wishes
from simulation.logged_call import LoggedCall
from simulation.numbers import film
from simulation.oddities import Oddities
from tests.simulation.builders import ZONE, a_call

FIRST_DAY = date(1999, 1, 3)
DAYS = 31


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Local time on day 0 … 30 of the log."""
    there = datetime.combine(FIRST_DAY, time(), ZONE) + timedelta(days=day, hours=hour, minutes=minute)
    return there.astimezone(UTC)


def a_shift_of_calls(agent: str, days: range, begin: int = 8, end: int = 16, **call: Any) -> Iterator[LoggedCall]:
    """A call every 20 minutes, so that no pause is a break."""
    for day in days:
        for minute in range(0, (end - begin) * 60, 20):
            yield a_call(start=at(day, begin, minute), agent=agent, service_s=300, **call)


def a_log(*calls: LoggedCall) -> tuple[Log, Split]:
    """A month in which agent-01 is always there, and these calls."""
    everyday = a_shift_of_calls("agent-01", range(DAYS))
    ordered = tuple(sorted([*everyday, *calls], key=lambda call: (call.arrived_at, call.agent or "")))
    log = Log(ordered, Oddities(), len(ordered), ZONE)
    return log, split(log)


def a_company(*calls: LoggedCall, seed: int = 1, **wishes: Any) -> Company:
    log, parts = a_log(*calls)
    return company.build(log, parts, Random(seed), Wishes(**wishes))


def the_customer(*calls: LoggedCall) -> company.Customer:
    [customer] = a_company(*calls).customers
    return customer


def test_customers_are_who_called_before_the_replay() -> None:
    made = a_company(
        a_call(start=at(3, 9), customer_id=77), a_call(start=at(25, 9), customer_id=88), a_call(start=at(4, 9))
    )

    assert [customer.external_ref for customer in made.customers] == ["77"]


def test_a_customer_calls_when_they_called_and_needs_what_they_asked_for() -> None:
    customer = the_customer(
        a_call(start=at(1, 9, 5), customer_id=77, skill="PS"),
        a_call(start=at(1, 9, 45), customer_id=77, skill="PS"),
        a_call(start=at(2, 14), customer_id=77, skill="NE"),
        *a_shift_of_calls("agent-02", range(DAYS), skill="NE"),
        *a_shift_of_calls("agent-02", range(DAYS), skill="PS"),
    )

    assert customer.calling_hours == 1 << 9 | 1 << (24 + 14)  # days 1 and 2 are a Monday and a Tuesday
    assert customer.skills == ("PS", "NE")
    assert customer.products == ("account", "securities")


def test_a_wish_that_no_advisor_can_meet_with_the_others_gives_way() -> None:
    customer = the_customer(
        *(a_call(start=at(day, 9), customer_id=77, skill="PS") for day in (1, 2)),
        a_call(start=at(3, 9), customer_id=77, skill="NE", agent="agent-02"),
        *a_shift_of_calls("agent-02", range(DAYS), skill="NE"),
    )

    assert customer.skills == ("PS",)


@pytest.mark.parametrize(
    ("priorities", "tier"), [((2, 2, 1), "premium"), ((1, 1, 2), "standard"), ((0,), "standard")]
)
def test_the_tier_is_that_of_most_calls(priorities: tuple[int, ...], tier: str) -> None:
    calls = [a_call(start=at(day, 9), customer_id=77, priority=p) for day, p in enumerate(priorities)]

    assert the_customer(*calls).tier == tier


def test_expected_seconds_shrink_what_was_observed_towards_the_prior() -> None:
    """21 of 30 days observed: (360 s × 1 month + observed) ÷ 1.7 months."""
    one_call = the_customer(a_call(start=at(3, 9), customer_id=77, service_s=100))
    long_calls = the_customer(*(a_call(start=at(n, 9), customer_id=77, service_s=1_000) for n in range(6)))

    assert one_call.expected_s_per_month == round((360 + 100) / 1.7)
    assert long_calls.expected_s_per_month == round((360 + 6_000) / 1.7)


def test_an_abandoned_call_would_have_taken_time_too() -> None:
    """As long as the median of its type: 300 s, though some took 900."""
    long_calls = [a_call(start=at(n, 17), agent="agent-02", service_s=900) for n in range(20)]

    customer = the_customer(a_call(start=at(3, 9), customer_id=77, outcome="abandoned", waited_s=30), *long_calls)

    assert customer.expected_s_per_month == round((360 + 300) / 1.7)


def test_a_level_is_a_matter_of_practice() -> None:
    made = a_company(*a_shift_of_calls("agent-02", range(0, 31, 10), 8, 9, skill="NE"))
    regular, new = made.advisors

    assert regular.skills == {"PS": 5}
    assert new.skills == {"NE": 1}  # nine calls before the replay, the last three are not looked at


def test_the_working_pattern_comes_from_the_roster_where_it_is_known() -> None:
    changes_shift = [
        *a_shift_of_calls("agent-02", range(21), 8, 12),
        *a_shift_of_calls("agent-02", range(21, DAYS), 12, 16),
    ]

    rostered, learnt = (a_company(*changes_shift, roster_known=known).advisors[1] for known in (True, False))

    assert learnt.working_pattern["sun"] == [["08:00", "12:00"]]
    assert rostered.working_pattern["sun"] == [["12:00", "16:00"]]


def test_who_is_on_no_roster_has_left() -> None:
    gone = list(a_shift_of_calls("agent-02", range(21)))

    known, unknown = (a_company(*gone, roster_known=roster).advisors[1] for roster in (True, False))

    assert known.leaving_at == at(21, 0)
    assert unknown.leaving_at is None


def test_who_begins_with_the_replay_is_an_advisor_with_the_skills_they_show() -> None:
    made = a_company(*a_shift_of_calls("agent-02", range(22, DAYS), skill="NE"))

    assert made.advisors[1].skills == {"NE": 4}


def test_a_guest_is_no_advisor() -> None:
    made = a_company(*(a_call(start=at(5, 9, n), agent="agent-02") for n in range(10)))

    assert [advisor.key for advisor in made.advisors] == ["agent-01"]


def test_days_off_the_roster_are_absences() -> None:
    worked = [*range(28), 30]
    made = a_company(*(call for day in worked for call in a_shift_of_calls("agent-02", range(day, day + 1))))

    first = next(off for off in made.absences if off.agent == "agent-02")

    # days 28 and 29 are weekdays on which the roster of the ten days has the advisor at work a week before
    assert (first.starts_at, first.ends_at) == (at(28, 8), at(29, 16))


def test_nobody_is_on_duty_beyond_the_end_of_the_log() -> None:
    made = a_company()

    last = max(made.absences, key=lambda off: off.ends_at)

    assert last.starts_at == at(31, 8)
    assert last.ends_at > at(40, 0)


def test_the_weight_is_the_time_on_duty_within_limits() -> None:
    """Not quite four hours a day, for the last call ends before noon, on seven days are 26 of 40 hours."""
    made = a_company(*a_shift_of_calls("agent-02", range(DAYS), 8, 12), a_call(start=at(25, 9), agent="agent-03"))

    full, half, guest = made.advisors

    assert (full.fte, guest.fte) == (1.2, 0.1)
    assert half.fte == pytest.approx(0.68, abs=0.03)


def test_the_replay_has_all_in_one_language_and_the_demo_need_not() -> None:
    callers = [a_call(start=at(n % 20, 9, n % 60), customer_id=n) for n in range(1, 200)]

    one, two = a_company(*callers), a_company(*callers, english_share=0.3)

    assert {customer.language for customer in one.customers} == {"de"}
    assert {advisor.languages for advisor in one.advisors} == {("de",)}
    english = sum(customer.language == "en" for customer in two.customers)
    assert 40 < english < 80
    assert any("en" in advisor.languages for advisor in two.advisors)


def test_numbers_come_from_who_is_asked() -> None:
    made = a_company(*(a_call(start=at(n, 9), customer_id=n) for n in range(1, 4)), number_of=film)

    assert [customer.phone for customer in made.customers] == [film(n) for n in range(3)]


def test_the_same_dice_give_the_same_company() -> None:
    callers = [a_call(start=at(n % 20, 9), customer_id=n) for n in range(1, 30)]

    assert a_company(*callers, seed=5) == a_company(*callers, seed=5)
    assert a_company(*callers, seed=5).customers != a_company(*callers, seed=6).customers
