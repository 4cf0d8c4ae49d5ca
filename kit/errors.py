"""Errors as facts: each knows its HTTP status and its public word.

A domain raises a subclass whose name is the fact (`SlotAlreadyTaken`); one handler in `api/errors.py`
writes the RFC 9457 document. The word is part of the API and never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from kit.announcements import NewEvent


@dataclass(frozen=True)
class Error:
    """One reason, with where in the input it lies (JSON pointer) and a stable code; never the value."""

    pointer: str
    code: str
    hint: str | None = None


class Fault(Exception):
    """The base of everything that is answered with a problem document."""

    status: ClassVar[int] = 500
    word: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side."

    def __init__(
        self, *errors: Error, detail: str | None = None, retry_after_s: int | None = None, **facts: Any
    ) -> None:
        super().__init__(self.word)
        self.errors: Sequence[Error] = errors
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.facts = facts
        """Members added to the problem document, for example `present_state`; never personal data."""
        self.alarm: NewEvent | None = None
        """What is announced though everything else is undone, for people who watch over the house."""


class BadRequest(Fault):
    status, word, title = 400, "bad-request", "The request can't be read."


class Unauthorized(Fault):
    status, word, title = 401, "unauthorized", "Sign in, or send a valid key."


class Forbidden(Fault):
    status, word, title = 403, "forbidden", "This is not yours to do."


class NotFound(Fault):
    status, word, title = 404, "not-found", "There is nothing here, or it is not yours to see."


class Conflict(Fault):
    status, word, title = 409, "conflict", "The present state does not allow it."


class Unprocessable(Fault):
    status, word, title = 422, "invalid", "Some of what was sent is not valid."


class TooManyRequests(Fault):
    status, word, title = 429, "too-many-requests", "Too many requests; wait a moment."


class Unavailable(Fault):
    status, word, title = 503, "unavailable", "Not available right now; try again."


@contextmanager
def inside(member: str) -> Iterator[None]:
    """What is wrong with a part of the input is told with where that part lies in the whole."""
    try:
        yield
    except Fault as fault:
        fault.errors = [replace(error, pointer=f"/{member}{error.pointer}") for error in fault.errors]
        raise
