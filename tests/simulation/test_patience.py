from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.logged_call import LoggedCall
from simulation.patience import Patience, learn_patience, learn_service_times
from tests.simulation.builders import a_call

ALMOST_ONE = 1 - 2**-53


def leaving(*waits: int) -> list[LoggedCall]:
    return [a_call(outcome="abandoned", waited_s=wait) for wait in waits]


def served(*waits: int) -> list[LoggedCall]:
    return [a_call(waited_s=wait) for wait in waits]


def a_curve() -> Patience:
    """Of 100 callers 20 leave at 10 s, 40 are served at 20 s, 20 of the 40 left leave at 30 s, 20 wait 40 s."""
    return learn_patience(leaving(*[10] * 20, *[30] * 20) + served(*[20] * 40, *[40] * 20))


def test_who_is_served_says_only_that_patience_is_longer() -> None:
    curve = a_curve()

    assert [curve.still_there(s) for s in (0, 9.9, 10, 29, 30)] == pytest.approx([1, 1, 0.8, 0.8, 0.4])
    assert (curve.abandoned, curve.censored) == (40, 60)


def test_who_hangs_up_before_waiting_says_nothing_about_waiting() -> None:
    assert learn_patience(leaving(*[0] * 50, *[10] * 40) + served(*[20] * 60)).still_there(10) == pytest.approx(0.6)


def test_drawing_turns_the_curve_round() -> None:
    curve = a_curve()

    assert [curve.draw(uniform) for uniform in (0.05, 0.19, 0.21, 0.59)] == [10, 10, 30, 30]


def test_many_draws_give_the_curve_back() -> None:
    curve, dice = a_curve(), Random(1)

    drawn = [curve.draw(dice.random()) for _ in range(4_000)]

    assert sum(wait > 15 for wait in drawn) / 4_000 == pytest.approx(0.8, abs=0.03)
    assert sum(wait > 30 for wait in drawn) / 4_000 == pytest.approx(0.4, abs=0.03)


def test_a_caller_known_to_have_waited_draws_from_what_is_left_of_the_curve() -> None:
    curve, dice = a_curve(), Random(2)

    drawn = [curve.draw(dice.random(), beyond_s=12) for _ in range(4_000)]

    assert min(drawn) == 30
    assert sum(wait > 30 for wait in drawn) / 4_000 == pytest.approx(0.5, abs=0.03)


def test_beyond_the_last_step_callers_leave_at_a_constant_rate() -> None:
    curve, dice = a_curve(), Random(3)

    tail = [curve.draw(dice.random(), beyond_s=100) - 100 for _ in range(4_000)]

    assert sum(tail) / 4_000 == pytest.approx(1 / curve.tail_per_s, rel=0.1)


def test_few_at_risk_move_no_curve() -> None:
    """The last three callers leave one by one; trusting them would end the curve at 0."""
    curve = learn_patience(leaving(*[10] * 50) + served(*[20] * 60) + leaving(100, 200, 300))

    assert curve.seconds == (10,)
    assert curve.still_there(10_000) == pytest.approx(63 / 113)


def test_in_a_log_without_a_lost_caller_nobody_leaves_soon() -> None:
    curve = learn_patience(served(5, 10, 15))

    assert curve.still_there(10**6) == 1.0
    assert curve.draw(0.1) > 3_600


def test_what_is_known_of_a_caller_stays_so_in_the_replay() -> None:
    curve = a_curve()
    [hung_up], [patient] = leaving(17), served(20)

    assert curve.of(hung_up, 0.9) == 17
    assert curve.of(patient, 0.1) == 30


def test_the_tail_and_the_curve_are_said() -> None:
    said = " ".join(a_curve().sentences())

    assert "80% at 10 s" in said
    assert "40 who hung up and 60 who were served" in said


@given(
    st.lists(st.integers(1, 600), max_size=80),
    st.lists(st.integers(0, 600), max_size=80),
    st.floats(0, ALMOST_ONE),
    st.floats(0, 2_000),
)
def test_patience_is_always_longer_than_what_was_waited(
    left: list[int], stayed: list[int], uniform: float, beyond: float
) -> None:
    curve = learn_patience(leaving(*left) + served(*stayed))

    assert curve.draw(uniform, beyond) > beyond
    assert list(curve.surviving) == sorted(curve.surviving, reverse=True)
    assert all(0 < share < 1 for share in curve.surviving)


@given(st.floats(0, ALMOST_ONE), st.floats(0, ALMOST_ONE))
def test_a_higher_throw_never_makes_a_less_patient_caller(one: float, other: float) -> None:
    curve = a_curve()
    lower, higher = sorted((one, other))

    assert curve.draw(lower) <= curve.draw(higher)


def test_service_times_are_those_of_the_type() -> None:
    calls = [a_call(service_s=60, skill="PS")] * 40 + [a_call(service_s=600, skill="NE")] * 40

    times = learn_service_times(calls)

    assert (times.draw("PS", 0.99), times.draw("NE", 0.0)) == (60, 600)


def test_a_rare_type_borrows_from_all() -> None:
    times = learn_service_times([a_call(service_s=60)] * 40 + [a_call(service_s=600, skill="PE")])

    assert times.draw("PE", 0.5) == 60


def test_a_known_service_keeps_its_length_and_a_missing_one_is_drawn() -> None:
    times = learn_service_times([a_call(service_s=60)] * 40)

    assert times.of(a_call(service_s=77), 0.5) == 77
    assert times.of(a_call(service_s=None), 0.5) == 60
    assert times.of(a_call(outcome="abandoned", waited_s=9), 0.5) == 60
    assert times.of(a_call(service_s=0), 0.5) == 1


def test_without_any_service_a_call_still_lasts_something() -> None:
    assert learn_service_times([]).draw("PS", 0.3) > 0
