"""How answers are written: ids with a prefix, instants with an offset, JSON without detours, signed cursors."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response

from api.services import Services
from kit.errors import BadRequest, Error, NotFound, Unprocessable
from kit.ids import decode

Row = TypeVar("Row")

MOST = 200
SIGNATURE = 16
"""Bytes; nobody can try 2^128 cursors."""


class BadCursor(BadRequest):
    word, title = "bad-cursor", "That is not a cursor of ours for this list."


class UnknownReference(Unprocessable):
    word, title = "unknown-reference", "The body refers to something that is not there."


class Json(Response):
    """An answer whose content goes to bytes in one step; datetimes, UUIDs and models are understood."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return to_json(content)


def reference(prefix: str, text: str | None, pointer: str) -> UUID | None:
    """The id that a body refers to. What cannot exist is 422 there, as the path is right and the body wrong."""
    try:
        return None if text is None else decode(prefix, text)
    except NotFound:
        raise UnknownReference(Error(pointer, "unknown")) from None


def instant(moment: datetime) -> str:
    """`2026-11-23T09:00:00+00:00`: with an offset, in UTC."""
    return moment.astimezone(UTC).isoformat()


@dataclass(frozen=True)
class Page:
    """What a list was asked for: at most `limit` rows after the row that `after` names.

    `after` holds the sort key of the last row seen, as it was handed to `cursor`; None at the beginning.
    """

    limit: int
    after: Sequence[Any] | None
    _place: str
    _secret: bytes

    def cursor(self, *sort_key: Any) -> str:
        """The cursor for what follows the row with this sort key. Instants and ids come back as text."""
        return signed(self._secret, self._place, sort_key)

    def after_id(self) -> UUID | None:
        """For lists that are sorted by id alone."""
        return None if self.after is None else UUID(self.after[0])

    def next_after(self, rows: Sequence[Row], sort_key: Callable[[Row], Sequence[Any]]) -> str | None:
        """The cursor for the next page, where this one is full; null otherwise."""
        return self.cursor(*sort_key(rows[-1])) if len(rows) >= self.limit else None


async def page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many at most.")] = 50,
    after: Annotated[
        str | None, Query(max_length=1000, description="`next` of the page before; empty: from the beginning.")
    ] = None,
) -> Page:
    services: Services = request.app.state.services
    place = request.scope["route"].path
    found = read(services.secret, place, after) if after else None
    return Page(limit, found, place, services.secret)


Paging = Annotated[Page, Depends(page)]
"""`limit` and `after` in the query; answer with `next`, which is null at the end."""


def signed(secret: bytes, place: str, values: Sequence[Any]) -> str:
    """An opaque text that only we can have made, and only for the list at `place`."""
    payload = to_json([_plain(value) for value in values])
    return urlsafe_b64encode(_signature(secret, place, payload) + payload).rstrip(b"=").decode()


def read(secret: bytes, place: str, cursor: str) -> Sequence[Any]:
    """The values that were signed. Raises `BadCursor` for everything else."""
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (NotBase64, ValueError):
        raise _bad() from None
    signature, payload = raw[:SIGNATURE], raw[SIGNATURE:]
    if not hmac.compare_digest(signature, _signature(secret, place, payload)):
        raise _bad()
    values: list[Any] = from_json(payload)
    return values


def _signature(secret: bytes, place: str, payload: bytes) -> bytes:
    return hmac.digest(secret, place.encode() + b"\0" + payload, "sha256")[:SIGNATURE]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    return str(value) if isinstance(value, UUID) else value


def _bad() -> BadCursor:
    return BadCursor(Error("/query/after", "bad_cursor"))
