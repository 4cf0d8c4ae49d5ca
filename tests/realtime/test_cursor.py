"""The cursor and its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.cursor import Cursor, ForeignCursor, parse

numbers = st.integers(0, 2**63 - 1)
cursors = st.builds(Cursor, st.integers(1, 2**31), numbers, numbers, st.frozensets(numbers, max_size=20))


@given(cursors)
def test_a_cursor_is_read_as_it_was_written(cursor: Cursor) -> None:
    assert parse(str(cursor)) == cursor


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.hex()))
def test_what_is_not_a_cursor_is_foreign_or_another_cursor_and_never_a_crash(text: str) -> None:
    try:
        cursor = parse(text)
    except ForeignCursor:
        return
    assert isinstance(cursor, Cursor)


@pytest.mark.parametrize("text", ["", "AA", "Ag", "/////w", "zzzz" * 5000, "AQEBAQH_", "ä", "\0", "AQ=="])
def test_garbage_is_foreign(text: str) -> None:
    with pytest.raises(ForeignCursor):
        parse(text)


@given(cursors, numbers, numbers)
def test_going_on_forgets_only_what_can_not_come_any_more(cursor: Cursor, xid: int, identifier: int) -> None:
    further = cursor.at((xid, identifier))

    for one in cursor.seen:
        if one >= xid:
            assert further.knows(one, 2**63)


def test_a_thousand_transactions_in_flight_fit_into_a_frame() -> None:
    cursor = Cursor(1, 10**9, 10**9, frozenset(range(10**9 + 1, 10**9 + 1001)))

    assert len(str(cursor)) < 2_000
