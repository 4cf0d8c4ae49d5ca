"""Files of customers, advisors and numbers: good lines are kept, bad ones reported, a repeat changes nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import pytest

from customers.books import Books
from customers.bulk import Activations, Customers
from customers.staff_bulk import Advisors
from direct_dial.bulk import Numbers
from kit import bulk
from kit.bulk import Done, Importer, Report
from kit.database import Database, ReadSession, Session
from kit.errors import Fault
from kit.ids import IdMaker, new_id
from kit.records import Columns, Format
from tests.support.builders import WORKDAYS, a_customer, a_desk_group, a_market, a_product, a_site, an_advisor
from tests.support.builders import numbers as free_numbers

pytestmark = pytest.mark.database


async def bring_in(
    database: Database, importer: Importer[Any], content: str, now: datetime, written_as: Format = "csv"
) -> list[Report]:
    async def chunks() -> AsyncIterator[bytes]:
        yield content.encode()

    lines = bulk.lines_of(chunks(), written_as, importer)
    return [
        report async for reports in bulk.run(database, importer, lines, lambda: now, new_id) for report in reports
    ]


def told(reports: Sequence[Report]) -> list[tuple[int, str, str | None]]:
    """Line, outcome, and where it is wrong."""
    return [(r.line, r.outcome, f"{r.errors[0].pointer} {r.errors[0].code}" if r.errors else None) for r in reports]


CUSTOMERS = """external_ref;market;name;phones;languages;products;tier;expected_seconds
K-1;DE;Tischlerei Kiefer;089 99998-001|089 99998-002;de|en;hosting;business;
K-2;AT;;;;;;
K-3;DE;;110;;;;
K-4;DE;;;;gold;;
K-5;DE;;;;;;viel
;DE;;;;;;
K-1;DE;Kiefer & Söhne;;;;;
K-6;DE;;;;;;500
"""


async def test_customers_from_a_file(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        await a_market(session)
        await a_product(session, expected_seconds={"default": 360, "business": 720})

    reports = await bring_in(database, Customers(), CUSTOMERS, now)
    again = await bring_in(database, Customers(), CUSTOMERS, now)

    assert told(reports) == [
        (2, "created", None),
        (3, "error", "/market unknown_market"),
        (4, "error", "/phones/0 number_not_allowed"),
        (5, "error", "/products/0 unknown_product"),
        (6, "error", "/expected_seconds int_type"),
        (7, "error", "/external_ref missing"),
        (8, "updated", None),
        (9, "created", None),
    ]
    assert [(r.line, r.outcome) for r in again if r.outcome != "error"] == [
        (2, "updated"),
        (8, "updated"),
        (9, "skipped"),
    ]
    async with database.reading() as reading:
        rows = await reading.fetch("SELECT external_ref, name, expected_seconds FROM customers ORDER BY 1")
        phones = await reading.fetch_value("SELECT count(*) FROM customer_phones")
    assert [tuple(row.values()) for row in rows] == [("K-1", "Kiefer & Söhne", 360), ("K-6", None, 500)]
    assert phones == 0


async def test_phones_of_a_file_replace_those_before(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        await a_market(session)
    line = '{"external_ref": "K-1", "market": "DE", "phones": ["%s"]}\n'

    await bring_in(database, Customers(), line % "089 99998-001", now, "ndjson")
    (report,) = await bring_in(database, Customers(), line % "089 99998-002", now, "ndjson")

    assert report.outcome == "updated"
    async with database.reading() as reading:
        assert [row["number"] for row in await reading.fetch("SELECT number FROM customer_phones")] == [
            "+498999998002"
        ]


async def test_import_is_one_event_per_batch(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        await a_market(session)
    importer = Customers()
    importer.batch = 10
    content = "".join(f'{{"external_ref": "K-{n}", "market": "DE"}}\n' for n in range(25))

    await bring_in(database, importer, content, now, "ndjson")

    async with database.reading() as reading:
        rows = await reading.fetch("SELECT type, data FROM events ORDER BY id")
    assert [(row["type"], row["data"]["import"]["created"]) for row in rows] == [
        ("customers.imported", 10),
        ("customers.imported", 10),
        ("customers.imported", 5),
    ]


async def test_advisors_from_a_file(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        await a_market(session)
        await a_desk_group(session, name="Nord", site=await a_site(session, name="Berlin"))
    week = json.dumps(WORKDAYS).replace('"', '""')
    content = (
        "external_ref,name,site,desk_group,languages,markets,skills,working_pattern,book\n"
        f'P-1,Anna Ahorn,Berlin,Nord,de|en,DE,dns:3|mail:1:2027-01-01T00:00:00Z,"{week}",\n'
        f'P-2,Berta Buche,Berlin,Nord,de,DE,dns:6,"{week}",\n'
        f'P-3,Carla Cipresse,Bonn,Nord,de,DE,dns:1,"{week}",\n'
        f'P-4,Doris Douglasie,Berlin,,de,DE,,"{week}","{{""cap_s"": 3600}}"\n'
    )

    reports = await bring_in(database, Advisors(), content, now)
    again = await bring_in(database, Advisors(), content, now)

    assert told(reports) == [
        (2, "created", None),
        (3, "error", "/skills/0/level less_than_equal"),
        (4, "error", "/site unknown_site"),
        (5, "created", None),
    ]
    assert [r.outcome for r in again] == ["skipped", "error", "error", "skipped"]
    assert reports[0].more["id"].startswith("adv_")
    async with database.reading() as reading:
        rows = await reading.fetch(
            "SELECT a.external_ref, b.cap_s, p.state, m.desk_group_id IS NOT NULL AS seated,"
            " (SELECT count(*) FROM advisor_skills s WHERE s.advisor_id = a.id) AS skills"
            " FROM advisors a JOIN books b ON b.advisor_id = a.id JOIN presences p ON p.advisor_id = a.id"
            " LEFT JOIN desk_group_members m ON m.advisor_id = a.id ORDER BY 1"
        )
    assert [tuple(row.values()) for row in rows] == [
        ("P-1", 175_500, "offline", True, 2),
        ("P-4", 3600, "offline", False, 0),
    ]


async def test_numbers_from_a_file(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        await a_market(session)
        await a_market(session, "AT")
    content = (
        "number,market,trunk\n030 23125-001,DE,\n030 23125-002,DE,\n069 90009-001,DE,+496990009\n"
        "040 66969-001,DE,+493023125\n112,DE,\n030 23125-003,CH,\n030 23125-001,AT,\n"
    )

    reports = await bring_in(database, Numbers(), content, now)
    again = await bring_in(database, Numbers(), content, now)

    assert told(reports) == [
        (2, "created", None),
        (3, "created", None),
        (4, "created", None),
        (5, "error", "/trunk trunk_foreign"),
        (6, "error", "/number number_not_allowed"),
        (7, "error", "/market unknown_market"),
        (8, "error", "/market elsewhere"),
    ]
    assert [r.outcome for r in again[:3]] == ["skipped"] * 3
    async with database.reading() as reading:
        rows = await reading.fetch("SELECT number, trunk FROM direct_dial_numbers ORDER BY 1")
    assert {row["number"]: row["trunk"] for row in rows} == {
        "+493023125001": "+493023125",
        "+493023125002": "+493023125",
        "+496990009001": "+496990009",
    }


async def test_advisors_for_many_customers(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        await an_advisor(session, cap_s=720)
        await free_numbers(session, 1)
        for n in range(3):
            await a_customer(session, external_ref=f"K-{n}")
    content = "external_ref\nK-0\nK-1\nnobody\nK-0\nK-2\n"

    reports = await bring_in(database, Activations(Books()), content, now)

    assert [(r.line, r.outcome, r.word) for r in reports] == [
        (2, "created", None),
        (3, "created", None),
        (4, "error", "not-found"),
        (5, "skipped", None),
        (6, "error", "no-advisor-fits"),
    ]
    assert reports[0].more == reports[3].more


class Picky:
    """An importer whose database refuses a batch for one of its records."""

    name = "picky"
    columns = Columns(frozenset())
    batch = 8

    def __init__(self) -> None:
        self.statements = 0

    async def prepare(self, session: ReadSession, /) -> None: ...

    def read(self, value: Any, /) -> int:
        return int(value["n"])

    def key(self, record: int, /) -> str:
        return str(record)

    async def write(
        self, session: Session, records: Sequence[int], now: datetime, _: IdMaker, /
    ) -> Sequence[Done | Fault]:
        self.statements += 1
        await session.fetch_value("SELECT 1 / $1::integer", 0 if 5 in records else 1)
        return [Done("created") for _ in records]


async def test_refused_batch_is_halved_until_the_bad_one_is_found(database: Database, now: datetime) -> None:
    importer = Picky()
    content = "".join(f'{{"n": {n}}}\n' for n in range(16))

    reports = await bring_in(database, importer, content, now, "ndjson")

    assert [r.line for r in reports if r.outcome == "created"] == [n for n in range(1, 17) if n != 6]
    assert told([reports[5]]) == [(6, "error", " refused")]
    assert importer.statements == 1 + 2 * 3 + 1
