"""Customers and products through the HTTP doors: as a control center brings them, and as they are refused."""

from __future__ import annotations

from typing import Any

from kit.database import Database
from tests.support.api import Client
from tests.support.builders import (
    a_market,
)

CRAFTSMAN: dict[str, Any] = {
    "market": "DE",
    "name": "Tischlerei Kiefer",
    "phones": ["089 99998-123", "+49 (0)221 4710-007"],
    "languages": ["de-DE", "en"],
    "products": ["hosting"],
    "tier": "business",
    "calling_hours": {"mon": [["08:00", "10:00"]]},
}


async def test_customer_is_created_then_replaced(control_center: Client) -> None:
    created = await control_center.put("/v1/customers/K-1", json=CRAFTSMAN)
    replaced = await control_center.put("/v1/customers/K-1", json={"market": "DE", "phones": ["089 99998-124"]})
    read = await control_center.get("/v1/customers/K-1")

    assert (created.status_code, replaced.status_code) == (201, 200)
    assert created.json()["phones"] == ["+492214710007", "+498999998123"]
    assert (created.json()["languages"], created.json()["expected_seconds"]) == (["de", "en"], 600)
    assert created.json()["calling_hours"] == {"mon": [["08:00", "10:00"]]}
    assert read.json() == replaced.json()
    assert read.json()["id"] == created.json()["id"]
    assert (read.json()["phones"], read.json()["name"], read.json()["tier"]) == (
        ["+498999998124"],
        None,
        "standard",
    )


async def test_put_that_changes_nothing_announces_nothing(control_center: Client, database: Database) -> None:
    await control_center.put("/v1/customers/K-1", json=CRAFTSMAN)

    again = await control_center.put("/v1/customers/K-1", json=CRAFTSMAN)

    assert again.status_code == 200
    async with database.reading() as session:
        rows = await session.fetch("SELECT type FROM events WHERE type LIKE 'customer.%'")
    assert [row["type"] for row in rows] == ["customer.added"]


BAD_CUSTOMERS: list[tuple[dict[str, Any], str, str]] = [
    ({"market": "AT"}, "/market", "unknown_market"),
    ({"market": "de"}, "/market", "string_pattern_mismatch"),
    ({"products": ["hosting", "gold"]}, "/products/1", "unknown_product"),
    ({"phones": ["089 99998-123", "110"]}, "/phones/1", "number_not_allowed"),
    ({"phones": ["089 99998-123", "Anna"]}, "/phones/1", "number_unreadable"),
    ({"phones": ["٠٨٩"]}, "/phones/0", "number_unreadable"),
    ({"time_zone": "Berlin"}, "/time_zone", "unknown_zone"),
    ({"time_zone": "../../etc/passwd"}, "/time_zone", "string_pattern_mismatch"),
    ({"calling_hours": {"mon": [["10:00", "08:00"]]}}, "/calling_hours", "ends_before_it_starts"),
    ({"calling_hours": {"mo": [["08:00", "10:00"]]}}, "/calling_hours", "unknown_weekday"),
    ({"calling_hours": {"mon": ["08:00", "10:00"]}}, "/calling_hours/mon/0", "list_type"),
    ({"expected_seconds": 0}, "/expected_seconds", "greater_than_equal"),
    ({"expected_seconds": 10**30}, "/expected_seconds", "less_than_equal"),
    ({"name": "zwei\nZeilen"}, "/name", "one_line"),
    ({"name": " "}, "/name", "string_too_short"),
    ({"email": "anna"}, "/email", "string_pattern_mismatch"),
    ({"kind": "gold"}, "/kind", "unknown_field"),
    ({"languages": ["deutsch!"]}, "/languages/0", "string_pattern_mismatch"),
    ({"phones": None}, "/phones", "list_type"),
]


async def test_what_cant_be_read_is_said_with_its_place(control_center: Client) -> None:
    for change, pointer, code in BAD_CUSTOMERS:
        answer = await control_center.put("/v1/customers/K-1", json={**CRAFTSMAN, **change})

        assert answer.status_code == 422, change
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"pointer": pointer, "code": code} in answer.json()["errors"], change
    assert (await control_center.get("/v1/customers/K-1")).status_code == 404


async def test_customer_stays_in_their_market(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        await a_market(session, "AT")
    await control_center.put("/v1/customers/K-1", json=CRAFTSMAN)

    moved = await control_center.put("/v1/customers/K-1", json={"market": "AT"})

    assert (moved.status_code, moved.json()["type"].rsplit("/")[-1]) == (409, "market-fixed")
    assert (await control_center.get("/v1/customers/K-1")).json()["name"] == "Tischlerei Kiefer"


async def test_who_is_not_there_is_not_found(control_center: Client) -> None:
    for method, path in (
        ("GET", "nobody"),
        ("GET", "nobody/advisor"),
        ("GET", "nobody/advisor/history"),
        ("POST", "nobody/advisor"),
        ("POST", "nobody/advisor/change"),
        ("DELETE", "nobody/advisor"),
        ("GET", "%00"),
        ("GET", "x" * 65),
    ):
        body: dict[str, Any] = {"json": {}} if method == "POST" else {}

        answer = await control_center.request(method, f"/v1/customers/{path}", **body)

        assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (404, "not-found"), path


async def test_admin_puts_products_and_others_read_them(control_center: Client, client: Client) -> None:
    product = {"name": "E-Mail", "skill": "mail", "level": 2, "expected_seconds": {"default": 240}}

    created = await client.as_("admin").put("/v1/products/mail", json=product)
    seen = {"If-Match": created.headers["ETag"]}
    replaced = await client.as_("admin").put("/v1/products/mail", json={**product, "level": 3}, headers=seen)
    refused = await client.as_("admin").put("/v1/products/mail", json={**product, "level": 6})
    listed = await control_center.get("/v1/products")

    assert (created.status_code, replaced.status_code, refused.status_code) == (201, 200, 422)
    assert {item["id"]: item["level"] for item in listed.json()["items"]} == {"hosting": 1, "mail": 3}
    assert (await control_center.put("/v1/products/mail", json=product)).status_code == 403
