"""A machine's clock is wrong, or jumps: live deadlines follow the database's clock.

Local times are converted in one place, `kit/local_time.py`: its tests know the hour that comes twice and the one
that never comes. What comes in without a zone, or in that gap, is refused by `tests/nasty/corpus`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kit.clock import LiveClock
from kit.database import Database
from kit.offset import measure

MIDNIGHT = datetime(2026, 10, 25, tzinfo=UTC)


class Machine:
    """Its wall clock may be set; what has passed may not."""

    def __init__(self) -> None:
        self.wall, self.passed_s = MIDNIGHT, 1_000_000.0

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.passed_s += seconds

    def clock(self) -> LiveClock:
        return LiveClock(lambda: self.wall, lambda: self.passed_s)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=-400)], ids=str)
def test_clock_that_is_set_moves_no_deadline(jump: timedelta) -> None:
    machine = Machine()
    clock = machine.clock()

    machine.wall += jump
    machine.passes(2.5)

    assert clock.now() == MIDNIGHT + timedelta(seconds=2.5)


@pytest.mark.parametrize("wrong", [timedelta(hours=1), timedelta(hours=-1), timedelta(0)], ids=str)
def test_replicas_with_different_clocks_agree_with_the_database(wrong: timedelta) -> None:
    machine = Machine()
    machine.wall += wrong
    clock = machine.clock()
    asked_s = clock.monotonic()
    machine.passes(0.5)

    offset = clock.correct(MIDNIGHT + timedelta(seconds=0.25), asked_s, clock.monotonic())

    assert clock.now() == MIDNIGHT + timedelta(seconds=0.5)
    assert offset == -wrong


def test_slow_answer_makes_a_good_clock_no_worse() -> None:
    machine = Machine()
    clock = machine.clock()
    asked_s = clock.monotonic()
    machine.passes(4)

    clock.correct(MIDNIGHT + timedelta(seconds=0.1), asked_s, clock.monotonic())

    assert clock.now() == MIDNIGHT + timedelta(seconds=4), "it had the answer for long, and told it late"


def test_clock_that_cannot_be_right_is_corrected_by_a_slow_answer_too() -> None:
    machine = Machine()
    machine.wall += timedelta(seconds=5)
    clock = machine.clock()
    asked_s = clock.monotonic()
    machine.passes(4)

    clock.correct(MIDNIGHT + timedelta(seconds=2), asked_s, clock.monotonic())

    assert clock.now() == MIDNIGHT + timedelta(seconds=4)


@pytest.mark.database
async def test_measured_at_the_database_a_wrong_clock_is_right_within_the_round_trip(
    shared_database: Database,
) -> None:
    clock = LiveClock(lambda: datetime.now(UTC) - timedelta(days=3))
    async with shared_database.reading() as session:
        offset = await measure(session, clock)
        before, there, after = clock.now(), await session.fetch_value("SELECT clock_timestamp()"), clock.now()

    tolerance = timedelta(seconds=1)  # half of a round trip on a busy machine
    assert before - tolerance < there < after + tolerance
    assert abs(offset - timedelta(days=3)) < tolerance
