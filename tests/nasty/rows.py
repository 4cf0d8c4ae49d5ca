"""One nasty input and the answer that it gets, as a row that can be read aloud.

    at("control_center", "PUT /v1/customers/K-9", {
        "market in small letters": ({"market": "de"}, "422 invalid /market:string_pattern_mismatch"),
    })

The expectation is status, problem word, and where wanted pointer and code of one error. `@anna` in a path or in a
text of the body stands for an id of the company. A body of bytes is sent as it is, everything else as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

CANARY = "Kanarienvogel"
"""Stands in inputs where somebody's data would; no refusal repeats it."""

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NDJSON = {"Content-Type": "application/x-ndjson"}
CSV = {"Content-Type": "text/csv"}

NOTHING: Any = object()
"""No body."""


@dataclass(frozen=True)
class Row:
    """`holds` is a part that the answer must have; `keeps` are tables in which the input may leave something."""

    name: str
    who: str | None
    method: str
    path: str
    status: int
    word: str = ""
    error: str = ""
    body: Any = NOTHING
    headers: Mapping[str, str | bytes | None] = field(default_factory=dict)
    holds: Any = None
    keeps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.name}"


Case: TypeAlias = tuple[Any, str] | tuple[Any, str, Any]
"""Body, expectation, and for what is accepted a part of the answer."""


def at(
    who: str | None,
    request: str,
    cases: Mapping[str, Case],
    *,
    base: Mapping[str, Any] | None = None,
    headers: Mapping[str, str | bytes | None] | None = None,
    keeps: tuple[str, ...] = (),
) -> list[Row]:
    """Rows for one route; a body that is an object is laid over `base`."""
    method, path = request.split(" ", 1)
    found = []
    for name, (body, wanted, *holds) in cases.items():
        status, word, error = (*wanted.split(" ", 2), "", "")[:3]
        whole = {**base, **body} if base is not None and isinstance(body, dict) else body
        part = holds[0] if holds else None
        found.append(Row(name, who, method, path, int(status), word, error, whole, headers or {}, part, keeps))
    return found


def asked(who: str | None, requests: Mapping[str, str]) -> list[Row]:
    """Rows without a body: request → expectation."""
    return [row for request, wanted in requests.items() for row in at(who, request, {"": (NOTHING, wanted)})]
