"""Export tells everything, erasure leaves nothing: a canary in every column that may tell of a customer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ARRAY, JSON, LargeBinary, Table

from api.exchange import exchange_of
from api.services import Services
from kit import invariants
from kit.database import Database
from kit.ids import decode, encode
from migrations.ground import with_database
from privacy import service
from privacy.erasing import erase
from privacy.paths import CUSTOMER
from privacy.tags import columns, tables
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import GENERAL, Names, founded
from tests.privacy.canaries import passed
from tests.support import postgres
from tests.support.api import Client

pytestmark = pytest.mark.database

REF, PHONE, REASON = "C-1", "+498999998777", "Rotkehlchen will nicht"
UNCHANGED = {
    ("customers", "calling_hours"),
    ("callback_attempts", "number"),
    ("contacts", "switch_call_id"),
    ("callbacks", "final_reason"),
}
"""Checked or referred to by others: they keep what the story has put there."""


def canary(table: str, column: str) -> str:
    return f"Kanarienvogel.{table}.{column}"


def planted(table: Table, column: str) -> str:
    """The SQL of a canary that fits the column."""
    kind, word = table.columns[column].type, canary(table.name, column)
    if isinstance(kind, ARRAY):
        return f"ARRAY['{word}']"
    if isinstance(kind, JSON):
        return f"""'{{"bird": "{word}"}}'::jsonb"""
    return f"convert_to('{word}', 'UTF8')" if isinstance(kind, LargeBinary) else f"'{word}'"


@pytest.fixture
async def company(client: Client) -> tuple[Client, Names]:
    return await founded(client)


async def told(client: Client, who: str, method: str, path: str, body: Any = None) -> Any:
    answer = await client.as_(who).request(method, path, **({} if body is None else {"json": body}))
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def a_story(client: Client) -> UUID:
    """Somebody who has an advisor, has called, and was promised two callbacks; returns the id."""
    portal, switch = "control_center", "telephony"
    week = {"mon": [["08:00", "12:00"]]}
    body = {"market": "DE", "name": "Erika", "phones": [PHONE], "languages": ["de"], "calling_hours": week}
    customer = await told(client, portal, "PUT", f"/v1/customers/{REF}", body)
    await told(client, portal, "POST", f"/v1/customers/{REF}/advisor", {})
    call = {"call_id": f"pbx-{PHONE[1:]}", "from": PHONE, "to": GENERAL}
    await told(client, switch, "POST", "/v1/telephony/calls", call)
    await told(
        client, switch, "POST", f"/v1/telephony/calls/pbx-{PHONE[1:]}/events", {"type": "hangup", "leg": "caller"}
    )
    await passed(client.app.state.services)
    await told(client, portal, "POST", f"/v1/customers/{REF}/chats", {"text": "Guten Tag"})
    slots = (await told(client, portal, "GET", f"/v1/customers/{REF}/callback-slots"))["slots"]
    for slot in slots[-2:]:
        wish = {"slot_starts_at": slot["starts_at"], "topic": "Domain"}
        made = await told(client, portal, "POST", f"/v1/customers/{REF}/callbacks", wish)
        if slot is not slots[-1]:
            cancel = f"/v1/customers/{REF}/callbacks/{made['id']}/cancel"
            await told(client, portal, "POST", cancel, {"reason": REASON})
    return decode("cus", customer["id"])


async def as_owner(database: Database, *statements: str) -> None:
    async with database.reading() as session:
        name = await session.fetch_value("SELECT current_database()")
    await postgres.execute(postgres.as_owner(with_database(postgres.server_uri(), name)), *statements)


async def an_attempt(database: Database, customer_id: UUID) -> None:
    """A dial of long ago, as if they had been called back."""
    await as_owner(
        database,
        f"""
        INSERT INTO callback_attempts (token, market_id, callback_id, advisor_id, ordinal, number, committed_at,
            handed_at, ended_at, result)
        SELECT gen_random_uuid(), market_id, id, advisor_id, 1, '{PHONE}', created_at, created_at, created_at,
            'not_reached'
        FROM callbacks WHERE customer_id = '{customer_id}' LIMIT 1
        """,
    )


async def an_attachment(database: Database, customer_id: UUID) -> None:
    await as_owner(
        database,
        f"""
        INSERT INTO attachments (id, market_id, message_id, name, type, size, content)
        SELECT gen_random_uuid(), m.market_id, m.id, 'bird.png', 'image/png', 4, 'bird'::bytea
        FROM thread_messages m JOIN threads t ON t.id = m.thread_id WHERE t.customer_id = '{customer_id}'
        """,
    )


UNREAD_OF_NOBODY = """
SELECT n.id FROM contact_notes AS n JOIN contacts AS c ON c.id = n.contact_id
WHERE n.state = 'unread' AND c.customer_id IS NULL
"""


async def told_by_colleagues(database: Database, customer_id: UUID) -> None:
    """Remarks of the own advisor, and a note of a colleague's that nobody has read."""
    own = f"(SELECT advisor_id FROM relationships WHERE customer_id = '{customer_id}' AND ends_at IS NULL)"
    await as_owner(
        database,
        f"""
        INSERT INTO customer_remarks (customer_id, market_id, text, written_by, updated_at)
        SELECT id, market_id, 'x', {own}, created_at FROM customers WHERE id = '{customer_id}'
        """,
        f"""
        INSERT INTO contact_notes (id, market_id, contact_id, from_advisor_id, to_advisor_id, state, written_at)
        SELECT gen_random_uuid(), market_id, id, {own}, {own}, 'unread', received_at
        FROM contacts WHERE customer_id = '{customer_id}' LIMIT 1
        """,
    )


