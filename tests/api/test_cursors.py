"""Cursors only we can make and nobody can read; lists that are paged through while others write."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import BadCursor, read, written
from tests.support.api import Client
from tests.support.builders import a_market

SECRET = b"s" * 32
ID = UUID(int=7 << 100)
ACCOUNTS = b"/v1/accounts"

values = st.lists(
    st.one_of(st.integers(-(2**60), 2**60), st.text(max_size=20), st.none(), st.booleans()), max_size=4
)


@given(values, st.binary(max_size=20))
def test_cursor_gives_back_what_was_written(sort_key: list[object], place: bytes) -> None:
    assert read(SECRET, place, written(SECRET, place, sort_key)) == sort_key


@given(values, st.integers(0, 10_000), st.sampled_from("Aa0_-=1"))
def test_cursor_that_was_touched_is_refused(sort_key: list[object], where: int, letter: str) -> None:
    cursor = written(SECRET, ACCOUNTS, sort_key)
    where %= len(cursor)
    touched = cursor[:where] + letter + cursor[where + 1 :]
    if touched == cursor:
        return

    with pytest.raises(BadCursor):
        read(SECRET, ACCOUNTS, touched)


@given(st.text(max_size=60))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        read(SECRET, ACCOUNTS, text)


def test_cursor_of_another_list_installation_or_version_is_refused() -> None:
    cursor = written(SECRET, ACCOUNTS, [1])

    for secret, place, text in (
        (SECRET, b"/v1/keys", cursor),
        (b"t" * 32, ACCOUNTS, cursor),
        (SECRET, ACCOUNTS, "2" + cursor[1:]),
        (SECRET, ACCOUNTS, cursor + "!"),
        (SECRET, ACCOUNTS, cursor + "="),
    ):
        with pytest.raises(BadCursor):
            read(secret, place, text)


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=6, max_size=40))
def test_nothing_of_what_is_in_a_cursor_can_be_read(name: str) -> None:
    from base64 import urlsafe_b64decode

    cursor = written(SECRET, ACCOUNTS, [name])
    raw = cursor[1:]

    assert name.encode() not in urlsafe_b64decode(raw + "=" * (-len(raw) % 4))


def test_instants_and_ids_are_text_in_a_cursor() -> None:
    moment = datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=1)))

    found = read(SECRET, b"", written(SECRET, b"", [moment, ID]))

    assert found == [moment.astimezone(UTC).isoformat(), str(ID)]


async def test_cursor_belongs_to_the_filters_under_which_it_was_given(client: Client) -> None:
    admin = await with_numbers(client, range(3))
    first = (await admin.get("/v1/markets/DE/numbers?limit=1&state=free")).json()["next"]
    await admin.put("/v1/markets/AT", json=AUSTRIA)

    same = await admin.get(f"/v1/markets/DE/numbers?state=free&limit=2&after={first}")
    others = [
        await admin.get(f"/v1/markets/{path}{first}")
        for path in (
            "DE/numbers?after=",
            "DE/numbers?state=assigned&after=",
            "AT/numbers?state=free&after=",
        )
    ]

    assert same.status_code == 200
    assert [item["number"][-3:] for item in same.json()["items"]] == ["001", "002"]
    for other in others:
        assert other.status_code == 400
        assert other.json()["type"].endswith("/bad-cursor")


@pytest.mark.parametrize("seed", range(6))
async def test_whoever_pages_while_others_add_sees_every_old_row_once(client: Client, seed: int) -> None:
    """Numbers have their place among the old ones, so that pages begin anywhere between them."""
    dice = random.Random(seed)
    ends = dice.sample(range(400), 120)
    old, new = {number_of(end) for end in ends[:60]}, ends[60:]
    admin = await with_numbers(client, ends[:60])
    seen: list[str] = []
    after, more = "", True

    while more:
        adding = [new.pop() for _ in range(dice.randint(0, 4)) if new]
        page, *_ = await asyncio.gather(
            admin.get(f"/v1/markets/DE/numbers?limit={dice.randint(1, 7)}&after={after}"),
            *(admin.post("/v1/markets/DE/numbers", json={"numbers": [number_of(end)]}) for end in adding),
        )
        assert page.status_code == 200, page.text
        seen += [item["number"] for item in page.json()["items"]]
        after, more = page.json()["next"], page.json()["next"] is not None

    assert len(seen) == len(set(seen))
    assert old <= set(seen)
    assert seen == sorted(seen)


AUSTRIA: dict[str, Any] = {
    "name": "Austria",
    "phone_region": "AT",
    "time_zone": "Europe/Vienna",
    "languages": ["de"],
    "opening_hours": {},
}


def number_of(end: int) -> str:
    return f"+493023125{end:03}"


async def with_numbers(client: Client, ends: Any) -> Client:
    """The admin of a company with these numbers in its pool."""
    async with client.app.state.services.database.transaction() as session:
        await a_market(session)
    admin = client.as_("admin")
    added = await admin.post("/v1/markets/DE/numbers", json={"numbers": [number_of(end) for end in ends]})
    assert added.status_code == 201, added.text
    return admin
