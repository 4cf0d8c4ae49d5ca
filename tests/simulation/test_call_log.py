from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation import call_log
from simulation.call_log import UnusableLog
from simulation.oddities import SAYINGS, Oddities
from tests.simulation.builders import (
    HEADER,
    HUNG_UP_AT_ONCE,
    NOT_SERVED,
    SERVED_AT_ONCE,
    WAITED_THEN_HUNG_UP,
    WAITED_THEN_SERVED,
    ZONE,
    a_file,
    a_row,
    parsed,
    the_call,
)


def jerusalem(hour: int, minute: int, second: int = 0, day: int = 5, month: int = 1, offset: int = 2) -> datetime:
    """A winter's local time, two hours ahead of UTC."""
    return datetime(1999, month, day, hour - offset, minute, second, tzinfo=UTC)


def test_a_caller_who_waited_arrives_when_the_wait_begins() -> None:
    call = the_call(a_row(WAITED_THEN_SERVED, customer_id=77, priority=2, type="NE"))

    assert (call.arrived_at, call.waited_s) == (jerusalem(12, 0, 10), 30)
    assert (call.served_at, call.service_s) == (jerusalem(12, 0, 40), 120)
    assert (call.customer_id, call.priority, call.skill, call.outcome) == (77, 2, "NE", "answered")


def test_a_caller_who_was_served_at_once_arrives_when_the_service_begins() -> None:
    call = the_call(a_row(ser_start="12:00:09", ser_exit="12:02:09"))

    assert (call.arrived_at, call.served_at, call.waited_s) == (jerusalem(12, 0, 9), jerusalem(12, 0, 9), 0)


def test_a_caller_who_came_to_neither_arrives_when_the_voice_response_ends() -> None:
    call = the_call(a_row(HUNG_UP_AT_ONCE))

    assert (call.arrived_at, call.outcome, call.hung_up_at_once) == (jerusalem(12, 0, 10), "abandoned", True)
    assert (call.service_s, call.served_at, call.agent) == (None, None, None)


def test_a_caller_who_waited_and_hung_up_did_not_do_so_at_once() -> None:
    call = the_call(a_row(WAITED_THEN_HUNG_UP))

    assert (call.outcome, call.waited_s, call.hung_up_at_once) == ("abandoned", 30, False)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (a_row(outcome="PHANTOM"), "phantom"),
        (a_row(outcome="TRANSFER"), "unknown_outcome"),
        ("AA0101,1,2,3", "unreadable"),
        (a_row() + ",more", "unreadable"),
        (a_row(date="991305"), "unreadable"),
        (a_row(date="yesterday"), "unreadable"),
        (a_row(vru_exit="12:61:00"), "unreadable"),
        (a_row(ser_start="noon"), "unreadable"),
        (a_row(ser_time="long"), "unreadable"),
        (a_row(ser_time="99999999999"), "unreadable"),
        (a_row(customer_id="Cohen"), "unreadable"),
        (a_row(priority="high"), "unreadable"),
        ("\x00\x01,garbage", "unreadable"),
    ],
)
def test_a_row_that_is_no_call_is_left_out_and_counted(row: str, kind: str) -> None:
    calls, oddities = parsed(a_row(), row, a_row(call_id=2))

    assert [call.row for call in calls] == [2, 4]
    assert {kind: oddities.counts[kind]} == {kind: 1}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (a_row(), "not_identified"),
        (a_row(customer_id="6.02E+11"), "customer_unreadable"),
        (a_row(type="AA"), "unknown_type"),
        (a_row(vru_entry="12:01:00"), "clock_set_back"),
        (a_row(WAITED_THEN_SERVED, q_time=-30), "negative_time"),
        (a_row(ser_time=-120), "negative_time"),
        (a_row(ser_time=60), "time_disagrees"),
        (a_row({**SERVED_AT_ONCE, **NOT_SERVED, "agent": "agent-01"}), "service_missing"),
        (a_row(ser_exit="12:00:10", ser_time=0), "service_zero"),
        (a_row(agent=""), "nobody_named"),
        (a_row(outcome="HANG"), "hung_up_but_served"),
        (a_row(HUNG_UP_AT_ONCE), "hung_up_at_once"),
    ],
)
def test_an_odd_row_is_kept_and_counted(row: str, kind: str) -> None:
    calls, oddities = parsed(row)

    assert len(calls) == 1
    assert oddities.counts[kind] == 1


