"""What is read off a log before it is replayed, and the order of what is to happen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from markets.policy import CallbackPolicy
from simulation.agenda import Agenda
from simulation.call_log import UnusableLog
from simulation.replay import rules
from simulation.scenario import TURNAROUND_S, Scenario, Span, prepare, quiet_hours, turnaround_s
from tests.simulation.builders import NOON, ZONE, a_call
from tests.simulation.small_log import DAYS, FIRST_DAY, a_small_log

OPEN = {"tue": [["08:00", "18:00"]]}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_small_log(tmp_path_factory.mktemp("log"))


def prepared(path: Path, first: int, last: int | None = None, seed: int = 1) -> Scenario:
    day = FIRST_DAY + timedelta(days=first)
    until = None if last is None else FIRST_DAY + timedelta(days=last)
    return prepare(path, Span(first=day, last=until), seed)[0]


async def test_agenda_keeps_the_order_of_time_and_of_writing() -> None:
    done: list[str] = []
    agenda = Agenda()

    def noting(word: str, after_s: int) -> None:
        async def act() -> None:
            done.append(word)

        agenda.at(NOON + timedelta(seconds=after_s), act)

    noting("second", 5)
    noting("third", 5)
    noting("first", 1)
    while agenda.next_at is not None:
        await agenda.pop()()

    assert done == ["first", "second", "third"]


def test_only_the_days_asked_for_are_replayed_and_those_before_are_learnt_from(path: Path) -> None:
    whole, one_day = prepared(path, 2), prepared(path, 2, 2)

    days = {arrival.at.astimezone(whole.zone).date() for arrival in whole.arrivals}
    assert days == {FIRST_DAY + timedelta(days=2), FIRST_DAY + timedelta(days=3)}
    assert {a.at.astimezone(one_day.zone).date() for a in one_day.arrivals} == {FIRST_DAY + timedelta(days=2)}
    assert whole.starts_at == one_day.starts_at
    assert whole.starts_at < whole.arrivals[0].at <= whole.ends_at


def test_same_seed_same_scenario_and_another_seed_another(path: Path) -> None:
    assert prepared(path, 2) == prepared(path, 2)
    assert prepared(path, 2).arrivals != prepared(path, 2, seed=2).arrivals


@pytest.mark.parametrize("first", [0, DAYS])
def test_without_days_before_or_after_there_is_nothing_to_replay(path: Path, first: int) -> None:
    with pytest.raises(UnusableLog):
        prepared(path, first)


def test_the_time_between_two_services_is_read_off_pauses_in_which_somebody_waits() -> None:
    served = [a_call(100 * n, service_s=93) for n in range(201)]
    waiting = [a_call(100 * n + 50, waited_s=60, agent=None) for n in range(200)]

    assert turnaround_s([*served, *waiting]) == 7
    assert turnaround_s(served) == TURNAROUND_S


def test_quiet_are_the_hours_in_which_fewest_have_to_wait() -> None:
    busy = [a_call(waited_s=60, row=n) for n in range(10)]
    quiet = [a_call(3600, row=n) for n in range(10, 20)]
    closed = [a_call(9 * 3600, row=n) for n in range(20, 30)]

    assert quiet_hours([*busy, *quiet, *closed], OPEN, ZONE) == (("13:00", "14:00"),)


def test_the_rules_of_the_house_follow_from_the_log(path: Path) -> None:
    scenario = prepared(path, 2)

    house = rules(scenario)

    assert house.wrap_up_limit_s == scenario.turnaround_s - 2
    assert house.callback.quiet_hours == scenario.quiet_hours
    assert house.callback.leave_one_free_s == CallbackPolicy().leave_one_free_s
