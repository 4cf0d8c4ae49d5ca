"""Files through the doors: streamed in, reported line by line, of any size."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kit.database import Database
from tests.support.api import Client, Response
from tests.support.builders import a_customer, a_market, a_product, an_advisor, numbers

NDJSON = {"Content-Type": "application/x-ndjson"}
CSV = {"Content-Type": "text/csv; charset=utf-8"}


def lines(answer: Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
async def control_center(client: Client, database: Database) -> Client:
    async with database.transaction() as session:
        await a_market(session)
        await a_product(session)
    return client.as_("control_center")


async def test_each_line_is_answered(control_center: Client) -> None:
    content = '{"external_ref": "K-1", "market": "DE"}\nnix\n{"external_ref": "K-2", "market": "XX"}\n'

    answer = await control_center.post("/v1/imports/customers", content=content, headers=NDJSON)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert lines(answer) == [
        {"line": 1, "outcome": "created"},
        {"line": 2, "outcome": "error", "errors": [{"pointer": "", "code": "malformed"}]},
        {
            "line": 3,
            "outcome": "error",
            "code": "unknown-market",
            "errors": [{"pointer": "/market", "code": "unknown_market"}],
        },
        {"done": True, "created": 1, "error": 2},
    ]


async def test_file_may_be_larger_than_other_bodies(control_center: Client) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"external_ref,market,name\n"
        for n in range(5000):
            yield f"K-{n},DE,{'x' * 40}\n".encode()

    answer = await control_center.post(
        "/v1/imports/customers", content=content(), headers=CSV, params={"errors_only": True}
    )

    assert lines(answer) == [{"done": True, "created": 5000}]


async def test_nothing_personal_is_repeated(control_center: Client) -> None:
    content = '{"external_ref": "K-1", "market": "DE", "phones": ["Kanarienvogel"], "name": "Kanari\\u0000"}\n'

    answer = await control_center.post("/v1/imports/customers", content=content, headers=NDJSON)

    assert "Kanari" not in answer.text
    assert lines(answer)[0]["outcome"] == "error"


async def test_many_get_an_advisor(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        await an_advisor(session)
        await numbers(session, 1)
        for n in range(3):
            await a_customer(session, external_ref=f"K-{n}")
    content = "".join(f'{{"external_ref": "K-{n}"}}\n' for n in range(4))

    answer = await control_center.post("/v1/activations", content=content, headers=NDJSON)

    assert lines(answer)[-1] == {"done": True, "created": 3, "error": 1}
    assert lines(answer)[0]["relationship_id"].startswith("rel_")
    card = await control_center.get("/v1/customers/K-2/advisor")
    assert card.status_code == 200


async def test_doors_of_files(client: Client) -> None:
    for who, path, kind, status in (
        (None, "/v1/imports/customers", NDJSON, 401),
        ("telephony", "/v1/imports/customers", NDJSON, 403),
        ("control_center", "/v1/imports/advisors", NDJSON, 403),
        ("control_center", "/v1/imports/numbers", NDJSON, 403),
        ("control_center", "/v1/imports/houses", NDJSON, 404),
        ("control_center", "/v1/imports/customers", {"Content-Type": "application/json"}, 415),
        ("control_center", "/v1/imports/customers", {"Content-Type": "text/csv; charset=utf-16"}, 415),
    ):
        answer = await client.as_(who).post(path, content=b"", headers=kind)

        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"


async def test_empty_file_is_done_at_once(control_center: Client) -> None:
    answer = await control_center.post("/v1/imports/customers", content=b"", headers=CSV)

    assert (answer.status_code, lines(answer)) == (200, [{"done": True}])
