"""Two people who edit the same thing: nobody overwrites what they have not seen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.door import Door
from api.services import Services
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import decode
from kit.settings import Settings
from tests.api.version_matrix import EDITED, REQUIRED, SHOWN
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import Names, founded
from tests.support import postgres
from tests.support.api import Client, Response, make_app, make_client
from tests.support.builders import WORKDAYS

pytestmark = pytest.mark.database

EDITORS = 4
PATIENCE = timedelta(seconds=20)
STALE = '"AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAA"'


@pytest.fixture
async def company(server_uri: str, settings: Settings) -> AsyncIterator[tuple[Client, Names]]:
    name = f"versions_{uuid4().hex[:12]}"
    patient = settings.model_copy(
        update=dict.fromkeys(("lock_timeout", "statement_timeout", "idle_in_transaction_timeout"), PATIENCE)
    )
    database = Database(await postgres.create_database(server_uri, name), patient, application="tests")
    yield await founded(await make_client(make_app(database, VirtualClock(MONDAY_MORNING), settings)))
    await database.close()
    await postgres.drop_database(server_uri, name)


def doors(app: FastAPI) -> dict[str, Door]:
    return {
        f"{method} {route.path}": route
        for route in app.routes
        if isinstance(route, Door)
        for method in route.methods or ()
    }


def test_table_and_code_say_the_same(settings: Settings, shared_database: Database) -> None:
    found = doors(create_app(Services(shared_database, VirtualClock(MONDAY_MORNING), settings)))

    edited = {name: door.versioned for name, door in found.items() if door.versioned in ("optional", "required")}
    shown = {name for name, door in found.items() if door.versioned == "never" and name.startswith("GET ")}
    assert edited == EDITED
    assert shown == set(SHOWN)


MARKET = {
    "phone_region": "DE",
    "time_zone": "Europe/Berlin",
    "languages": ["de"],
    "opening_hours": WORKDAYS,
}
ADVISOR = {"site": "Berlin", "languages": ["de"], "markets": ["DE"], "working_pattern": WORKDAYS}
BODIES: dict[str, dict[str, Any]] = {
    "PUT /v1/markets/{market_id}": MARKET,
    "PUT /v1/sites/{site_id}": {"time_zone": "Europe/Berlin"},
    "PUT /v1/products/{product_id}": {"skill": "hosting"},
    "PUT /v1/desk-groups/{group_id}": {"site": "Berlin"},
    "PUT /v1/advisors/{advisor_id}": ADVISOR,
    "PUT /v1/customers/{external_ref}": {"market": "DE"},
    "PATCH /v1/accounts/{account_id}": {},
    "PUT /v1/webhooks/{webhook_id}": {"url": "https://crm.example/hooks", "types": ["*"]},
}
"""What is sent besides the name, which tells one editor from another."""

WHO = {"remarks": "anna", "absences": "supervisor", "leaving": "supervisor"}


def body_of(name: str, editor: int) -> dict[str, Any] | None:
    if name in BODIES:
        return {**BODIES[name], "name": f"Editor {editor}"}
    if name.endswith("/remarks"):
        return {"text": f"Editor {editor}"}
    if name.endswith("/policies"):
        return {"rules": {"wrap_up_limit_s": 10 + editor}}
    if name == "POST /v1/advisors/{advisor_id}/leaving":
        return {"leaving_at": f"2026-12-{10 + editor}T00:00:00+01:00"}
    return {} if name.endswith("/approve") else None


def place(name: str, names: Names) -> str:
    """The path of something of that kind in the company."""
    things = {
        "market_id": "DE",
        "site_id": names["berlin"],
        "product_id": "hosting",
        "group_id": names["nord"],
        "advisor_id": names["anna"],
        "absence_id": names["abs_ben"],
        "account_id": names["frieda"],
        "external_ref": "K-1",
        "closure_id": names["clo"],
        "webhook_id": names["whk"],
        "key_id": names["sig"] if "signing" in name else names["key"],
    }
    return name.split(" ")[1].format(**things)


async def edit(client: Client, names: Names, name: str, tag: str | None, editor: int = 1) -> Response:
    who = next((who for part, who in WHO.items() if part in name), "admin")
    return await client.as_(who).request(
        name.split(" ")[0], place(name, names), json=body_of(name, editor), headers={"If-Match": tag}
    )


async def prepared(client: Client, names: Names, name: str) -> None:
    """Whoever is to stay is about to leave."""
    if name == "DELETE /v1/advisors/{advisor_id}/leaving":
        leaves = await edit(client, names, "POST /v1/advisors/{advisor_id}/leaving", "*")
        assert leaves.status_code == 200


async def read(client: Client, names: Names, name: str, **headers: str) -> Response:
    """What is there, by the route that shows it."""
    source = next(shown for shown, edited in SHOWN.items() if kind_of(edited) == kind_of(name))
    who = "supervisor" if "absences" in source or "customers" in source else "admin"
    return await client.as_(who).get(place(source, names), headers=headers)


def kind_of(name: str) -> str:
    kind = name.split("/")[2]
    return next((f"{kind}/{end}" for end in ("policies", "remarks") if name.endswith(f"/{end}")), kind)


@pytest.mark.parametrize("name", EDITED)
async def test_change_is_made_to_the_version_that_was_read_and_to_no_other(
    company: tuple[Client, Names], name: str
) -> None:
    client, names = company
    await prepared(client, names, name)
    before = await read(client, names, name)

    missing = await edit(client, names, name, None) if EDITED[name] == REQUIRED else None
    stale = await edit(client, names, name, STALE)
    weak = await edit(client, names, name, "W/" + before.headers["ETag"])
    unchanged = await read(client, names, name)
    done = await edit(client, names, name, f"{STALE}, {before.headers['ETag']}")

    if missing is not None:
        assert missing.status_code == 428, missing.text
        assert missing.json()["type"].endswith("/precondition-required")
    for refused in (stale, weak):
        assert refused.status_code == 412, refused.text
        assert refused.json()["type"].endswith("/precondition-failed")
        assert refused.json()["etag"] == refused.headers["ETag"] == before.headers["ETag"]
    assert (unchanged.headers["ETag"], unchanged.content) == (before.headers["ETag"], before.content)
    assert done.status_code in (200, 201, 204), done.text
    assert (await edit(client, names, name, before.headers["ETag"], 2)).status_code in (404, 412), "lost update"


@pytest.mark.parametrize("name", SHOWN)
async def test_who_has_the_very_same_is_told_so_without_a_body(company: tuple[Client, Names], name: str) -> None:
    client, names = company
    first = await read(client, names, SHOWN[name])
    tag = first.headers["ETag"]

    same = await read(client, names, SHOWN[name], **{"If-None-Match": f"W/{tag}"})
    other = await read(client, names, SHOWN[name], **{"If-None-Match": STALE})

    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert (other.status_code, other.content) == (200, first.content)


ROOTS = {"external_ref": "external_ref", "market_id": "id", "product_id": "id"}
"""Where the path names something by a text of its own: the column."""

WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@contextlib.asynccontextmanager
async def barrier(client: Client, names: Names, name: str) -> AsyncIterator[None]:
    """Holds the row that is to be edited until all editors have come so far that they wait."""
    services: Services = client.app.state.services
    parameter = name.partition("{")[2].partition("}")[0]
    table = name.split("/")[2].replace("-", "_")
    value = place(name, names).split("/")[3]
    key = value if parameter in ROOTS else decode(value.partition("_")[0], value)
    async with services.database.lane() as lane, lane.raw.transaction():
        await lane.raw.execute(f"SELECT FROM {table} WHERE {ROOTS.get(parameter, 'id')} = $1 FOR UPDATE", key)
        yield
        async with services.database.reading() as watching, asyncio.timeout(PATIENCE.total_seconds()):
            while await watching.fetch_value(WAITING) < EDITORS:
                pass  # each look is a round trip, so nobody is kept from coming


@pytest.mark.parametrize("name", EDITED)
async def test_of_editors_at_once_one_wins_and_the_others_hear_of_it(
    company: tuple[Client, Names], name: str
) -> None:
    client, names = company
    await prepared(client, names, name)
    tag = (await read(client, names, name)).headers["ETag"]

    async with barrier(client, names, name):
        editors = [asyncio.create_task(edit(client, names, name, tag, editor)) for editor in range(EDITORS)]
    answers = await asyncio.gather(*editors)

    won = [answer for answer in answers if answer.status_code < 300]
    lost = [answer for answer in answers if answer.status_code >= 300]
    assert len(won) == 1, [answer.status_code for answer in answers]
    assert {answer.status_code for answer in lost} <= {412, 404}, [answer.text for answer in lost]
    if "ETag" in won[0].headers:
        now = await read(client, names, name)
        assert now.headers["ETag"].partition(".")[0] == won[0].headers["ETag"].partition(".")[0]


async def test_of_those_who_create_the_same_one_wins(company: tuple[Client, Names]) -> None:
    client, _ = company
    await asyncio.gather(*(client.as_("admin").get("/v1/sites") for _ in range(EDITORS)))  # all are connected then

    for path, body in (
        ("/v1/markets/AT", {**MARKET, "name": "Austria"}),
        ("/v1/products/mail", {"skill": "mail", "name": "E-Mail"}),
        ("/v1/customers/K-77", {"market": "DE"}),
    ):
        puts = [client.as_("admin").put(path, json=body, headers={"If-None-Match": "*"}) for _ in range(EDITORS)]
        answers = await asyncio.gather(*puts)

        assert {answer.status_code for answer in answers} <= {201, 409, 412}
        assert [answer.status_code for answer in answers].count(201) == 1


async def test_what_is_not_there_has_no_version(company: tuple[Client, Names]) -> None:
    client, _ = company

    answer = await client.as_("admin").put(
        "/v1/products/mail", json={"skill": "mail", "name": "E-Mail"}, headers={"If-Match": "*"}
    )

    assert answer.status_code == 412
    assert answer.json()["etag"] is None
    assert "ETag" not in answer.headers


async def test_activation_makes_no_edit_of_the_advisor_stale_but_shows_another_load(
    company: tuple[Client, Names],
) -> None:
    client, names = company
    name = "PUT /v1/advisors/{advisor_id}"
    before = await read(client, names, name)

    activated = await client.as_("control_center").post("/v1/customers/K-7/advisor", json={})
    chosen = {**names, "anna": activated.json()["advisor"]["id"]}
    shown = await read(client, chosen, name, **{"If-None-Match": before.headers["ETag"]})
    edited = await edit(client, names, name, before.headers["ETag"])

    assert shown.status_code == 200
    assert edited.status_code == 200, edited.text


async def test_new_password_is_a_new_version_though_nobody_sees_it(company: tuple[Client, Names]) -> None:
    client, names = company
    before = await read(client, names, "PATCH /v1/accounts/{account_id}")
    path = f"/v1/accounts/{names['frieda']}"
    another = {"password": "another horse battery"}  # pragma: allowlist secret

    changed = await client.as_("admin").patch(path, json=another)

    assert {**changed.json()} == before.json()
    assert changed.headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize(
    "written", ["", "abc", '"abc', 'abc"', '"a" "b"', '"a",', '*, "a"', '"a\tb"', '"' + "a" * 7000, "W/*", 'w/"a"']
)
async def test_condition_that_is_none_is_refused(company: tuple[Client, Names], written: str) -> None:
    client, names = company

    for header in ("If-Match", "If-None-Match"):
        answer = await client.as_("admin").put(
            f"/v1/sites/{names['berlin']}",
            json={"name": "Berlin", "time_zone": "Europe/Berlin"},
            headers={"If-Match": "*", header: written},
        )

        assert answer.status_code == 400, f"{header}: {written}"
        assert answer.json()["type"].endswith("/precondition-unreadable")
