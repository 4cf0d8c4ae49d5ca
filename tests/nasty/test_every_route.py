"""What is true of every route, those included that nobody has thought of yet: asked of the application itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.door import Door
from tests.api.role_matrix import GRANTS, PUBLIC
from tests.nasty.company import Names
from tests.nasty.rows import CANARY
from tests.support.api import Client, Response, nowhere

pytestmark = pytest.mark.database

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
FREE = ("/assets/", "/avatars/")
"""Files have names of their own kind."""

IDS = {
    "of a page": "x" * 10_000,
    "of dots": "..",
    "of dots, escaped": "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "of a NUL": "a%00b",
    "of a line end": "a%0d%0aX-Header:%201",
    "of half a percent": "a%zz",
    "of broken UTF-8": "%ff%fe",
    "of a surrogate": "%ed%a0%80",
    "of emoji": "%F0%9F%98%80",
    "of wide letters": "%EF%BC%A4%EF%BC%A5",
    "of a turned direction": "%E2%80%AEfdp",
    "of SQL": "'%20OR%201=1%20--",
    "of a template": "%7B%7B7*7%7D%7D",
    "of spaces": "%20",
    "of a canary": f"{CANARY}%20",
    "of another kind": "adv_01J00000000000000000000000_",
    "of small letters": "adv_01j00000000000000000000000",
}


def doors() -> Iterator[tuple[str, str, Door]]:
    for route in nowhere().routes:
        if isinstance(route, Door):
            for method in sorted(route.methods or ()):
                yield method, route.path_format, route


ALL = list(doors())
WITH_IDS = [(method, path) for method, path, route in ALL if route.param_convertors and not path.startswith(FREE)]
BODIES: dict[str, Any] = {
    "POST /v1/telephony/calls/{call_id}/events": {"type": "ringing"},
    "POST /v1/telephony/dials/{token}/events": {"type": "ringing"},
}


def grantee(method: str, path: str) -> str | None:
    grants = GRANTS[f"{method} {path}"]
    return None if grants == PUBLIC else next(one for one in grants.split() if one != "customer")


def told_as_a_problem(answer: Response) -> bool:
    return (
        answer.headers["content-type"] == "application/problem+json"
        and answer.json()["status"] == answer.status_code
        and CANARY not in answer.text
    )


@pytest.mark.parametrize(("method", "path"), WITH_IDS, ids=[" ".join(one) for one in WITH_IDS])
async def test_id_that_cannot_be_is_not_there(company: tuple[Client, Names], method: str, path: str) -> None:
    client, _ = company
    who = grantee(method, path)
    body = None if method == "GET" else BODIES.get(f"{method} {path}", {})
    first, last = path.index("{"), path.index("}")
    wrong: dict[str, Any] = {}

    for name, identifier in IDS.items():
        place = (path[:first] + identifier + path[last + 1 :]).replace("{callback_id}", "cb_1")
        answer = await client.as_(who).request(method, place, json=body)
        fits = (404, 405) if method in ("GET", "DELETE") else (404, 405, 422)
        if answer.status_code not in fits or not told_as_a_problem(answer):
            wrong[name] = (answer.status_code, answer.text[:200])

    assert wrong == {}


async def test_other_methods_are_answered_with_the_right_ones(company: tuple[Client, Names]) -> None:
    client, _ = company
    taken: dict[str, set[str]] = {}
    for method, path, _route in ALL:
        taken.setdefault(path, set()).add(method)
    taken = {path: methods for path, methods in taken.items() if not path.startswith(FREE)}
    wrong: dict[str, Any] = {}

    for path, methods in taken.items():
        for method in METHODS:
            if method in methods:
                continue
            answer = await client.as_("admin").request(method, path.replace("{", "").replace("}", ""), json=None)
            allowed = set(answer.headers.get("allow", "").split(", "))
            if answer.status_code != 405 or allowed != methods:
                wrong[f"{method} {path}"] = (answer.status_code, allowed)

    assert wrong == {}


@pytest.mark.parametrize("query", ["a=1&a=2", "%61=1&a=2", "a&a", "limit=5&limit=6"])
async def test_parameter_that_comes_twice_is_refused(company: tuple[Client, Names], query: str) -> None:
    client, _ = company

    for method, path, _route in ALL:
        if path.startswith("/v1/"):
            place = path.replace("{", "").replace("}", "")
            answer = await client.as_("admin").request(method, f"{place}?{query}")

            assert answer.status_code == 400, f"{method} {path}: {answer.text}"
            assert answer.json()["errors"] == [{"pointer": "/query", "code": "duplicate_parameter"}]
