"""January 1999 as a whole, against what is known of it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from simulation import call_log, company, hours, patience, staffing
from simulation.call_log import Log, Split
from simulation.company import Company, Wishes
from simulation.figures import of_log
from simulation.load import Load, replayable
from simulation.numbers import film_while_they_last
from tests.simulation.builders import JANUARY, ZONE


@pytest.fixture(scope="module")
def january() -> Log:
    return call_log.read(JANUARY)


@pytest.fixture(scope="module")
def parts(january: Log) -> Split:
    return call_log.split(january)


@pytest.fixture(scope="module")
def made(january: Log, parts: Split) -> Company:
    return company.build(january, parts, Random(1))


def a_load(january: Log, parts: Split, seed: int = 1) -> Load:
    curve, times = patience.learn_patience(january.calls), patience.learn_service_times(january.calls)
    return replayable(parts.replayed, hours.opening_hours(january.calls, ZONE), ZONE, curve, times, Random(seed))


def test_every_row_is_a_call_or_said_to_be_none(january: Log) -> None:
    assert january.rows == 31_599
    assert len(january.calls) == 31_359
    assert len(hours.dates_of(january.calls, ZONE)) == 29


def test_the_oddities_are_counted(january: Log) -> None:
    assert january.oddities.counts == {
        "phantom": 240,
        "not_identified": 18_135,
        "customer_unreadable": 24,
        "unknown_type": 2,
        "past_midnight": 24,
        "clock_set_back": 32,
        "service_missing": 42,
        "service_zero": 235,
        "nobody_named": 490,
        "hung_up_but_served": 83,
        "hung_up_at_once": 1_219,
    }
    assert len(january.oddities.sentences()) == 11


def test_the_month_and_its_last_ten_days_are_as_published(january: Log, parts: Split) -> None:
    month, last_days = of_log(january.calls, staffed_s=1), of_log(parts.replayed, staffed_s=1)

    assert (month["abandonment"], month["within_20s"], month["within_20s_of_answered"]) == (
        pytest.approx(0.137, abs=0.0005),
        pytest.approx(0.52, abs=0.005),
        pytest.approx(0.61, abs=0.005),
    )
    assert last_days["calls"]["offered"] == 7_958
    assert last_days["abandonment"] == pytest.approx(0.096, abs=0.0005)
    assert last_days["within_20s"] == pytest.approx(0.64, abs=0.005)
    assert last_days["within_20s_of_answered"] == pytest.approx(0.71, abs=0.005)


def test_a_quarter_of_the_replayed_calls_come_from_customers(made: Company, parts: Split) -> None:
    """Of 3,525 numbers in the rows before the 22nd, 45 are only in PHANTOM rows and 2 are cut short."""
    refs = {customer.external_ref for customer in made.customers}

    known = sum(str(call.customer_id) in refs for call in parts.replayed)

    assert len(refs) == 3_478
    assert (known, round(known / len(parts.replayed), 2)) == (2_018, 0.25)


def test_patience_is_as_published_for_the_quarter(january: Log) -> None:
    curve = patience.learn_patience(january.calls)

    published = {10: 0.97, 30: 0.91, 60: 0.83, 180: 0.63, 300: 0.51}
    assert {s: curve.still_there(s) for s in published} == pytest.approx(published, abs=0.02)


def test_service_is_about_as_published_for_the_quarter(january: Log) -> None:
    [said] = patience.learn_service_times(january.calls).sentences()

    assert "mean 185 s, median 114 s, coefficient of variation 1.24" in said  # the quarter: 181, 109, 1.32


def test_the_bank_closes_from_friday_afternoon_to_saturday_evening(january: Log) -> None:
    """Saturday from 19:00, an hour before the data's description says."""
    opening = hours.opening_hours(january.calls, ZONE)

    assert opening.pop("fri") == [["07:00", "14:00"]]
    assert opening.pop("sat") == [["19:00", "24:00"]]
    assert opening == {day: [["07:00", "24:00"]] for day in ("sun", "mon", "tue", "wed", "thu")}


def test_staffing_is_what_the_log_shows_and_no_more(parts: Split) -> None:
    found = staffing.staffing(parts.replayed)

    assert len({shift.agent for shift in found.shifts}) == 24
    assert found.staffed_s / 3600 == pytest.approx(594, abs=1)
    assert found.talked_s / 3600 == pytest.approx(372, abs=1)
    assert found.occupancy == pytest.approx(0.62, abs=0.005)


