"""Every failure becomes one RFC 9457 problem document, written here and nowhere else.

It carries a stable type, the request's id and codes with JSON pointers; never a value that was sent, a statement or
a stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic_core import to_json
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from kit.database import GONE, TOO_SLOW, DatabaseAway, as_away
from kit.errors import Conflict, Error, Fault, NotFound, Unavailable, Unprocessable
from kit.strict_json import step
from kit.wire import CODES

TYPES = "https://durchwahl.example/problems/"
MEDIA_TYPE = "application/problem+json"

WORDS = {
    400: ("bad-request", "The request can't be read."),
    401: ("unauthorized", "Sign in, or send a valid key."),
    403: ("forbidden", "This is not yours to do."),
    404: ("not-found", "There is nothing here, or it is not yours to see."),
    405: ("method-not-allowed", "This can't be done here."),
    408: ("too-slow", "The body took too long to arrive."),
    409: ("conflict", "The present state does not allow it."),
    412: ("precondition-failed", "It has changed since you read it."),
    413: ("too-large", "The body is too large."),
    415: ("unsupported-media-type", "The body is of a type that is not read here."),
    422: ("invalid", "Some of what was sent is not valid."),
    428: ("precondition-required", "Say which version you have read (If-Match)."),
    429: ("too-many-requests", "Too many requests; wait a moment."),
    500: ("internal", "Something went wrong on our side."),
    503: ("unavailable", "Not available right now; try again."),
}
"""What a status means where no more precise fact is known."""


MOST_REASONS = 100
"""Reasons that one answer names; nobody reads more, and a body of 64 KiB can be wrong in thousands of ways."""


class Away(Unavailable):
    """Something that we ask did not answer in time."""

    word, title = "too-slow", "That took too long; try again."


class ProblemError(BaseModel):
    """One reason: where in the input it lies and what is wrong there."""

    pointer: str = Field(examples=["/slot_starts_at"])
    code: str = Field(examples=["closed"])
    hint: str | None = None


class Problem(BaseModel):
    """An answer of RFC 9457. `type` is stable; `instance` is the request's id, for asking us about it."""

    type: str = Field(examples=[TYPES + "not-found"])
    title: str
    status: int
    instance: str = Field(examples=["req_5f0c9d2b7e1a4c3300000001"])
    detail: str | None = None
    errors: list[ProblemError] | None = None

    model_config = {"extra": "allow"}


@dataclass(frozen=True)
class Answer:
    """A problem before it is written."""

    status: int
    word: str
    title: str
    errors: tuple[Error, ...] = ()
    detail: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, request_id: str) -> bytes:
        members: dict[str, Any] = {
            "type": TYPES + self.word,
            "title": self.title,
            "status": self.status,
            "instance": request_id,
        }
        if self.detail is not None:
            members["detail"] = self.detail
        if self.errors:
            members["errors"] = [_written(error) for error in self.errors]
        return to_json({**self.facts, **members})


def answer(error: BaseException) -> Answer:
    """What `error` is told as. Whatever is not known here is a 500 that says nothing."""
    if isinstance(error, Fault):
        return _fault(error)
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _plain(error.status_code, headers=error.headers or {})
    return _fault(_from_outside(error))


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE behind an error of asyncpg, or of SQLAlchemy around one."""
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "sqlstate", None)
    return error.sqlstate if isinstance(error, asyncpg.PostgresError) else None


def _from_outside(error: BaseException) -> Fault:
    away = as_away(error)
    if away is not None:
        return away
    if isinstance(error, TimeoutError):
        return Away(retry_after_s=1)
    state = sqlstate(error) or ""
    if state in GONE or state in TOO_SLOW or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return DatabaseAway(retry_after_s=1)
    return _refused(state)


def _refused(state: str) -> Fault:
    """A constraint that no service has translated: the input's fault, or another's who was faster."""
    if state in ("23505", "23P01", "23503", "40001", "40P01"):
        return Conflict()
    if state in ("23502", "23514") or state.startswith("22"):
        return Unprocessable()
    return Fault()


def _fault(fault: Fault) -> Answer:
    headers = {} if fault.retry_after_s is None else {"retry-after": str(fault.retry_after_s)}
    if fault.status == 401:
        headers["www-authenticate"] = "Bearer"
    if fault.facts.get("etag"):
        headers["etag"] = fault.facts["etag"]
    return Answer(fault.status, fault.word, fault.title, tuple(fault.errors), fault.detail, fault.facts, headers)


def _plain(status: int, *errors: Error, headers: Mapping[str, str] | None = None) -> Answer:
    word, title = WORDS.get(status, WORDS[400] if status < 500 else WORDS[500])
    return Answer(status, word, title, errors, headers=headers or {})


def _invalid(invalid: RequestValidationError) -> Answer:
    """An id that cannot exist is not there (404, as for one that does not); everything else is 422."""
    if any(error["loc"][0] == "path" for error in invalid.errors()):
        return _fault(NotFound())
    first = invalid.errors()[:MOST_REASONS]
    return _plain(422, *(Error(_pointer(error["loc"]), _code(error)) for error in first))


def _pointer(location: tuple[str | int, ...]) -> str:
    """JSON pointer into the body; `/query/limit` and the like for what stands elsewhere."""
    pointer = ""
    for part in location[1:] if location[0] == "body" else location:
        pointer = f"{pointer}/{part}" if isinstance(part, int) else step(pointer, part)
    return pointer


def _code(error: Mapping[str, Any]) -> str:
    kind: str = error["type"]
    return CODES.get(kind, kind)


def _written(error: Error) -> dict[str, str]:
    written = {"pointer": error.pointer, "code": error.code}
    return written if error.hint is None else {**written, "hint": error.hint}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: the problems that are its own; `api/openapi.py` adds what all have."""
    return {status: documented(status) for status in statuses}


def documented(status: int) -> dict[str, Any]:
    return {
        "description": WORDS.get(status, WORDS[400])[1],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
