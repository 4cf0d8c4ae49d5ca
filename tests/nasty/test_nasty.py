"""Each nasty input gets the answer that its row says, tells nothing, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
import structlog

from api.door import Door
from api.services import Services
from kit.invariants import violations
from tests.api.role_matrix import GRANTS
from tests.nasty.company import Names
from tests.nasty.corpus import ROWS
from tests.nasty.corpus.everywhere import BODIES
from tests.nasty.corpus.files import FILES, File
from tests.nasty.rows import CANARY, JSON, NOTHING, Row
from tests.support.api import Client, Response, nowhere

pytestmark = pytest.mark.database

TIMES = int(os.environ.get("NASTY_TIMES", "1"))
"""How often each input comes; what is wrong once is wrong every time."""

TELLTALES = ("traceback", "asyncpg", "sqlalchemy", "postgres", "select ", "insert ", "pydantic", ".py", "violates")
PROBLEM = {"type", "title", "status", "instance"}


STATE = """
SELECT '{table}' AS name, count(*) || ' ' || coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') AS state
FROM {table} t
"""


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
    given = {name: filled(value, names) for name, value in row.headers.items()}
    headers = {**JSON, **given} if "content" in body else given
    return await client.as_(row.who).request(row.method, named(row.path, names), headers=headers, **body)


async def fingerprints(client: Client) -> dict[str, str]:
    """Table → how many rows and a digest of all that stands in them."""
    services: Services = client.app.state.services
    async with services.database.reading() as session:
        tables = await session.fetch(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
            "AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
        statements = [STATE.format(table=row["relname"]) for row in tables]
        rows = await session.fetch(" UNION ALL ".join(statements))
    return {row["name"]: row["state"] for row in rows}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("row", [pytest.param(row, id=str(row)) for row in ROWS for _ in range(TIMES)])
async def test_nasty_input_is_answered_as_its_row_says(company: tuple[Client, Names], row: Row) -> None:
    client, names = company
    before = await fingerprints(client)

    with structlog.testing.capture_logs() as logged:
        answer = await send(client, names, row)

    assert answer.status_code == row.status, answer.text
    assert CANARY not in str(logged)
    if row.status >= 400:
        check_problem(answer, row)
        assert changed(before, await fingerprints(client)) <= set(row.keeps)
    if isinstance(row.holds, Mapping):
        assert {**answer.json(), **filled(row.holds, names)} == answer.json()


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


def routes_with_a_body() -> list[str]:
    """Every operation that reads a body, as the application's own document has it."""
    return [
        f"{method} {route.path_format}"
        for route in nowhere().routes
        if isinstance(route, Door) and route.kinds and not route.streamed
        for method in route.methods or ()
    ]


@pytest.mark.parametrize("request_line", routes_with_a_body())
async def test_body_that_nobody_reads_is_refused_everywhere(
    company: tuple[Client, Names], request_line: str
) -> None:
    client, _ = company
    who = (GRANTS[request_line] or "telephony").split()[0]
    method, path = request_line.replace("{market_id}", "DE").replace("{", "").replace("}", "").split(" ")
    before = await fingerprints(client)

    for name, body in BODIES.items():
        headers = {"Content-Type": body.content_type}
        answer = await client.as_(who).request(method, path, content=body.sent(), headers=headers)

        assert answer.status_code == body.status, f"{name}: {answer.text}"
        check_problem(answer, Row(name, who, method, path, body.status, body.word, body.error))

    assert changed(before, await fingerprints(client)) == set()


@pytest.mark.parametrize("file", FILES, ids=str)
async def test_file_with_broken_lines_keeps_the_good_ones(company: tuple[Client, Names], file: File) -> None:
    client, _ = company

    answer = await client.as_(file.who).post(file.path, content=file.content, headers=file.headers)

    assert answer.status_code == 200, answer.text
    *reports, last = [json.loads(line) for line in answer.text.splitlines()]
    assert tuple(map(written, reports)) == file.lines
    assert last == {"done": True, **Counter(report["outcome"] for report in reports)}
    check_tells_nothing(answer)


def written(report: Mapping[str, Any]) -> str:
    errors = [f"{error['pointer']}:{error['code']}" for error in report.get("errors", ())]
    return " ".join([str(report["line"]), report["outcome"], *errors])


async def test_answer_to_a_thousand_mistakes_is_short(company: tuple[Client, Names]) -> None:
    client, _ = company

    answer = await client.as_("control_center").put(
        "/v1/customers/K-9", json={"market": "DE", **{f"f{number}": 1 for number in range(4000)}}
    )

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 100