def test_a_cut_short_customer_number_and_zero_are_nobody() -> None:
    calls, _ = parsed(a_row(customer_id="6.02E+11"), a_row(call_id=2, customer_id=0))

    assert [call.customer_id for call in calls] == [None, None]


def test_an_unknown_type_is_taken_as_regular_service() -> None:
    assert the_call(a_row(type="AA")).skill == "PS"


def test_negative_times_are_replaced_by_the_clocks() -> None:
    call = the_call(a_row(WAITED_THEN_SERVED, q_time=-30, ser_time=-1))

    assert (call.waited_s, call.service_s) == (30, 120)


def test_a_served_call_without_times_of_service_has_none_to_hand() -> None:
    call = the_call(a_row({**WAITED_THEN_SERVED, **NOT_SERVED, "agent": "agent-07"}))

    assert (call.service_s, call.served_until, call.agent) == (None, None, "agent-07")
    assert call.served_at == jerusalem(12, 0, 40)


def test_a_service_past_midnight_ends_on_the_next_day() -> None:
    calls, oddities = parsed(
        a_row(
            vru_entry="23:59:00",
            vru_exit="23:59:10",
            vru_time=10,
            ser_start="23:59:10",
            ser_exit="0:01:10",
        )
    )

    assert calls[0].served_at == jerusalem(23, 59, 10)
    assert calls[0].served_until == datetime(1999, 1, 5, 22, 1, 10, tzinfo=UTC)
    assert (oddities.counts["past_midnight"], oddities.counts["time_disagrees"]) == (1, 0)


def test_a_wait_past_midnight_is_as_long_as_it_was() -> None:
    call = the_call(
        a_row(
            vru_entry="23:59:23",
            vru_exit="23:59:23",
            vru_time=0,
            q_start="23:59:28",
            q_exit="0:00:03",
            q_time=35,
            ser_start="0:00:03",
            ser_exit="0:00:55",
            ser_time=52,
        )
    )

    assert (call.arrived_at, call.waited_s) == (jerusalem(23, 59, 28), 35)
    assert call.served_at == datetime(1999, 1, 5, 22, 0, 3, tzinfo=UTC)


def test_a_service_that_begins_at_midnight_is_not_a_missing_one() -> None:
    call = the_call(
        a_row(
            vru_entry="23:59:50",
            vru_exit="0:00:00",
            vru_time=10,
            ser_start="0:00:00",
            ser_exit="0:01:00",
            ser_time=60,
        )
    )

    assert (call.served_at, call.service_s) == (datetime(1999, 1, 5, 22, 0, tzinfo=UTC), 60)


def test_a_clock_that_was_set_back_by_a_minute_has_not_passed_midnight() -> None:
    calls, oddities = parsed(a_row(vru_entry="12:01:10", vru_time=-60))

    assert calls[0].arrived_at == jerusalem(12, 0, 10)
    assert (oddities.counts["clock_set_back"], oddities.counts["past_midnight"]) == (1, 0)


def test_the_same_call_twice_counts_once_and_a_call_number_may_come_again() -> None:
    again = a_row(vru_entry="13:00:00", vru_exit="13:00:10", ser_start="13:00:10", ser_exit="13:02:10")

    calls, oddities = parsed(a_row(), a_row(), again, a_row(line="AA0102"))

    assert [call.row for call in calls] == [2, 4, 5]
    assert (oddities.counts["duplicate"], oddities.counts["id_repeated"]) == (1, 1)


def test_in_summer_the_clocks_are_three_hours_ahead() -> None:
    assert the_call(a_row(date="990705")).arrived_at == datetime(1999, 7, 5, 9, 0, 10, tzinfo=UTC)


def test_a_time_that_summer_time_skips_is_moved_on_and_said() -> None:
    calls, oddities = parsed(
        a_row(date="990402", vru_entry="2:30:00", vru_exit="2:30:10", ser_start="2:30:10", ser_exit="2:32:10")
    )

    assert calls[0].arrived_at == datetime(1999, 4, 2, 0, 30, 10, tzinfo=UTC)
    assert oddities.counts["skipped_hour"] == 1


def test_a_time_that_comes_twice_is_the_first_and_said() -> None:
    calls, oddities = parsed(
        a_row(date="990903", vru_entry="1:30:00", vru_exit="1:30:10", ser_start="1:30:10", ser_exit="1:32:10")
    )

    assert calls[0].arrived_at == datetime(1999, 9, 2, 22, 30, 10, tzinfo=UTC)
    assert oddities.counts["doubled_hour"] == 1