async def plant(database: Database, customer_id: UUID) -> None:
    """A canary in every personal column of every table that is about them."""
    values: Mapping[str, str] = {"$1": f"'{customer_id}'::uuid", "$2": f"'{encode('cus', customer_id)}'"}
    for table in (table for table in tables() if table.name in CUSTOMER):
        condition = CUSTOMER[table.name]
        for place, value in values.items():
            condition = condition.replace(place, value)
        names = [name for name in columns(table, "personal") if (table.name, name) not in UNCHANGED]
        # what leads to the others is planted last
        for name in sorted(names, key=lambda name: name in ("number", "caller_number")):
            if (table.name, name) in {
                ("customer_phones", "number"),
                ("callbacks", "number"),
                ("contacts", "caller_number"),
            }:
                continue
            await as_owner(
                database, f'UPDATE "{table.name}" SET "{name}" = {planted(table, name)} WHERE {condition}'
            )


async def whole(database: Database) -> str:
    """Every row of every table, as text; what is bytes is read as hexadecimal and as text."""
    async with database.reading() as session:
        names = await session.fetch("SELECT tablename AS t FROM pg_tables WHERE schemaname = 'public'")
        found = []
        for name in names:
            if name["t"].startswith(("events_", "audit_2", "audit_default", "decisions_")):
                continue  # read through their parents
            found += [row["t"] for row in await session.fetch(f'SELECT t::text AS t FROM "{name["t"]}" AS t')]
    return "\n".join(found)


def seen(text: str, *words: str) -> list[str]:
    return [word for word in words if word in text or word.encode().hex() in text]


async def test_export_tells_every_canary_and_erasure_leaves_none(
    company: tuple[Client, Names], database: Database
) -> None:
    client, _ = company
    services: Services = client.app.state.services
    customer_id = await a_story(client)
    await an_attempt(database, customer_id)
    await an_attachment(database, customer_id)
    await told_by_colleagues(database, customer_id)
    await plant(database, customer_id)

    async with database.reading() as session:
        exported = json.dumps(await service.export_customer(session, REF, MONDAY_MORNING), default=str)
    for table in (table for table in tables() if table.name in CUSTOMER):
        for name in columns(table, "personal"):
            assert f'"{name}"' in exported, f"{table.name}.{name} is not told"
            if canary(table.name, name) in await whole(database):
                assert canary(table.name, name) in exported
    assert PHONE in exported
    assert exported.count("Kanarienvogel") >= 8

    async with database.transaction() as session:
        assert await erase(session, exchange_of(services), customer_id, services.clock.now())

    assert seen(await whole(database), "Kanarienvogel", PHONE, REF, REASON, "Erika") == []
    async with database.reading() as session:
        assert await session.fetch(UNREAD_OF_NOBODY) == []
        assert await invariants.violations(session, services.clock.now()) == {}


async def test_search_for_what_was_left_would_find_it(company: tuple[Client, Names], database: Database) -> None:
    client, _ = company
    customer_id = await a_story(client)
    await plant(database, customer_id)

    assert seen(await whole(database), "Kanarienvogel", PHONE, REF, REASON) == ["Kanarienvogel", PHONE, REF, REASON]


