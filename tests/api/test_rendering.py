"""Cursors only we can make, references, instants, tables of routes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rendering import BadCursor, Page, UnknownReference, instant, read, reference, signed
from kit.ids import encode

SECRET = b"s" * 32
ID = UUID(int=7 << 100)

values = st.lists(
    st.one_of(st.integers(-(2**60), 2**60), st.text(max_size=20), st.none(), st.booleans()), max_size=4
)


@given(values, st.text(max_size=20))
def test_cursor_gives_back_what_was_signed(sort_key: list[object], place: str) -> None:
    assert read(SECRET, place, signed(SECRET, place, sort_key)) == sort_key


@given(values, st.integers(0, 10_000), st.sampled_from("Aa0_-"))
def test_cursor_that_was_touched_is_refused(sort_key: list[object], where: int, letter: str) -> None:
    cursor = signed(SECRET, "/v1/accounts", sort_key)
    where %= len(cursor)
    touched = cursor[:where] + letter + cursor[where + 1 :]
    if meaning(touched) == meaning(cursor):
        return

    with pytest.raises(BadCursor):
        read(SECRET, "/v1/accounts", touched)


def meaning(cursor: str) -> bytes:
    """The bytes behind the text; the last letter may have bits to spare."""
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


@pytest.mark.parametrize("cursor", ["", "x", "ä", "=", "a" * 100, "a.b"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        read(SECRET, "/v1/accounts", cursor)


def test_cursor_of_another_list_or_another_installation_is_refused() -> None:
    cursor = signed(SECRET, "/v1/accounts", [1])

    for secret, place in ((SECRET, "/v1/keys"), (b"t" * 32, "/v1/accounts")):
        with pytest.raises(BadCursor):
            read(secret, place, cursor)


def test_instants_and_ids_are_text_in_a_cursor() -> None:
    moment = datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=1)))

    assert read(SECRET, "", signed(SECRET, "", [moment, ID])) == ["2026-11-23T09:00:00+00:00", str(ID)]


def test_full_page_has_a_next_and_a_shorter_one_has_none() -> None:
    page = Page(2, None, "/v1/accounts", SECRET)

    assert page.next_after([1], lambda row: [row]) is None
    assert page.next_after([], lambda row: [row]) is None
    following = page.next_after([1, 2], lambda row: [row])
    assert following is not None
    assert read(SECRET, "/v1/accounts", following) == [2]


def test_reference_in_a_body_that_cannot_be_is_422_at_its_place() -> None:
    assert reference("adv", None, "/advisor_id") is None
    assert reference("adv", encode("adv", ID), "/advisor_id") == ID
    with pytest.raises(UnknownReference) as raised:
        reference("adv", encode("cus", ID), "/advisor_id")
    assert (raised.value.status, raised.value.errors[0].pointer) == (422, "/advisor_id")


def test_instants_are_written_in_utc_with_offset() -> None:
    assert instant(datetime(2026, 11, 23, 9, tzinfo=UTC)) == "2026-11-23T09:00:00+00:00"
