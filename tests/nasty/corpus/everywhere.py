"""Bodies that no route reads, whatever it is for: each is sent to every route that takes a body."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.nasty.rows import CANARY, JSON

LARGEST = 64 * 1024


@dataclass(frozen=True)
class Body:
    """`error` is pointer and code, empty where the problem names none; `chunked` comes without a length."""

    content: bytes
    status: int
    word: str
    error: str = ""
    content_type: str = JSON["Content-Type"]
    chunked: bool = False

    def sent(self) -> bytes | AsyncIterator[bytes]:
        return self._chunks() if self.chunked else self.content

    async def _chunks(self) -> AsyncIterator[bytes]:
        for place in range(0, len(self.content), 8192):
            yield self.content[place : place + 8192]


def nested(depth: int) -> bytes:
    return b'{"a": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def text(name: str) -> bytes:
    return json.dumps({name: CANARY}).encode()


BODIES = {
    "cut off": Body(text("name")[:-2], 400, "malformed", ":malformed"),
    "a comma too many": Body(b'{"name": "x",}', 400, "malformed", ":malformed"),
    "single quotes": Body(b"{'name': 'x'}", 400, "malformed", ":malformed"),
    "two documents": Body(b"{} {}", 400, "malformed", ":malformed"),
    "a comment": Body(b'{"name": "x"} // Kanarienvogel', 400, "malformed", ":malformed"),
    "spaces": Body(b"  \n ", 400, "malformed", ":malformed"),
    "a byte order mark": Body(text("name").decode().encode("utf-8-sig"), 400, "malformed", ":malformed"),
    "UTF-16": Body(text("name").decode().encode("utf-16"), 400, "malformed", ":not_utf8"),
    "UTF-32": Body(text("name").decode().encode("utf-32"), 400, "malformed", ":not_utf8"),
    "Latin-1": Body('{"name": "Jürgen Kanarienvogel"}'.encode("latin-1"), 400, "malformed", ":not_utf8"),
    "an overlong NUL": Body(b'{"name": "\xc0\x80"}', 400, "malformed", ":not_utf8"),
    "a key twice": Body(b'{"name": "x", "name": "Kanarienvogel"}', 400, "malformed", ":duplicate_key"),
    "a key twice, once escaped": Body(b'{"name": 1, "n\\u0061me": 2}', 400, "malformed", ":duplicate_key"),
    "NaN": Body(b'{"name": NaN}', 400, "malformed", ":not_finite"),
    "minus infinity": Body(b'{"name": -Infinity}', 400, "malformed", ":not_finite"),
    "1e999": Body(b'{"name": 1e999}', 400, "malformed", ":not_finite"),
    "a number of 5,000 digits": Body(b'{"name": ' + b"9" * 5000 + b"}", 400, "malformed", ":malformed"),
    "33 levels": Body(nested(33), 400, "malformed", ":too_deep"),
    "10,000 levels": Body(b"[" * 10_000, 400, "malformed", ":too_deep"),
    "half a surrogate pair": Body(rb'{"name": "\ud83d"}', 422, "unsafe-text", "/name:lone_surrogate"),
    "the other half first": Body(rb'{"name": "\udc00\ud800"}', 422, "unsafe-text", "/name:lone_surrogate"),
    "NUL": Body(rb'{"name": "Kanarien\u0000vogel"}', 422, "unsafe-text", "/name:nul"),
    "NUL in a key": Body(rb'{"a\u0000": 1}', 422, "unsafe-text", ":nul"),
    "an escape sequence": Body(
        rb'{"name": "\u001b[31mKanarienvogel"}', 422, "unsafe-text", "/name:control_character"
    ),
    "a C1 control": Body(b'{"name": "\xc2\x9b31m"}', 422, "unsafe-text", "/name:control_character"),
    "a list": Body(b"[]", 422, "invalid", ":not_an_object"),
    "a text": Body(b'"Kanarienvogel"', 422, "invalid", ":not_an_object"),
    "null": Body(b"null", 422, "invalid", ":not_an_object"),
    "a byte more than 64 KiB": Body(text("name").ljust(LARGEST + 1), 413, "too-large"),
    "the same in chunks": Body(text("name").ljust(LARGEST + 1), 413, "too-large", chunked=True),
    "text/plain": Body(text("name"), 415, "unsupported-media-type", content_type="text/plain"),
    "another charset": Body(
        text("name"), 415, "unsupported-media-type", content_type="application/json; charset=utf-16"
    ),
    "XML": Body(b"<name>Kanarienvogel</name>", 415, "unsupported-media-type", content_type="application/xml"),
}
