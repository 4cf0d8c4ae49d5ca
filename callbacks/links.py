"""The link in a customer's letter: the question's id with a mark that only this installation can make.

It opens one question, until that is settled, and tells nothing by itself.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import blake2b
from hmac import compare_digest
from uuid import UUID

from kit.errors import NotFound

MARK = 16
"""Bytes: beyond guessing for whoever asks over a network."""


def written(secret: bytes, question_id: UUID) -> str:
    raw = question_id.bytes + _mark(secret, question_id.bytes)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(secret: bytes, token: str) -> UUID:
    """Raises `NotFound` for what is not ours."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (NotBase64, ValueError):
        raise NotFound from None
    identifier, mark = raw[:16], raw[16:]
    if len(raw) != 16 + MARK or not compare_digest(mark, _mark(secret, identifier)):
        raise NotFound
    return UUID(bytes=identifier)


def _mark(secret: bytes, identifier: bytes) -> bytes:
    key = blake2b(secret, digest_size=32, person=b"question").digest()
    return blake2b(identifier, digest_size=MARK, key=key).digest()