async def test_erasing_a_second_time_changes_nothing(company: tuple[Client, Names], database: Database) -> None:
    client, _ = company
    exchange = exchange_of(client.app.state.services)
    customer_id = await a_story(client)

    done = []
    for _ in range(2):
        async with database.transaction() as session:
            done.append(await erase(session, exchange, customer_id, MONDAY_MORNING))

    assert done == [True, False]


async def test_it_takes_two_persons(company: tuple[Client, Names], database: Database) -> None:
    client, _ = company
    await a_story(client)
    asked = await told(client, "auditor", "POST", f"/v1/customers/{REF}/erase", {"reason": "customer_request"})

    same = await client.as_("auditor").post(f"/v1/erasures/{asked['id']}/approve")
    assert (same.status_code, same.json()["type"].rpartition("/")[2]) == (409, "same-person")
    assert (await client.as_("auditor").get(f"/v1/customers/{REF}/export")).status_code == 200

    other = await told(client, "admin", "POST", f"/v1/erasures/{asked['id']}/approve")
    again = await told(client, "admin", "POST", f"/v1/erasures/{asked['id']}/approve")
    assert (other["state"], again) == ("done", other)
    assert (await client.as_("auditor").get(f"/v1/customers/{REF}/export")).status_code == 404
    late = await client.as_("admin").post(f"/v1/erasures/{asked['id']}/decline")
    assert (late.status_code, late.json()["present_state"]) == (409, "done")


async def test_request_is_made_once_and_can_be_declined_and_made_again(company: tuple[Client, Names]) -> None:
    client, _ = company
    await a_story(client)
    path, body = f"/v1/customers/{REF}/erase", {"reason": "customer_request"}
    first = await told(client, "control_center", "POST", path, body)
    assert await told(client, "control_center", "POST", path, body) == first
    await told(client, "admin", "POST", f"/v1/erasures/{first['id']}/decline")

    second = await told(client, "control_center", "POST", path, body)

    assert second["id"] != first["id"]
    listed = await told(client, "auditor", "GET", "/v1/erasures?state=requested")
    assert [one["id"] for one in listed["items"]] == [second["id"]]


async def test_open_promise_is_cancelled_and_stays_in_the_ledger(
    company: tuple[Client, Names], database: Database
) -> None:
    client, _ = company
    customer_id = await a_story(client)

    async with database.transaction() as session:
        await erase(session, exchange_of(client.app.state.services), customer_id, MONDAY_MORNING)

    async with database.reading() as session:
        rows = await session.fetch(
            "SELECT state, final_reason, number FROM callbacks WHERE final_reason = 'erased'"
        )
    assert [dict(row) for row in rows] == [{"state": "cancelled", "final_reason": "erased", "number": None}] * 2


async def test_nobody_is_erased_while_somebody_speaks_with_them(company: tuple[Client, Names]) -> None:
    client, _ = company
    asked = await told(client, "supervisor", "POST", "/v1/customers/K-2/erase", {"reason": "unlawful"})

    refused = await client.as_("auditor").post(f"/v1/erasures/{asked['id']}/approve")

    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/call-under-way")
    assert refused.json()["present_state"] == "connected"


async def test_whom_a_restore_brings_back_is_erased_again(
    company: tuple[Client, Names], database: Database
) -> None:
    """The backup is older than the erasure, so it knows nothing of it; the replaced database does."""
    client, _ = company
    services: Services = client.app.state.services
    customer_id = await a_story(client)
    asked = await told(client, "auditor", "POST", f"/v1/customers/{REF}/erase", {"reason": "customer_request"})
    await as_owner(database, "CREATE TABLE backup AS SELECT * FROM customers WHERE external_ref = 'C-1'")
    await told(client, "admin", "POST", f"/v1/erasures/{asked['id']}/approve")
    async with database.reading() as session:
        known = await service.done(session)
    await as_owner(
        database, "INSERT INTO customers SELECT * FROM backup", "DROP TABLE backup", "DELETE FROM erasures"
    )

    again = []
    for _ in range(2):
        async with database.transaction() as session:
            again.append(await service.erase_again(session, exchange_of(services), MONDAY_MORNING, known))

    assert again == [[customer_id], []]
    assert seen(await whole(database), REF, "Erika") == []


async def test_person_sees_what_is_kept_of_them_and_no_secret(company: tuple[Client, Names]) -> None:
    client, _ = company

    own = await told(client, "anna", "GET", "/v1/sessions/current/export")

    assert own["data"]["advisors"]["rows"][0]["name"] == "Anna"
    assert own["data"]["accounts"]["rows"][0]["email"].endswith("@desk.example")
    assert "absences" in own["data"]
    assert "password_hash" not in json.dumps(own)
