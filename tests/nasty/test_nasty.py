"""Each nasty input gets the answer that its row says, tells nothing, and leaves nothing behind."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from api.services import Services
from tests.nasty.company import Names
from tests.nasty.corpus import ROWS
from tests.nasty.rows import CANARY, JSON, NOTHING, Row
from tests.support.api import Client, Response

pytestmark = pytest.mark.database

TIMES = int(os.environ.get("NASTY_TIMES", "1"))
"""How often each input comes; what is wrong once is wrong every time."""

TELLTALES = ("traceback", "asyncpg", "sqlalchemy", "postgres", "select ", "insert ", "pydantic", ".py", "violates")
PROBLEM = {"type", "title", "status", "instance"}
UNTRACKED = {"durchwahl_schema", "alembic_version"}


def named(text: str, names: Names) -> str:
    """`@anna` becomes Anna's id."""
    return re.sub(r"@([\w-]+)", lambda found: names.get(found[1], found[0]), text)


def filled(value: Any, names: Names) -> Any:
    if isinstance(value, str):
        return named(value, names)
    if isinstance(value, list):
        return [filled(member, names) for member in value]
    return {key: filled(member, names) for key, member in value.items()} if isinstance(value, dict) else value


async def send(client: Client, names: Names, row: Row) -> Response:
    body = {} if row.body is NOTHING else {"json": filled(row.body, names)}
    if isinstance(row.body, bytes):
        body = {"content": named(row.body.decode("latin-1"), names).encode("latin-1")}
    headers = {**JSON, **row.headers} if "content" in body else row.headers
    return await client.as_(row.who).request(row.method, named(row.path, names), headers=headers, **body)


async def fingerprints(client: Client) -> dict[str, str]:
    """Table → how many rows and a digest of all that stands in them."""
    services: Services = client.app.state.services
    async with services.database.reading() as session:
        tables = await session.fetch(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
            "AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
        rows = await session.fetch(
            " UNION ALL ".join(
                f"SELECT '{name}' AS name, count(*) || ' ' || coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') AS seen "
                f"FROM {name} t"
                for name in (row["relname"] for row in tables)
            )
        )
    return {row["name"]: row["seen"] for row in rows}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("row", [pytest.param(row, id=str(row)) for row in ROWS for _ in range(TIMES)])
async def test_nasty_input_is_answered_as_its_row_says(company: tuple[Client, Names], row: Row) -> None:
    client, names = company
    before = await fingerprints(client)

    answer = await send(client, names, row)

    assert answer.status_code == row.status, answer.text
    if row.status >= 400:
        check_problem(answer, row)
        assert changed(before, await fingerprints(client)) <= set(row.keeps)
    if isinstance(row.holds, Mapping):
        assert {**answer.json(), **row.holds} == answer.json()


def check_problem(answer: Response, row: Row) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() >= PROBLEM
    assert problem["status"] == row.status
    assert problem["instance"] == answer.headers["x-request-id"]
    assert problem["type"] == f"https://durchwahl.example/problems/{row.word}"
    if row.error:
        assert row.error in [f"{error['pointer']}:{error['code']}" for error in problem["errors"]]
    if row.holds == "next":
        assert problem["next_possible"]["starts_at"] > "2026-11-23T09:00"
    check_tells_nothing(answer)


def check_tells_nothing(answer: Response) -> None:
    told = f"{answer.text} {dict(answer.headers)}"
    assert CANARY.lower() not in re.sub(r'"pointer":"[^"]*"', "", told).lower()
    assert [word for word in TELLTALES if word in told.lower()] == []


def test_corpus_is_large_and_no_row_stands_twice() -> None:
    assert len(ROWS) >= 320
    assert [name for name, times in Counter(map(str, ROWS)).items() if times > 1] == []
