"""Secrets of subscriptions: made here, shown once, kept sealed, used together while one follows the other.

Sealed with AES-SIV under a key derived from the installation's secret and bound to the subscription: a copy of the
database signs nothing.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from standardwebhooks import Webhook as Signer

BYTES = 32
PREFIX = "whsec_"


class Unreadable(Exception):
    """Sealed under another installation's secret: rotate it."""


def make() -> str:
    return PREFIX + b64encode(secrets.token_bytes(BYTES)).decode()


def sealed(installation: bytes, webhook_id: UUID, secret: str) -> bytes:
    return _cipher(installation).encrypt(secret.encode(), [webhook_id.bytes])


def opened(installation: bytes, webhook_id: UUID, kept: bytes) -> str:
    """Raises `Unreadable`."""
    try:
        return _cipher(installation).decrypt(kept, [webhook_id.bytes]).decode()
    except (InvalidTag, ValueError):
        raise Unreadable from None


def signatures(these: Sequence[str], message_id: str, at: datetime, body: str) -> str:
    """The header `webhook-signature`: one for each secret, the newest first, so that either is enough."""
    return " ".join(Signer(secret).sign(message_id, at, body) for secret in these)


@lru_cache(maxsize=4)
def _cipher(installation: bytes) -> AESSIV:
    return AESSIV(blake2b(installation, digest_size=32, person=b"webhook").digest())
