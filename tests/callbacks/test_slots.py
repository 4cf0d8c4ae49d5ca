from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.rooms import Calendar, Ledger, Slot, SlotPolicy
from callbacks.slots import SlotAlreadyTaken, WindowClosed, bookable, check, keepable
from kit.intervals import Interval, intersect

BERLIN = ZoneInfo("Europe/Berlin")
EIGHT = datetime(2026, 11, 23, 7, tzinfo=UTC)
"""Monday, 8 o'clock in Berlin."""

POLICY = SlotPolicy(slot_minutes=30, lead_minutes=15, expected_minutes=10, share=0.5, horizon_days=7, at_most=3)
"""One promise for every 20 minutes of free time: rooms at :00, :20 and :40."""


def after(hours: float) -> datetime:
    return EIGHT + timedelta(hours=hours)


def span(begin: float, end: float) -> Interval:
    return Interval(after(begin), after(end))


def a_calendar(
    working: Sequence[Interval] = (span(0, 8),),
    opened: Sequence[Interval] = (span(0, 24 * 7),),
    promises: Sequence[Slot] = (),
) -> Calendar:
    return Calendar(working, opened, promises, BERLIN)


def begins(slots: Sequence[Slot]) -> list[str]:
    return [slot.starts_at.astimezone(BERLIN).strftime("%H:%M") for slot in slots]


# What is offered


def test_the_earliest_windows_after_the_lead_are_offered() -> None:
    assert begins(bookable(EIGHT, a_calendar(), POLICY)) == ["08:30", "09:00", "09:30"]


def test_windows_lie_in_working_time_and_in_opening_hours() -> None:
    calendar = a_calendar(working=[span(0, 1), span(4, 8)], opened=[span(0.5, 5)])

    assert begins(bookable(after(-1), calendar, POLICY)) == ["08:30", "12:00", "12:30"]


def test_windows_begin_at_round_times_by_the_clock_of_the_market() -> None:
    calendar = replace(a_calendar(working=[span(0.1, 8)]), zone=ZoneInfo("Asia/Kathmandu"))

    offered = bookable(EIGHT, calendar, replace(POLICY, slot_minutes=60))

    assert [slot.starts_at.astimezone(calendar.zone).minute for slot in offered] == [0, 0, 0]


def test_a_window_is_full_when_its_rooms_are_promised() -> None:
    # 8:30 to 9:00 has the one room that begins at 8:40; 9:00 to 9:30 has two
    calendar = a_calendar(promises=[span(0.5, 1), span(1, 1.5)])

    assert begins(bookable(EIGHT, calendar, POLICY)) == ["09:00", "09:30", "10:00"]


def test_a_wide_promise_gives_way_to_a_narrow_one() -> None:
    # the one who may be called until ten is called later, so that 8:30 can still be given away
    calendar = a_calendar(promises=[span(0.5, 2)])

    assert begins(bookable(EIGHT, calendar, POLICY))[0] == "08:30"


def test_overdue_promises_are_called_first_and_take_the_next_rooms() -> None:
    # 10:20 and 10:40 go to those who should have been called by nine
    one, two = a_calendar(promises=[span(0, 1)]), a_calendar(promises=[span(0, 1), span(0, 1)])

    assert begins(bookable(after(2.1), one, POLICY))[0] == "10:30"
    assert begins(bookable(after(2.1), two, POLICY))[0] == "11:00"


def test_time_that_has_passed_keeps_no_promise() -> None:
    # at 8:45 the wide promise can only be kept at 9:00 or 9:20, and the narrow one takes the other
    calendar = a_calendar(promises=[span(0, 1.5), span(1, 1.5)])

    assert begins(bookable(after(0.75), calendar, POLICY))[0] == "09:30"


def test_a_call_is_not_begun_that_the_end_of_the_shift_would_cut_short() -> None:
    # 8:20 to 8:40 does not fit before half past eight
    calendar = a_calendar(working=[span(0, 0.5)], promises=[span(0, 0.5)])

    assert bookable(after(-1), calendar, POLICY) == []
    assert len(bookable(after(-1), replace(calendar, promises=()), POLICY)) == 1


