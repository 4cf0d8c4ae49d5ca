"""Secrets that are told once: their shape, and the hash that is kept of them.

They carry 256 random bits, so a plain SHA-256 is enough; only passwords, which people choose, need argon2.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256

SHAPE = re.compile(rb"dw_[a-z_]{1,32}_[A-Za-z0-9_-]{43}", re.ASCII)


def make(kind: str) -> str:
    """`dw_<kind>_<43 characters>`; the operating system's randomness, as it must not be foreseen."""
    return f"dw_{kind}_{secrets.token_urlsafe(32)}"


def digest(token: bytes) -> bytes:
    return sha256(token).digest()


def looks_like_one(token: bytes) -> bool:
    """Whether it is worth asking the database."""
    return SHAPE.fullmatch(token) is not None