def test_a_service_across_the_change_of_clocks_lasts_what_its_seconds_say() -> None:
    [call], _ = parsed(
        a_row(
            date="990402",
            vru_entry="1:59:00",
            vru_exit="1:59:00",
            vru_time=0,
            ser_start="1:59:00",
            ser_exit="3:01:00",
            ser_time=120,
        )
    )

    assert call.served_until == datetime(1999, 4, 2, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "year"), [("991231", 1999), ("000229", 2000), ("50312", 2005), ("700101", 1970)]
)
def test_two_digits_of_a_year_are_of_this_century_or_the_last(written: str, year: int) -> None:
    assert the_call(a_row(date=written)).arrived_at.year == year


def test_the_header_may_be_missing_and_blank_lines_may_be_there() -> None:
    oddities = Oddities()
    parser = call_log.Parser(oddities, ZONE)

    calls = list(parser.parse([a_row() + "\r\n", "\n", ",,,\n", a_row(call_id=2)]))

    assert (len(calls), parser.rows, oddities.counts["unreadable"]) == (2, 2, 0)


def test_a_log_is_read_by_arrival_packed_or_not_whatever_its_name(tmp_path: Path) -> None:
    later, earlier = a_row(date="990106"), a_row(call_id=2)
    plain = a_file(tmp_path, [later, earlier])
    packed = tmp_path / "log.txt"
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + plain.read_bytes()))

    logs = [call_log.read(path) for path in (plain, packed)]

    assert [call.row for call in logs[0].calls] == [3, 2]
    assert logs[0].calls == logs[1].calls
    assert logs[0].rows == 2


def test_a_file_that_is_no_log_says_so(tmp_path: Path) -> None:
    cut_off = tmp_path / "cut.csv.gz"
    cut_off.write_bytes(gzip.compress("\n".join([HEADER, a_row()] * 500).encode())[:-40])
    empty = a_file(tmp_path, [], "empty.csv")
    other = tmp_path / "other.csv"
    other.write_bytes(bytes(range(256)) * 40)

    for path in (cut_off, empty, other, tmp_path / "missing.csv"):
        with pytest.raises(UnusableLog, match=path.name):
            call_log.read(path)


def test_a_month_is_split_at_a_local_midnight(tmp_path: Path) -> None:
    days = [a_row(date=f"9901{day:02d}", vru_entry="0:00:00", call_id=day) for day in range(1, 32)]

    parts = call_log.split(call_log.read(a_file(tmp_path, days)), learn_days=21)

    assert parts.boundary == datetime(1999, 1, 21, 22, tzinfo=UTC)
    assert (len(parts.before), len(parts.replayed)) == (21, 10)


def test_a_week_is_learnt_from_for_two_thirds(tmp_path: Path) -> None:
    days = [a_row(date=f"9901{day:02d}", call_id=day) for day in range(3, 10)]

    parts = call_log.split(call_log.read(a_file(tmp_path, days)))

    assert (len(parts.before), len(parts.replayed)) == (4, 3)


def test_a_single_day_is_too_short(tmp_path: Path) -> None:
    log = call_log.read(a_file(tmp_path, [a_row()]))

    with pytest.raises(UnusableLog, match="single day"):
        call_log.split(log)


def test_every_kind_that_occurred_has_one_sentence_with_its_first_rows() -> None:
    oddities = Oddities()
    for row in (7, 9, 12, 15):
        oddities.note("phantom", row)
    oddities.note("unknown_type", 8)

    assert oddities.sentences() == [
        "4 rows: outcome PHANTOM: left out (rows 7, 9, 12, …)",
        "1 row: a type of call nobody knows (like AA): taken as PS, regular service (row 8)",
    ]
    with pytest.raises(KeyError):
        oddities.note("never heard of", 1)


@given(st.lists(st.text(max_size=12), max_size=20), st.integers(0, 16), st.text(max_size=10))
def test_nothing_in_a_row_stops_the_reading(fields: list[str], place: int, text: str) -> None:
    broken = a_row(WAITED_THEN_SERVED).split(",")
    broken[place] = text

    calls, oddities = parsed(",".join(fields), ",".join(broken), a_row(call_id=99))

    assert calls[-1].row == 4
    assert all(call.waited_s >= 0 and (call.service_s or 0) >= 0 for call in calls)
    assert set(oddities.counts) <= set(SAYINGS)