def test_everybody_replayed_can_be_served_by_somebody(made: Company, parts: Split) -> None:
    shown = {call.agent for call in parts.replayed if call.agent}
    present = {advisor.key for advisor in made.advisors if advisor.leaving_at is None}
    offered = set().union(*(advisor.skills for advisor in made.advisors if advisor.key in present))

    assert present == shown
    assert {call.skill for call in parts.replayed} <= offered
    assert all(
        any(set(customer.skills) <= set(advisor.skills) for advisor in made.advisors) for customer in made.customers
    )


def test_desk_groups_are_of_eight_to_twelve_and_cover_the_skills(made: Company) -> None:
    skills = {advisor.key: set(advisor.skills) for advisor in made.advisors}

    assert [len(group.members) for group in made.groups] == [8, 9, 9]
    assert all(set().union(*(skills[member] for member in group.members)) >= {"PS", "NW", "NE", "IN", "TT", "PE"}
               for group in made.groups)  # fmt: skip
    assert all(group.lead in group.members and len(group.neighbours) == 2 for group in made.groups)
    assert sorted(member for group in made.groups for member in group.members) == [a.key for a in made.advisors]


def test_absences_and_patterns_together_are_the_roster(made: Company, parts: Split) -> None:
    """Within opening hours an advisor is expected exactly when a duty covers the half hour."""
    duties = staffing.staffing(parts.replayed).duties
    for advisor in made.advisors:
        if advisor.leaving_at is not None:
            continue
        own = [duty for duty in duties if duty.agent == advisor.key]
        off = [absence for absence in made.absences if absence.agent == advisor.key]
        assert not any(
            duty.starts_at + hours.SLOT < absence.ends_at and absence.starts_at + hours.SLOT < duty.ends_at
            for duty in own
            for absence in off
        )


def test_the_calls_to_replay(january: Log, parts: Split) -> None:
    load = a_load(january, parts)

    assert (len(load.arrivals), load.closed, load.hung_up_at_once) == (7_673, 138, 147)
    assert all(arrival.service_s >= 1 and arrival.patience_s > 0 for arrival in load.arrivals)


def test_the_same_seed_gives_the_same_company_and_the_same_calls(january: Log, parts: Split, made: Company) -> None:
    assert company.build(january, parts, Random(1)) == made
    assert a_load(january, parts, seed=3) == a_load(january, parts, seed=3)


def test_the_demo_speaks_two_languages_on_film_numbers(january: Log, parts: Split) -> None:
    wishes = Wishes(english_share=0.1, roster_known=False, number_of=film_while_they_last)

    demo = company.build(january, parts, Random(1), wishes)

    english = sum(customer.language == "en" for customer in demo.customers)
    assert english / len(demo.customers) == pytest.approx(0.1, abs=0.02)
    assert len({customer.phone for customer in demo.customers}) == len(demo.customers)
    assert all(advisor.leaving_at is None and advisor.working_pattern for advisor in demo.advisors)
    assert demo.absences == ()
    assert len({advisor.email for advisor in demo.advisors}) == len(demo.advisors)


def test_the_same_month_in_spring_is_read_across_the_change_of_clocks(tmp_path: Path, january: Log) -> None:
    """Eleven weeks later: the clocks go forward on 2 April, in the night before the third Friday."""
    moved = tmp_path / "spring.csv"
    moved.write_text("\n".join(_eleven_weeks_later()), encoding="utf-8")

    spring = call_log.read(moved)
    parts = call_log.split(spring)
    made = company.build(spring, parts, Random(1))

    assert (spring.rows, len(spring.calls)) == (31_599, 31_359)
    assert (spring.calls[0].arrived_at.hour, parts.boundary.hour) == (22, 21)  # midnight before and after
    assert hours.opening_hours(spring.calls, ZONE) == hours.opening_hours(january.calls, ZONE)
    assert (len(made.customers), len(made.advisors)) == (3_478, 26)
    assert made.absences


def _eleven_weeks_later() -> Iterator[str]:
    with gzip.open(JANUARY, "rt", encoding="ascii") as file:
        yield next(file).rstrip()
        for line in file:
            fields = line.rstrip().split(",")
            day = datetime.strptime(fields[5], "%y%m%d") + timedelta(weeks=11)  # noqa: DTZ007 - a date
            yield ",".join([*fields[:5], day.strftime("%y%m%d"), *fields[6:]])
