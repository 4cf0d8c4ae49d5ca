"""Cursors: where the next page of a list begins, as a text that only we can have made and that tells nothing.

AES-SIV (RFC 5297) under a key derived from the installation's secret. What goes in is hidden, as a sort key may be
a number or a name, which have no place in URLs and logs; what comes back is ours or `BadCursor`. Bound in are the
list and its filters: a cursor of another market, or of the list filtered otherwise, is none. The first character
is the version: a cursor made before it was changed is refused, and its reader begins again.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from pydantic_core import from_json, to_json
from starlette.requests import Request

from kit.errors import BadRequest, Error

VERSION = "1"
PAGING = frozenset({"after", "limit"})
"""What may change from page to page."""


class BadCursor(BadRequest):
    word, title = "bad-cursor", "That is not a cursor of ours for this list."


def place_of(request: Request) -> bytes:
    """The list that is asked for: its route, whose it is, and every filter."""
    filters = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in PAGING)
    return to_json([request.scope["route"].path, sorted(request.path_params.items()), filters])


def written(secret: bytes, place: bytes, values: Sequence[Any]) -> str:
    """A cursor for what follows the row with this sort key."""
    payload = to_json([_plain(value) for value in values])
    return VERSION + urlsafe_b64encode(_cipher(secret).encrypt(payload, [place])).rstrip(b"=").decode()


def read(secret: bytes, place: bytes, cursor: str) -> Sequence[Any]:
    """The sort key that was written; instants and ids come back as text. Raises `BadCursor` for everything else."""
    sealed = _sealed(cursor[1:]) if cursor[:1] == VERSION else None
    if sealed is None:
        raise _bad()
    try:
        values: list[Any] = from_json(_cipher(secret).decrypt(sealed, [place]))
    except (InvalidTag, ValueError):
        raise _bad() from None
    return values


def _sealed(text: str) -> bytes | None:
    """The bytes of a text that is base64 in the one way in which we write it."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        return None
    return raw if urlsafe_b64encode(raw).rstrip(b"=").decode() == text else None


@lru_cache(maxsize=4)
def _cipher(secret: bytes) -> AESSIV:
    return AESSIV(blake2b(secret, digest_size=32, person=b"cursor").digest())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


def _bad() -> BadCursor:
    return BadCursor(Error("/query/after", "bad_cursor"))
