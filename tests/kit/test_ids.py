"""Ids sort by time, and those of one millisecond in the order in which they were made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kit.ids import made_at, new_id

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_ids_of_one_instant_sort_as_they_were_made() -> None:
    made = [new_id(NOW) for _ in range(10_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_later_ids_sort_behind_and_tell_their_instant() -> None:
    early, late = new_id(NOW), new_id(NOW + timedelta(milliseconds=1))

    assert early < late
    assert (made_at(early), early.version, early.variant) == (NOW, 7, "specified in RFC 4122")


def test_clock_that_goes_back_makes_ids_of_its_own_instant() -> None:
    new_id(NOW)
    earlier = new_id(NOW - timedelta(seconds=1))

    assert made_at(earlier) == NOW - timedelta(seconds=1)