def test_only_times_that_suit_the_customer_are_offered() -> None:
    assert begins(bookable(EIGHT, a_calendar(), POLICY, wishes=[span(3.2, 4.6)])) == ["11:30", "12:00"]


def test_later_please_goes_on_after_what_was_heard() -> None:
    assert begins(bookable(EIGHT, a_calendar(), POLICY, not_before=after(1.5)))[0] == "09:30"


def test_nothing_is_offered_beyond_the_horizon_or_to_nobodys_calendar() -> None:
    far = a_calendar(working=[span(24 * 6, 24 * 6 + 8)])

    assert bookable(EIGHT, far, replace(POLICY, horizon_days=6)) == []
    assert len(bookable(EIGHT, far, POLICY)) == 3
    assert bookable(EIGHT, a_calendar(working=[]), POLICY) == []


# What is checked when it is promised


def test_longer_call_takes_more_rooms() -> None:
    # 9:00 to 9:30 has the rooms of 9:00 and 9:20: forty minutes in all, of which half may be promised
    check(span(1, 1.5), EIGHT, a_calendar(), POLICY, minutes=20)
    with pytest.raises(SlotAlreadyTaken):
        check(span(1, 1.5), EIGHT, a_calendar(), POLICY, minutes=21)
    with pytest.raises(SlotAlreadyTaken):
        check(span(1, 1.5), EIGHT, a_calendar(promises=[span(1, 1.5)]), POLICY, minutes=20)


def test_an_offered_window_can_still_be_taken_some_minutes_later() -> None:
    (first, *_) = bookable(after(0.25), a_calendar(), POLICY)

    check(first, after(0.25) + timedelta(minutes=5), a_calendar(), POLICY)
    with pytest.raises(WindowClosed):
        check(first, after(0.25) + timedelta(minutes=6), a_calendar(), POLICY)


def test_a_window_that_somebody_else_got_first_is_taken_and_the_next_one_named() -> None:
    with pytest.raises(SlotAlreadyTaken) as refusal:
        check(span(0.5, 1), EIGHT, a_calendar(promises=[span(0.5, 1)]), POLICY)

    assert (refusal.value.status, refusal.value.word) == (409, "slot-already-taken")
    assert refusal.value.facts["next_possible"] == {
        "starts_at": after(1).isoformat(),
        "ends_at": after(1.5).isoformat(),
    }


@pytest.mark.parametrize(
    ("slot", "code"),
    [
        (span(2, 1.5), "backwards"),
        (span(2, 2), "backwards"),
        (span(-1, -0.5), "past"),
        (span(0.1, 0.6), "too_soon"),
        (span(24 * 7, 24 * 7 + 0.5), "too_far"),
        (span(3.5, 4.5), "closed"),
        (span(7.5, 8.5), "away"),
    ],
)
def test_a_window_that_can_not_be_promised_is_refused_with_the_next_possible_one(slot: Slot, code: str) -> None:
    calendar = a_calendar(opened=[span(0, 4), span(5, 24 * 8)], working=[span(0, 8), span(24 * 7, 24 * 8)])

    with pytest.raises(WindowClosed) as refusal:
        check(slot, EIGHT, calendar, POLICY)

    assert refusal.value.status == 422
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/slot_starts_at", code)]
    assert refusal.value.facts["next_possible"] is not None


def test_where_nothing_is_possible_nothing_is_named() -> None:
    with pytest.raises(WindowClosed) as refusal:
        check(span(1, 1.5), EIGHT, a_calendar(working=[]), POLICY)

    assert refusal.value.facts["next_possible"] is None


# Properties


def greatest_matching(windows: Sequence[Slot], rooms: Sequence[datetime]) -> int:
    """By augmenting paths: slow, and right by textbook."""
    holder: dict[datetime, int] = {}

    def place(window: int, seen: set[datetime]) -> bool:
        for room in rooms:
            if room in windows[window] and room not in seen:
                seen.add(room)
                if room not in holder or place(holder[room], seen):
                    holder[room] = window
                    return True
        return False

    return sum(place(window, set()) for window in range(len(windows)))


