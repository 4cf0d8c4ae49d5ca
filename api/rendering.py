"""How answers are written: ids with a prefix, instants with an offset, JSON without detours, pages of lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from api import cursors
from api.services import Services
from kit.database import Place
from kit.errors import Error, NotFound, Unprocessable
from kit.ids import decode

Row = TypeVar("Row")

MOST = 200


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


@dataclass(frozen=True)
class Page:
    """What a list was asked for: at most `limit` rows after the row that `after` names.

    `after` holds the sort key of the last row seen, as it was handed to `cursor`; None at the beginning.
    """

    limit: int
    after: Sequence[Any] | None
    _place: bytes
    _secret: bytes

    def cursor(self, *sort_key: Any) -> str:
        """The cursor for what follows the row with this sort key. Instants and ids come back as text."""
        return cursors.written(self._secret, self._place, sort_key)

    def after_id(self) -> UUID | None:
        """For lists that are sorted by id alone."""
        return None if self.after is None else UUID(self.after[0])

    def after_number(self) -> int:
        """For lists that are numbered from 1; 0 at the beginning."""
        return 0 if self.after is None else int(self.after[0])

    def after_start(self) -> Place:
        """For lists that are sorted by when something begins, then by id."""
        if self.after is None:
            return None, None
        return datetime.fromisoformat(self.after[0]), UUID(self.after[1])

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
    place = cursors.place_of(request)
    found = cursors.read(services.secret, place, after) if after else None
    return Page(limit, found, place, services.secret)


Paging = Annotated[Page, Depends(page)]
"""`limit` and `after` in the query; answer with `next`, which is null at the end."""
