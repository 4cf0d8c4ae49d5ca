"""References, pages and their ends."""

from __future__ import annotations

from uuid import UUID

import pytest

from api.cursors import read
from api.rendering import Page, UnknownReference, reference
from kit.ids import encode

SECRET = b"s" * 32
ID = UUID(int=7 << 100)


def test_full_page_has_a_next_and_a_shorter_one_has_none() -> None:
    page = Page(2, None, b"/v1/accounts", SECRET)

    assert page.next_after([1], lambda row: [row]) is None
    assert page.next_after([], lambda row: [row]) is None
    following = page.next_after([1, 2], lambda row: [row])
    assert following is not None
    assert read(SECRET, b"/v1/accounts", following) == [2]


def test_reference_in_a_body_that_cannot_be_is_422_at_its_place() -> None:
    assert reference("adv", None, "/advisor_id") is None
    assert reference("adv", encode("adv", ID), "/advisor_id") == ID
    with pytest.raises(UnknownReference) as raised:
        reference("adv", encode("cus", ID), "/advisor_id")
    assert (raised.value.status, raised.value.errors[0].pointer) == (422, "/advisor_id")