QUARTERS = st.integers(0, 4 * 30)
PROMISES = st.lists(
    st.tuples(QUARTERS, st.sampled_from([1, 2, 2, 2, 4, 9])).map(lambda p: span(p[0] / 4, (p[0] + p[1]) / 4)),
    max_size=14,
)
STRETCHES = st.lists(
    st.tuples(QUARTERS, st.integers(1, 24)).map(lambda p: span(p[0] / 4, (p[0] + p[1]) / 4)), max_size=4
)
POLICIES = st.builds(
    SlotPolicy,
    slot_minutes=st.sampled_from([15, 30, 60]),
    lead_minutes=st.sampled_from([0, 15, 60]),
    expected_minutes=st.sampled_from([5, 10, 15]),
    share=st.sampled_from([0.3, 0.5, 1.0]),
    horizon_days=st.sampled_from([1, 2]),
    at_most=st.sampled_from([1, 3, 100]),
)
MOMENTS = st.integers(-60, 20 * 60).map(lambda minute: EIGHT + timedelta(minutes=minute))


@given(MOMENTS, STRETCHES, PROMISES, POLICIES)
def test_as_many_promises_hold_a_room_as_can_be_kept(
    now: datetime, working: list[Interval], promises: list[Slot], policy: SlotPolicy
) -> None:
    ledger = Ledger.of(now, Calendar(working, working, promises, BERLIN), policy)

    assert len(ledger.agenda.held) == greatest_matching(ledger.promises, ledger.rooms)


@given(MOMENTS, STRETCHES, STRETCHES, PROMISES, POLICIES)
def test_every_window_offered_is_free_in_time_and_can_be_promised(
    now: datetime, working: list[Interval], opened: list[Interval], promises: list[Slot], policy: SlotPolicy
) -> None:
    calendar = Calendar(working, opened, promises, BERLIN)

    offered = bookable(now, calendar, policy)

    assert offered == sorted(set(offered))
    assert len(offered) <= policy.at_most
    for slot in offered:
        check(slot, now, calendar, policy)
        assert any(free.covers(slot) for free in intersect(working, opened))
        assert now + timedelta(minutes=policy.lead_minutes) <= slot.starts_at
        assert slot.ends_at <= now + policy.horizon
        assert slot.ends_at - slot.starts_at == policy.slot


@given(MOMENTS, STRETCHES, PROMISES, POLICIES)
def test_a_window_is_offered_exactly_where_one_more_promise_can_be_kept(
    now: datetime, working: list[Interval], promises: list[Slot], policy: SlotPolicy
) -> None:
    calendar = Calendar(working, working, promises, BERLIN)
    ledger = Ledger.of(now, calendar, policy)
    nobody_promised = replace(calendar, promises=())
    kept = greatest_matching(ledger.promises, ledger.rooms)

    expected = [
        slot
        for slot in keepable(now, nobody_promised, policy)
        if greatest_matching([*ledger.promises, slot], ledger.rooms) > kept
    ]

    assert list(keepable(now, calendar, policy)) == expected
    assert [slot for slot in keepable(now, nobody_promised, policy) if ledger.has_room(slot)] == expected


@given(MOMENTS, STRETCHES, POLICIES, st.integers(0, 3))
def test_promises_made_one_after_the_other_can_all_be_kept(
    now: datetime, working: list[Interval], policy: SlotPolicy, take: int
) -> None:
    calendar = Calendar(working, working, (), BERLIN)

    while len(calendar.promises) < 20 and (offered := bookable(now, calendar, policy)):
        chosen = offered[min(take, len(offered) - 1)]
        calendar = replace(calendar, promises=(*calendar.promises, chosen))

    ledger = Ledger.of(now, calendar, policy)
    assert len(ledger.agenda.held) == len(calendar.promises)


def test_a_full_fortnight_has_no_window_left() -> None:
    days = [span(24 * day, 24 * day + 8) for day in range(14)]
    calendar, policy = a_calendar(working=days, opened=days), replace(POLICY, horizon_days=14)
    rooms = Ledger.of(EIGHT, calendar, policy).rooms

    full = replace(calendar, promises=[Slot(room, room + policy.slot) for room in rooms])

    assert bookable(EIGHT, full, policy) == []
    assert bookable(EIGHT, replace(full, promises=full.promises[:-1]), policy) != []
