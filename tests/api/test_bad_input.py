"""The table "Bad input": every line as often as it has ways to be wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from kit.ids import encode
from tests.support.api import Client, Response

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def problem(answer: Response) -> dict[str, Any]:
    """The problem document, after a look at what all of them must have."""
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    assert document["type"].startswith("https://durchwahl.example/problems/")
    assert document["instance"] == answer.headers["x-request-id"]
    assert document["title"]
    return document


def codes(answer: Response) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in problem(answer)["errors"]]


def nested(depth: int) -> bytes:
    return b'{"name": "x", "deep": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"name": "x"', "malformed"),
        (b'{"name": "x",}', "malformed"),
        (b"{'name': 'x'}", "malformed"),
        (b'{"name": "x"} {}', "malformed"),
        (b"name=x", "malformed"),
        (b"   ", "malformed"),
        (b'{"name": "a\nb"}', "malformed"),
        (b'{"name": "\x00"}', "malformed"),
        (b'{"name": "\\x"}', "malformed"),
        (b'{"weight": 01}', "malformed"),
        (b'{"weight": ' + b"9" * 5000 + b"}", "malformed"),
        ('{"name": "x"}'.encode("utf-8-sig"), "malformed"),
        ('{"name": "x"}'.encode("utf-16"), "not_utf8"),
        ('{"name": "x"}'.encode("utf-16-le"), "malformed"),
        ('{"name": "x"}'.encode("utf-32"), "not_utf8"),
        ('{"name": "ü"}'.encode("latin-1"), "not_utf8"),
        (b'{"name": "\xed\xa0\x80"}', "not_utf8"),
        (b'{"name": "\xc0\x80"}', "not_utf8"),
        (b'{"name": "x", "name": "y"}', "duplicate_key"),
        (b'{"name": "x", "deep": {"a": 1, "\\u0061": 2}}', "duplicate_key"),
        (b'{"name": "x", "weight": NaN}', "not_finite"),
        (b'{"name": "x", "weight": Infinity}', "not_finite"),
        (b'{"name": "x", "weight": -Infinity}', "not_finite"),
        (b'{"name": "x", "weight": 1e999}', "not_finite"),
        (b'{"name": "x", "weight": -1e999}', "not_finite"),
        (nested(33), "too_deep"),
        (nested(5000), "too_deep"),
        (b"[" * 60_000, "too_deep"),
        (b'{"a":' * 10_000, "too_deep"),
    ],
)
async def test_what_is_not_json_is_refused_with_400(steady: Client, body: bytes, code: str) -> None:
    answer = await steady.as_("control_center").post("/v1/toys", content=body, headers=JSON)

    assert answer.status_code == 400
    assert codes(answer) == [("", code)]


async def test_nesting_of_32_is_read(steady: Client) -> None:
    answer = await steady.as_("control_center").post("/v1/toys", content=nested(32), headers=JSON)

    assert answer.status_code == 201


async def test_brackets_in_texts_are_no_nesting(steady: Client) -> None:
    answer = await steady.as_("control_center").post("/v1/toys", json={"name": "x", "text": "[{" * 100 + '\\"'})

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (rb'{"name": "\ud800"}', "/name", "lone_surrogate"),
        (rb'{"name": "a\udfffb"}', "/name", "lone_surrogate"),
        (rb'{"name": "\udc00\ud800"}', "/name", "lone_surrogate"),
        (rb'{"name": "\u0000"}', "/name", "nul"),
        (rb'{"name": "\u0007"}', "/name", "control_character"),
        (rb'{"name": "\b"}', "/name", "control_character"),
        (rb'{"name": "\f"}', "/name", "control_character"),
        (rb'{"name": "\u001b[31m"}', "/name", "control_character"),
        (rb'{"name": "\u007f"}', "/name", "control_character"),
        (b'{"name": "\x7f"}', "/name", "control_character"),
        (b'{"name": "\xc2\x85"}', "/name", "control_character"),
        (rb'{"name": "\u009f"}', "/name", "control_character"),
        (rb'{"name": "x", "deep": [{"a": ["\u0000"]}]}', "/deep/0/a/0", "nul"),
        (rb'{"name": "x", "deep": {"\u0000": 1}}', "/deep", "nul"),
        (rb'{"name": "x", "\ud800": 1}', "", "lone_surrogate"),
    ],
)
async def test_text_that_is_none_is_refused_with_422(steady: Client, body: bytes, pointer: str, code: str) -> None:
    answer = await steady.as_("control_center").post("/v1/toys", content=body, headers=JSON)

    assert answer.status_code == 422
    assert codes(answer) == [(pointer, code)]


async def test_surrogate_pair_and_line_feed_are_text(steady: Client) -> None:
    body = rb'{"name": "\ud83d\ude00", "text": "one\ntwo\tthree"}'

    answer = await steady.as_("control_center").post("/v1/toys", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["name"]) == (201, "\N{GRINNING FACE}")


async def test_body_of_64_kib_is_read_and_one_byte_more_is_not(steady: Client) -> None:
    whole = json.dumps({"name": "x", "text": ""}).encode()
    filling = b"y" * (64 * 1024 - len(whole))
    fits = whole.replace(b'"text": ""', b'"text": "' + filling + b'"')

    read = await steady.as_("control_center").post("/v1/toys", content=fits, headers=JSON)
    refused = await steady.as_("control_center").post("/v1/toys", content=fits + b" ", headers=JSON)

    assert (read.status_code, refused.status_code) == (201, 413)
    assert problem(refused)["type"].endswith("/too-large")


async def test_body_that_does_not_say_its_length_is_limited_too(steady: Client) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"[" * 8192

    answer = await steady.as_("control_center").post("/v1/toys", content=endless(), headers=JSON)

    assert answer.status_code == 413
    assert taken < 20


async def test_bulk_is_streamed_beyond_the_limit(steady: Client) -> None:
    async def lines() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 8192

    answer = await steady.as_("control_center").post(
        "/v1/toys/stream", content=lines(), headers={"Content-Type": "application/x-ndjson"}
    )

    assert answer.json() == 100 * 8192


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/jsonp",
        "json",
        "text/json",
    ],
)
async def test_other_types_of_body_are_refused_with_415(steady: Client, content_type: str | None) -> None:
    answer = await steady.as_("control_center").post(
        "/v1/toys", content=b'{"name": "x"}', headers={"Content-Type": content_type}
    )

    assert answer.status_code == 415
    assert problem(answer)["type"].endswith("/unsupported-media-type")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/vnd.x+json",
    ],
)
async def test_json_by_any_of_its_names_is_read(steady: Client, content_type: str) -> None:
    answer = await steady.as_("control_center").post(
        "/v1/toys", content=b'{"name": "x"}', headers={"Content-Type": content_type}
    )

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("/name", "missing")]),
        ({"name": "x", "nmae": "y"}, [("/nmae", "unknown_field")]),
        ({"name": "x", "Anna Beispiel 1.1.1970": 1}, [("/*", "unknown_field")]),
        ({"name": 7}, [("/name", "string_type")]),
        ({"name": ""}, [("/name", "string_too_short")]),
        ({"name": "a\nb"}, [("/name", "one_line")]),
        ({"name": "x", "weight": "heavy"}, [("/weight", "float_type")]),
        ({"name": "x", "weight": "1.5"}, [("/weight", "float_type")]),
        ({"name": "x", "weight": True}, [("/weight", "float_type")]),
        ({"name": "x", "at": "2026-11-23T09:00:00"}, [("/at", "no_time_zone")]),
        ([], [("", "not_an_object")]),
        ("x", [("", "not_an_object")]),
        (None, [("", "not_an_object")]),
    ],
)
async def test_what_a_command_does_not_take_is_422_with_pointer_and_code(
    steady: Client, body: Any, expected: list[tuple[str, str]]
) -> None:
    answer = await steady.as_("control_center").post("/v1/toys", content=json.dumps(body), headers=JSON)

    assert answer.status_code == 422
    assert codes(answer) == expected


async def test_no_body_at_all_is_missing(steady: Client) -> None:
    answer = await steady.as_("control_center").post("/v1/toys")

    assert (answer.status_code, codes(answer)) == (422, [("", "missing")])


async def test_what_was_sent_is_never_repeated(steady: Client) -> None:
    canary = "Anna-Canary"

    for body in (
        {"name": ["Anna-Canary"]},
        {"name": "x", "weight": canary},
        {"name": "x", f"{canary} {canary}": 1},
    ):
        answer = await steady.as_("control_center").post("/v1/toys", json=body)
        assert answer.status_code == 422
        assert canary not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"call_id=a&call_id=b", 400, [("", "duplicate_key")]),
        (b"call_id=%ff", 400, [("", "not_utf8")]),
        (b"&".join(b"a%d=1" % n for n in range(201)), 400, [("", "too_many_fields")]),
        (b"call_id=a%00b", 422, [("/call_id", "nul")]),
        (b"call_id=%1b", 422, [("/call_id", "control_character")]),
        (b"call_id=%ed%a0%80", 400, [("", "not_utf8")]),
        (b"call_id=a&digits=x", 422, [("/digits", "int_parsing")]),
        (b"digits=1", 422, [("/call_id", "missing")]),
        (b"call_id=a&other=b", 422, [("/other", "unknown_field")]),
    ],
)
async def test_forms_are_read_by_the_same_rules(
    steady: Client, body: bytes, status: int, expected: list[tuple[str, str]]
) -> None:
    answer = await steady.as_("telephony").post("/v1/toys/calls", content=body, headers=FORM)

    assert (answer.status_code, codes(answer)) == (status, expected)


@pytest.mark.parametrize(
    ("content", "headers"),
    [(b"call_id=a+b%2Bc&digits=2", FORM), (b'{"call_id": "a b+c", "digits": 2}', JSON)],
)
async def test_form_and_json_mean_the_same(steady: Client, content: bytes, headers: dict[str, str]) -> None:
    answer = await steady.as_("telephony").post("/v1/toys/calls", content=content, headers=headers)

    assert (answer.status_code, answer.json()) == (200, {"call_id": "a b+c", "digits": 2})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/nothing", 404),
        ("/v1/toys/a%00b", 404),
        ("/v1/toys/a%0ab", 404),
        ("/v1/toys/a%7fb", 404),
        ("/v1/toys/a/b", 404),
        ("/v1/toys/", 404),
        ("/v1/accounts?limit=0", 422),
        ("/v1/accounts?limit=1000", 422),
        ("/v1/accounts?limit=x", 422),
        ("/v1/accounts?after=a%00b", 422),
        ("/v1/accounts?after=a%1bb", 422),
        ("/v1/accounts?after=%ff", 400),
        ("/v1/accounts?after=%ed%a0%80", 400),
        ("/v1/accounts?after=forged", 400),
        ("/v1/accounts?after=%F0%9F%98%80", 400),
    ],
)
async def test_paths_and_queries_that_mean_nothing(steady: Client, path: str, status: int) -> None:
    answer = await steady.as_("admin").get(path)

    assert answer.status_code == status
    problem(answer)


@pytest.mark.parametrize(
    "identifier", ["key_", "key_01J", "acc_01M83T4CM0EMKSS6R2AE50YJ7H", "x", "key_" + "U" * 26]
)
async def test_id_that_cannot_be_and_id_that_is_not_get_the_same_answer(steady: Client, identifier: str) -> None:
    impossible = await steady.as_("admin").delete(f"/v1/machine-keys/{identifier}")
    unknown = await steady.as_("admin").delete(f"/v1/machine-keys/{encode('key', UUID(int=7))}")

    assert impossible.status_code == unknown.status_code == 404
    assert {**problem(impossible), "instance": ""} == {**problem(unknown), "instance": ""}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/sessions/current", "GET, DELETE"),
        ("DELETE", "/v1/accounts", "GET, POST"),
        ("PUT", "/v1/machine-keys/key_x", "GET, DELETE"),
        ("OPTIONS", "/livez", "GET"),
        ("BREW", "/livez", "GET"),
    ],
)
async def test_wrong_method_says_which_are_right(steady: Client, method: str, path: str, allowed: str) -> None:
    answer = await steady.as_("admin").request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert problem(answer)["type"].endswith("/method-not-allowed")


async def test_missing_idempotency_key_is_400(steady: Client) -> None:
    answer = await steady.as_("control_center").post(
        "/v1/toys", json={"name": "x"}, headers={"Idempotency-Key": None}
    )

    assert answer.status_code == 400
    assert problem(answer)["type"].endswith("/idempotency-key-missing")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\x7f", "ä"])
async def test_unreadable_idempotency_key_is_400(steady: Client, key: str) -> None:
    answer = await steady.as_("control_center").post(
        "/v1/toys", json={"name": "x"}, headers={"Idempotency-Key": key.encode()}
    )

    assert answer.status_code == 400
    assert problem(answer)["type"].endswith("/idempotency-key-unreadable")


async def test_longest_idempotency_key_is_taken(steady: Client) -> None:
    answer = await steady.as_("control_center").post(
        "/v1/toys", json={"name": "x"}, headers={"Idempotency-Key": "~" * 255}
    )

    assert answer.status_code == 201