UNKNOWN = "01J00000000000000000000000"
SAME = [
    ("control_center", "GET /v1/customers/{}", "nobody", "K%2F1", "-"),
    ("control_center", "POST /v1/customers/K-1/callbacks/{}/cancel", f"cb_{UNKNOWN}", "@cb_K-2", "@anna", "cb_"),
    ("control_center", "POST /v1/customers/K-1/callbacks/{}/move", f"cb_{UNKNOWN}", "@cb_K-2", "@anna", "x"),
    ("anna", "POST /v1/offers/{}/reject", f"off_{UNKNOWN}", "@off_over", "@off_talking", "@con_ringing", "off_"),
    ("anna", "POST /v1/contacts/{}/wrap-up", f"con_{UNKNOWN}", "@con_talking", "@con_over", "@off_ringing", "1"),
    ("anna", "GET /v1/contacts/{}", f"con_{UNKNOWN}", "@con_talking", "@cb_K-2", "con_01j"),
    ("luis", "GET /v1/contacts/{}", f"con_{UNKNOWN}", "@con_ringing", "@con_over"),
    ("anna", "POST /v1/absences/{}/cancel", f"abs_{UNKNOWN}", "@abs_ben", "@abs_carl", "@anna"),
    ("anna", "GET /v1/absences/{}", f"abs_{UNKNOWN}", "@abs_ben", "@abs_carl", "@anna"),
    ("customer", "GET /v1/customers/{}/advisor", "nobody", "K-2", "K-8", "k-1", "K%2F1", "@anna"),
    ("customer", "GET /v1/customers/{}/callbacks", "nobody", "K-2", "K-4"),
    ("customer", "POST /v1/customers/K-1/callbacks/{}/cancel", f"cb_{UNKNOWN}", "@cb_K-2", "@cb_K-4", "@anna"),
    ("luis", "POST /v1/absences/{}/approve", f"abs_{UNKNOWN}", "@abs_ben", "@abs_anna", "x"),
    ("anna", "GET /v1/advisors/{}/absences", f"adv_{UNKNOWN}", "@ben", "@carl"),
    ("admin", "DELETE /v1/machine-keys/{}", f"key_{UNKNOWN}", "@frieda", "key_"),
    ("admin", "PATCH /v1/accounts/{}", f"acc_{UNKNOWN}", "@key", "@anna", "me"),
    ("admin", "POST /v1/messages/{}/retry", f"msg_{UNKNOWN}", "@anna", "@off_over", "msg_"),
    ("supervisor", "DELETE /v1/closures/{}", f"clo_{UNKNOWN}", "@dec", "clo"),
    ("telephony", "POST /v1/telephony/dials/{}/events", f"att_{UNKNOWN}", "@off_ringing", "@cb_K-2", "att"),
    ("control_center", "GET /v1/decisions/{}", f"dec_{UNKNOWN}", "@rel", "@con_over", "dec_1"),
]
COMMANDS = {"move": {"slot_starts_at": "2026-11-24T10:00:00+01:00"}, "events": {"type": "ringing"}}
TRACED = {"X-Request-Id": "trace-0123456789abcdef"}


@pytest.mark.parametrize(("who", "request_line", "unknown", *["others"]), [(w, r, u, o) for w, r, u, *o in SAME])
async def test_what_is_somebody_elses_is_told_from_what_is_not_there_by_no_byte(
    company: tuple[Client, Names], who: str, request_line: str, unknown: str, others: list[str]
) -> None:
    client, names = company
    method, path = request_line.split(" ")
    command = COMMANDS.get(path.rpartition("/")[2], {}) if method in {"POST", "PATCH"} else None

    async def ask(identifier: str) -> Response:
        place = named(path.format(identifier), names)
        return await client.as_(who).request(method, place, json=command, headers=TRACED)

    expected = await ask(unknown)
    before = await fingerprints(client)

    assert expected.status_code in (403, 404)
    for other in others:
        answer = await ask(other)
        assert (answer.status_code, answer.content) == (expected.status_code, expected.content), other
        assert answer.headers == expected.headers
    assert changed(before, await fingerprints(client)) == set()


async def test_switch_that_says_more_than_we_know_is_logged_once(company: tuple[Client, Names]) -> None:
    client, _ = company
    event = {"type": "alive", "x_first_heard_of": CANARY, f"{CANARY} 1.1.1970": 1, "caller_city": "Berlin"}

    with structlog.testing.capture_logs() as logged:
        for event_id in ("n-1", "n-2"):
            body = {**event, "event_id": event_id}
            answer = await client.as_("telephony").post("/v1/telephony/calls/pbx-talking/events", json=body)
            assert answer.status_code == 200

    assert {line["pointer"] for line in logged} == {"/x_first_heard_of", "/*", "/caller_city"}
    assert len(logged) == 3
    assert CANARY not in str(logged)


async def test_after_all_this_every_invariant_holds(company: tuple[Client, Names]) -> None:
    client, _ = company
    services: Services = client.app.state.services

    async with services.database.reading() as session:
        found = await violations(session, services.clock.now())

    assert {name: broken for name, broken in found.items() if broken} == {}


def test_corpus_is_large_and_no_row_stands_twice() -> None:
    assert len(ROWS) + len(FILES) >= 320
    assert [name for name, times in Counter(map(str, ROWS)).items() if times > 1] == []
