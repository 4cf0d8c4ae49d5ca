"""The address to which an answer in a thread goes: `reply+…@domain`, which only we can have made.

AES-SIV over the thread's id under a key derived from the installation's secret, in base32, as the part before the @
may lose its capitals on the way: 52 characters, within the 64 that an address allows. Whoever has it may add to the
thread, and reads nothing by it.
"""

from __future__ import annotations

from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from hashlib import blake2b
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

PREFIX = "reply+"
PLACE = b"thread"


def sealed(secret: bytes, thread_id: UUID) -> str:
    """What stands before the @."""
    token = b32encode(_cipher(secret).encrypt(thread_id.bytes, [PLACE])).rstrip(b"=")
    return PREFIX + token.decode().lower()


def opened(secret: bytes, local: str) -> UUID | None:
    """The thread; None for anything that we have not made."""
    if not local.lower().startswith(PREFIX):
        return None
    token = local[len(PREFIX) :].upper()
    try:
        raw = b32decode(token + "=" * (-len(token) % 8))
        return UUID(bytes=_cipher(secret).decrypt(raw, [PLACE]))
    except (NotBase32, InvalidTag, ValueError):
        return None


def _cipher(secret: bytes) -> AESSIV:
    return AESSIV(blake2b(secret, digest_size=32, person=b"threads").digest())
