"""Lists that grow with the years are read in pages: every row once, in one order, whatever is added meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from kit.database import Session
from kit.ids import encode
from tests.api.test_transactional import services_of
from tests.support.api import Client
from tests.support.builders import (
    MONDAY_MORNING,
    a_customer,
    a_policy,
    a_relationship,
    an_absence,
    an_advisor,
)

pytestmark = pytest.mark.database

ROWS = 7
Add = Callable[[Session, int], Awaitable[Any]]
Grown = tuple[str, Add]
"""The list, and how the row of some ordinal is added to it."""


async def a_history(session: Session) -> Grown:
    anna = await an_advisor(session)
    customer = await a_customer(session, external_ref="K-1")

    async def add(session: Session, n: int) -> None:
        since = MONDAY_MORNING - timedelta(days=100 - n)
        await a_relationship(session, customer, anna, since=since, until=since + timedelta(hours=1))

    return "/v1/customers/K-1/advisor/history", add


async def some_absences(session: Session) -> Grown:
    anna = await an_advisor(session)

    async def add(session: Session, n: int) -> None:
        # two and two begin together: the id decides; the one that is added is later than all
        begins = MONDAY_MORNING + timedelta(days=(n + 1) // 2)
        await an_absence(session, anna, starts_at=begins, ends_at=begins + timedelta(hours=8))

    return f"/v1/advisors/{encode('adv', anna.id)}/absences", add


async def some_policies(session: Session) -> Grown:
    async def add(session: Session, n: int) -> None:
        await a_policy(session, version=n + 1)

    return "/v1/markets/DE/policies", add


LISTS = (a_history, some_absences, some_policies)


async def grown(client: Client, make: Callable[[Session], Awaitable[Grown]]) -> Grown:
    async with services_of(client).database.transaction() as session:
        path, add = await make(session)
        for n in range(ROWS):
            await add(session, n)
    return path, add


async def page(client: Client, path: str, **query: Any) -> dict[str, Any]:
    answer = await client.as_("supervisor").get(path, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
async def test_pages_are_the_whole_list_row_by_row(client: Client, make: Any) -> None:
    path, _ = await grown(client, make)
    whole = await page(client, path)

    seen: list[Any] = []
    after: str | None = ""
    while after is not None:
        found = await page(client, path, limit=2, after=after)
        seen += found["items"]
        after = found["next"]

    assert len(whole["items"]) == ROWS
    assert whole["next"] is None
    assert seen == whole["items"]


@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
async def test_row_that_is_added_meanwhile_moves_nobodys_place(client: Client, make: Any) -> None:
    path, add = await grown(client, make)
    before = (await page(client, path))["items"]
    first = await page(client, path, limit=3)

    async with services_of(client).database.transaction() as session:
        await add(session, ROWS)
    rest = await page(client, path, after=first["next"])

    assert (first["items"] + rest["items"])[:ROWS] == before


@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
async def test_cursor_of_another_list_is_none(client: Client, make: Any) -> None:
    path, _ = await grown(client, make)
    others = (await client.as_("admin").get("/v1/accounts?limit=1")).json()["next"]

    answer = await client.as_("supervisor").get(path, params={"after": others})

    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/bad-cursor")
