from __future__ import annotations

from random import Random

from simulation.load import Load, replayable
from simulation.logged_call import LoggedCall, Outcome
from simulation.patience import learn_patience, learn_service_times
from tests.simulation.builders import ZONE, a_call

OPEN = {"tue": [["08:00", "18:00"]]}
TEN_HOURS = 10 * 3600
OUTCOMES: tuple[Outcome, ...] = ("answered", "abandoned")


def a_load(*calls: LoggedCall, seed: int = 1) -> Load:
    learnt = [a_call(outcome=outcome, waited_s=40 + n) for n in range(40) for outcome in OUTCOMES]
    return replayable(calls, OPEN, ZONE, learn_patience(learnt), learn_service_times(learnt), Random(seed))


def test_a_call_is_replayed_as_it_came() -> None:
    [arrival] = a_load(a_call(row=9, customer_id=77, skill="NE", priority=2, service_s=50)).arrivals

    assert (arrival.row, arrival.customer_ref, arrival.skill, arrival.priority) == (9, "77", "NE", 2)
    assert (arrival.at, arrival.service_s) == (a_call().arrived_at, 50)
    assert arrival.patience_s >= 40


def test_what_no_policy_can_help_is_left_out_and_counted() -> None:
    load = a_load(a_call(), a_call(TEN_HOURS), a_call(outcome="abandoned"), a_call(outcome="abandoned", waited_s=5))

    assert (len(load.arrivals), load.closed, load.hung_up_at_once) == (2, 1, 1)
    assert len(load.logged) == 2
    assert "1 that came while" in load.sentences()[0]


def test_the_same_seed_gives_the_same_callers() -> None:
    calls = [a_call(n, row=n) for n in range(50)]

    assert a_load(*calls, seed=4) == a_load(*calls, seed=4)
    assert a_load(*calls, seed=4).arrivals != a_load(*calls, seed=5).arrivals


def test_a_call_left_out_changes_no_other() -> None:
    calls = [a_call(0), a_call(1), a_call(2, row=7)]

    shorter = a_load(a_call(0), a_call(1 + TEN_HOURS), a_call(2, row=7))

    assert a_load(*calls).arrivals[-1] == shorter.arrivals[-1]
