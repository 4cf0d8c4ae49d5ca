"""Reading a request's body once: at most 64 KiB, of a type that is read here, strict in what it holds."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Literal, TypeAlias

from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect, Request

from kit import strict_json
from kit.errors import Error, Fault

LARGEST = 64 * 1024
WITHIN_S = 20.0
"""For a body to arrive, once its first piece is there; nobody is served by waiting for 64 KiB any longer."""

Kind: TypeAlias = Literal["json", "form"]

_CHARSET = re.compile(rb'charset="?([^";\s]*)')


class TooLarge(Fault):
    status, word, title = 413, "too-large", "The body is larger than 64 KiB."


class TooSlow(Fault):
    status, word, title = 408, "too-slow", "The body took too long to arrive."


class UnreadableType(Fault):
    status, word, title = 415, "unsupported-media-type", "The body is of a type that is not read here."


class StrictRequest(Request):
    """A request whose body is read, limited and parsed by our rules, once, whoever asks for it first."""

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            self._body = await self._whole()
        return self._body

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            await self.check("json")
            self._json = strict_json.loads(self._body)
        return self._json

    async def form(self, **_: Any) -> FormData:  # type: ignore[override]
        if self._form is None:
            await self.check("form")
            self._form = FormData(strict_json.form_fields(self._body))
        return self._form

    async def fields(self) -> Any:
        """The value of a JSON body, or the fields of a form as a dictionary; an empty field is one left out, as a
        form has no null."""
        if self.kind() != "form":
            return await self.json()
        return {name: value for name, value in (await self.form()).items() if value}

    async def read(self, *kinds: Kind) -> None:
        """Parse the body now, so that what is wrong with it is said before anything is begun."""
        if not await self.body():
            return
        kind = await self.check(*kinds)
        await (self.form() if kind == "form" else self.json())

    async def check(self, *kinds: Kind) -> Kind:
        """Which of `kinds` the body is. Raises `UnreadableType`, and `Malformed` where there is none."""
        if not await self.body():
            raise strict_json.Malformed(Error("", "missing"))
        kind = self.kind()
        if kind not in kinds:
            raise UnreadableType
        return kind

    def kind(self) -> Kind | None:
        """What the request says its body is; None for everything that is not read here, compressed ones too."""
        written = b""
        for name, value in self.scope["headers"]:
            if name == b"content-type":
                written = written or value
            elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
                return None
        return "json" if written == b"application/json" else _kind(written.lower())

    async def _whole(self) -> bytes:
        """The body; the usual one comes in a single message and is not copied."""
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > LARGEST:
            raise TooLarge
        first, more = await self._chunk()
        if len(first) > LARGEST:
            raise TooLarge
        return await self._rest(first) if more else first

    async def _rest(self, first: bytes) -> bytes:
        chunks, size, more = [first], len(first), True
        try:
            async with asyncio.timeout(WITHIN_S):
                while more:
                    chunk, more = await self._chunk()
                    size += len(chunk)
                    if size > LARGEST:
                        raise TooLarge
                    chunks.append(chunk)
        except TimeoutError:
            raise TooSlow from None
        return b"".join(chunks)

    async def _chunk(self) -> tuple[bytes, bool]:
        """The next piece, and whether there are more."""
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message.get("body", b""), message.get("more_body", False)


def _kind(written: bytes) -> Kind | None:
    name, _, parameters = written.partition(b";")
    if parameters and not {b"utf-8", b"utf8"}.issuperset(_CHARSET.findall(parameters)):
        return None
    name = name.strip()
    if name == b"application/x-www-form-urlencoded":
        return "form"
    is_json = name == b"application/json" or (name.startswith(b"application/") and name.endswith(b"+json"))
    return "json" if is_json else None
