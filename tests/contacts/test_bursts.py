"""Several who wait and several who are free: matched at once, here or apart, and one by one where that fails."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from typing import Any

import pytest

from contacts import bursts
from contacts.bursts import Burst, Solver
from routing.policy import Need
from routing.problem import Person, Waiting
from tests.routing.builders import ANNA, BEN, CARLA, NOW, a_person, a_waiting

PATIENT = timedelta(seconds=60)
EASY, HARD = (Need("hosting", 2),), (Need("dns", 4),)


def a_burst(waiting: list[Waiting], people: list[Person]) -> Burst:
    return Burst(waiting, people, NOW)


def two_by_two() -> Burst:
    """An expert idle longest, a novice; the older caller needs neither more than the other."""
    expert, novice = a_person(ANNA, skills={"dns": 4, "hosting": 3}), a_person(BEN, skills={"hosting": 3})
    return a_burst([a_waiting(1, needs=EASY, waited_s=20), a_waiting(2, needs=HARD, waited_s=10)], [expert, novice])


def slow(*_: Any) -> None:
    time.sleep(60)  # in the other process, where nobody waits for it to end


def test_one_who_waits_or_one_who_is_free_is_no_competition() -> None:
    assert two_by_two().competes
    assert not a_burst([a_waiting(1)], [a_person(ANNA), a_person(BEN)]).competes
    assert not a_burst([a_waiting(1), a_waiting(2)], [a_person(ANNA)]).competes
    assert not a_burst([], []).competes


def test_two_pairs_who_have_nothing_to_do_with_each_other_do_not_compete() -> None:
    german, spanish = a_waiting(1, languages=("de",)), a_waiting(2, languages=("es",))

    assert not a_burst([german, spanish], [a_person(ANNA), a_person(BEN, languages=["es"])]).competes
    assert a_burst([german, spanish], [a_person(ANNA), a_person(BEN, languages=["de", "es"])]).competes


def test_two_who_both_can_only_go_to_the_same_two_compete() -> None:
    assert a_burst([a_waiting(1), a_waiting(2)], [a_person(ANNA), a_person(BEN), a_person(CARLA)]).competes


async def test_a_solver_that_is_warm_answers_as_this_process_would() -> None:
    burst = two_by_two()
    async with Solver(PATIENT) as solver:
        await solver.warmed()

        found = await solver.solve(burst.waiting, burst.people, NOW)

    assert found == burst.matched()
    assert {pair.contact.int: pair.advisor for pair in found or ()} == {1: BEN, 2: ANNA}


async def test_nobody_waits_for_a_solver_that_is_not_warm() -> None:
    burst = two_by_two()

    assert await Solver().solve(burst.waiting, burst.people, NOW) is None
    async with Solver() as solver:
        assert await solver.solve(burst.waiting, burst.people, NOW) is None


async def test_a_solver_that_was_killed_is_there_again() -> None:
    burst = two_by_two()
    async with Solver(PATIENT) as solver:
        await solver.warmed()
        os.kill(solver.pid or 0, signal.SIGKILL)

        first = await solver.solve(burst.waiting, burst.people, NOW)
        await solver.warmed()

        assert first in (None, burst.matched())  # found dead before it was asked, or while it worked
        assert await solver.solve(burst.waiting, burst.people, NOW) == burst.matched()


async def test_a_solve_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    burst = two_by_two()
    async with Solver(timedelta(milliseconds=100)) as solver:
        await solver.warmed()
        before = solver.pid

        with monkeypatch.context() as patch:
            patch.setattr(bursts, "match", slow)
            began = time.monotonic()
            found = await solver.solve(burst.waiting, burst.people, NOW)
            took_s = time.monotonic() - began
        await solver.warmed()

        assert found is None
        assert took_s < 5
        assert solver.pid != before
