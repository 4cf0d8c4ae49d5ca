"""The OpenAPI document says what really happens, for every route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.app import create_app
from api.services import Services
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.conftest import MONDAY_MORNING


@pytest.fixture(scope="module")
def document(shared_database: Database, settings: Settings) -> dict[str, Any]:
    return create_app(Services(shared_database, VirtualClock(MONDAY_MORNING), settings)).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_has_a_summary_and_a_tag(document: dict[str, Any]) -> None:
    bare = [name for name, one in operations(document) if not one.get("summary") or not one.get("tags")]

    assert bare == []


def test_every_failure_is_a_problem_document(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        failures = {status: one for status, one in operation["responses"].items() if status >= "400"}
        assert failures, name
        for status, failure in failures.items():
            assert list(failure["content"]) == ["application/problem+json"], f"{name} {status}"


def test_every_guarded_operation_names_its_grants_and_401_and_403(document: dict[str, Any]) -> None:
    guarded = [(name, one) for name, one in operations(document) if "security" in one]

    assert len(guarded) > 5
    for name, operation in guarded:
        assert operation["x-grants"], name
        assert {"401", "403", "503"} <= set(operation["responses"]), name


def test_post_with_an_effect_asks_for_an_idempotency_key(document: dict[str, Any]) -> None:
    asks = {
        name: "Idempotency-Key" in [parameter["name"] for parameter in one.get("parameters", [])]
        for name, one in operations(document)
    }

    assert asks["POST /v1/machine-keys"]
    assert not asks["POST /v1/sessions"]
    assert not asks["DELETE /v1/machine-keys/{key_id}"]


def test_path_with_an_id_may_be_404_and_body_may_be_wrong_in_every_way(document: dict[str, Any]) -> None:
    paths = document["paths"]

    assert "404" in paths["/v1/machine-keys/{key_id}"]["delete"]["responses"]
    assert {"400", "413", "415", "422"} <= set(paths["/v1/machine-keys"]["post"]["responses"])


def test_all_references_lead_somewhere(document: dict[str, Any]) -> None:
    names = set(document["components"]["schemas"])

    assert set(references(document)) <= names
    assert "HTTPValidationError" not in names


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].removeprefix("#/components/schemas/")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [one["operationId"] for _, one in operations(document)]

    assert len(ids) == len(set(ids))
