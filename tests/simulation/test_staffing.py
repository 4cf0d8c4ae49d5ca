from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulation.logged_call import LoggedCall
from simulation.staffing import Shift, staffing
from tests.simulation.builders import NOON, a_call


def a_shift(start_s: float, end_s: float, agent: str = "agent-01") -> Shift:
    return Shift(NOON + timedelta(seconds=start_s), NOON + timedelta(seconds=end_s), agent)


def somebody_waits(after_s: float, waited_s: int) -> LoggedCall:
    return a_call(after_s, outcome="abandoned", waited_s=waited_s)


def test_between_two_services_an_agent_is_free() -> None:
    found = staffing([a_call(0, service_s=100), a_call(700, service_s=100)])

    assert found.shifts == (a_shift(0, 800),)


def test_a_long_pause_is_a_break_within_one_duty() -> None:
    found = staffing([a_call(0, service_s=100), a_call(100 + 31 * 60, service_s=100)])

    assert found.shifts == (a_shift(0, 100), a_shift(1960, 2060))
    assert found.duties == (a_shift(0, 2060),)


def test_an_agent_who_lets_callers_wait_is_away() -> None:
    calls = [a_call(0, service_s=100), a_call(500, service_s=100)]

    patient = staffing([*calls, somebody_waits(200, 60)])
    too_long = staffing([*calls, somebody_waits(200, 61)])

    assert patient.shifts == (a_shift(0, 600),)
    assert too_long.shifts == (a_shift(0, 100), a_shift(500, 600))


def test_waits_at_the_same_time_count_once_and_only_within_the_pause() -> None:
    calls = [a_call(0, service_s=100), a_call(500, service_s=100)]
    waits = [somebody_waits(150, 50), somebody_waits(160, 50), somebody_waits(20, 80), somebody_waits(500, 90)]

    assert staffing([*calls, *waits]).shifts == (a_shift(0, 600),)


def test_two_hours_without_a_call_end_the_duty() -> None:
    found = staffing([a_call(0), a_call(3 * 3600)])

    assert found.duties == (a_shift(0, 120), a_shift(3 * 3600, 3 * 3600 + 120))


def test_two_calls_at_once_make_no_second_agent() -> None:
    found = staffing([a_call(0, service_s=100), a_call(50, service_s=100)])

    assert found.shifts == (a_shift(0, 150),)
    assert (found.talked_s, found.talked_twice_s, found.staffed_s) == (200, 50, 150)
    assert found.occupancy == 1.0


def test_nobody_named_adds_load_and_no_hours() -> None:
    found = staffing([a_call(0, agent=None, service_s=40), a_call(100, service_s=None), somebody_waits(0, 5)])

    assert (found.shifts, found.staffed_s, found.occupancy) == ((), 0, 0)
    assert found.talked_by_nobody_named_s == 40


def test_the_sums_are_said() -> None:
    said = " ".join(staffing([a_call(0, service_s=1800), a_call(3000, service_s=600)]).sentences())

    assert "Agents on duty: 1, for 1 h, at work for 1 h" in said
    assert "occupancy 67%" in said


calls_of_a_day = st.lists(
    st.builds(
        a_call,
        st.integers(0, 30_000),
        waited_s=st.integers(0, 300),
        service_s=st.integers(0, 1_500),
        agent=st.sampled_from(["agent-01", "agent-02", None]),
        outcome=st.sampled_from(["answered", "abandoned"]),
    ),
    max_size=40,
)


@given(calls_of_a_day)
def test_every_service_lies_within_a_shift_and_every_shift_within_a_duty(calls: list[LoggedCall]) -> None:
    found = staffing(calls)

    for inner, outer in ((_services(calls), found.shifts), (found.shifts, found.duties)):
        for span in (span for span in inner if span.seconds):
            assert any(
                whole.agent == span.agent and whole.starts_at <= span.starts_at and span.ends_at <= whole.ends_at
                for whole in outer
            )


@given(calls_of_a_day)
def test_no_hours_come_out_of_nothing(calls: list[LoggedCall]) -> None:
    """Shifts of an agent are disjoint, begin and end with a service, and are no more than what was seen."""
    found = staffing(calls)
    starts = {(span.agent, span.starts_at) for span in _services(calls)}
    ends = {(span.agent, span.ends_at) for span in _services(calls)}

    by_agent: defaultdict[str, list[Shift]] = defaultdict(list)
    for shift in found.shifts:
        assert (shift.agent, shift.starts_at) in starts
        assert (shift.agent, shift.ends_at) in ends
        by_agent[shift.agent].append(shift)
    for shifts in by_agent.values():
        assert all(one.ends_at < other.starts_at for one, other in pairwise(shifts))
    assert found.occupancy <= 1.0


def _services(calls: list[LoggedCall]) -> list[Shift]:
    """Those of 0 s too: who picked up was there."""
    return [
        Shift(call.served_at, call.served_until, call.agent)
        for call in calls
        if call.agent and call.served_at and call.served_until
    ]
