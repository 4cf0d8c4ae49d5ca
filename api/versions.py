"""Versions of what two people may edit: an `ETag` on the answers that show it, `If-Match` on what changes it.

    async def change(…, session: Write, versions: MustMatch, …) -> SiteAnswer:
        versions.check(await service.locked(session, site_id))
        return versions.of(await service.change(…))

A tag is made from what is shown, `"<edit>.<view>"`: the first half from what people edit, the other from all of it.
`If-Match` compares the first halves, so that an advisor's load, which moves with every activation, makes nobody's
edit stale; `If-None-Match` compares whole tags, so that 304 is never said of something else. The digests are keyed:
nobody can try names against them. What is compared must be locked, or the comparison means nothing.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any, Literal, TypeVar, cast

from fastapi import Depends
from pydantic_core import to_jsonable_python
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from api.dependencies import HandOver
from api.services import Services
from kit.errors import BadRequest, Error, Fault
from kit.wire import Shown

Mode = Literal["never", "optional", "required"]
Answer = TypeVar("Answer", bound=Shown)
Call = TypeVar("Call", bound=Callable[..., Any])

VERSION = "durchwahl.version"
HALF = 12
"""Bytes of a digest."""

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"[ \t]*{_TAG}[ \t]*(?:,[ \t]*{_TAG}[ \t]*)*", re.ASCII)
_EACH = re.compile(_TAG, re.ASCII)


class VersionUnreadable(BadRequest):
    word, title = "precondition-unreadable", "If-Match and If-None-Match are `*` or tags in quotes."


class VersionMissing(Fault):
    status, word, title = 428, "precondition-required", "Say which version you have read (If-Match)."


class VersionStale(Fault):
    """`etag` is the present version, null where there is nothing."""

    status, word, title = 412, "precondition-failed", "It has changed since you read it."


@dataclass(frozen=True, slots=True)
class Version:
    """What one state of something is called."""

    edit: str
    view: str

    @property
    def tag(self) -> str:
        return f'"{self.edit}.{self.view}"'


@dataclass(frozen=True, slots=True)
class Condition:
    """`*`, or tags without their quotes; weak ones keep their `W/`."""

    anything: bool
    tags: tuple[str, ...] = ()

    def matches(self, version: Version) -> bool:
        """Strongly, and by the first half alone: nothing that people edit has changed."""
        return self.anything or any(tag.partition(".")[0] == version.edit for tag in self.tags)

    def shows(self, version: Version) -> bool:
        """Whether whoever has one of these has the very same thing."""
        return self.anything or f"{version.edit}.{version.view}" in {tag.removeprefix("W/") for tag in self.tags}


class Versions:
    """The conditions of one request, and the version that its answer shows."""

    def __init__(self, scope: Scope, mode: Mode) -> None:
        self._scope, self._mode = scope, mode
        self._if_match = _condition(scope, "if-match") if mode != "never" else None
        self._if_none_match = _condition(scope, "if-none-match") if mode != "never" else None

    @property
    def given(self) -> bool:
        """Whether there is a condition, so that what it is about has to be read and locked."""
        return self._if_match is not None or self._if_none_match is not None

    def check(self, present: Shown | None, *hidden: object, edit: object = None) -> None:
        """Compare with what is there now, locked; None: nothing. Raises `VersionStale`, `VersionMissing`."""
        version = None if present is None else self._version(present, hidden, edit)
        etag = None if version is None else version.tag
        if self._if_match is not None and (version is None or not self._if_match.matches(version)):
            raise VersionStale(etag=etag)
        if self._if_none_match is not None and version is not None and self._if_none_match.shows(version):
            raise VersionStale(etag=etag)
        if version is not None and self._if_match is None and self._mode == "required":
            raise VersionMissing(Error("/header/if-match", "missing"))

    def of(self, shown: Answer, *hidden: object, edit: object = None) -> Answer:
        """The answer, whose version goes into its `ETag`; `hidden` is what is edited and not shown, `edit` stands
        for what is edited where the answer is not it."""
        self._scope[VERSION] = self._version(shown, hidden, edit)
        return shown

    def _version(self, shown: Shown, hidden: tuple[object, ...], edit: object) -> Version:
        secret = cast(Services, self._scope["app"].state.services).secret
        edited = shown.model_dump(mode="json", exclude=dict(shown.moving)) if edit is None else edit
        return Version(_digest(secret, [edited, *hidden]), _digest(secret, shown.model_dump(mode="json")))


class Versioned(HandOver[Versions]):
    """Asks for the versions, and says of the route whether it wants `If-Match`."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(lambda connection: Versions(connection.scope, mode))
        self.mode = mode


Tagged = Annotated[Versions, Depends(Versioned("never"))]
"""The answer has an `ETag`; a GET takes `If-None-Match`."""

MayMatch = Annotated[Versions, Depends(Versioned("optional"))]
"""`If-Match` is heeded where it is sent."""

MustMatch = Annotated[Versions, Depends(Versioned("required"))]
"""No change without `If-Match`, but for what is not there yet."""


def unversioned(why: str) -> Callable[[Call], Call]:
    """Mark a PUT or PATCH as one that needs no `If-Match`, and say why."""

    def mark(endpoint: Call) -> Call:
        endpoint.__unversioned__ = why  # type: ignore[attr-defined]
        return endpoint

    return mark


def tagged(connection: HTTPConnection, response: Response) -> Response:
    """The answer with its `ETag`; 304 without a body for whoever has it already."""
    version: Version | None = connection.scope.get(VERSION)
    if version is None:
        return response
    response.headers["etag"] = version.tag
    if connection.scope["method"] != "GET":
        return response
    known = _condition(connection.scope, "if-none-match")
    return response if known is None or not known.shows(version) else Response(None, 304, {"etag": version.tag})


def _condition(scope: Scope, name: str) -> Condition | None:
    values = [value for header, value in scope["headers"] if header == name.encode()]
    if not values:
        return None
    written = b",".join(values).decode("latin-1").strip(" \t")
    if written == "*":
        return Condition(anything=True)
    if not _TAGS.fullmatch(written):
        raise VersionUnreadable(Error(f"/header/{name}", "unreadable"))
    return Condition(False, tuple(tag.replace('"', "") for tag in _EACH.findall(written)))


def _digest(secret: bytes, values: Any) -> str:
    written = json.dumps(to_jsonable_python(values), sort_keys=True).encode()
    digest = blake2b(written, key=secret, digest_size=HALF, person=b"etag").digest()
    return urlsafe_b64encode(digest).decode()
