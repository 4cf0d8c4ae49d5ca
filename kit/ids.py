"""Identifiers: UUIDv7 inside, `con_01J…` (prefix and Crockford base32) outside.

They are made from the clock and the dice handed in, so that a replay with the same seed makes the same ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from kit.errors import NotFound

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DIGITS = {character: value for value, character in enumerate(ALPHABET)}
LENGTH = 26
PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
SHIFTS = tuple(range(120, -1, -10))


class Dice(Protocol):
    """The part of `random.Random` that identifiers need."""

    def getrandbits(self, k: int, /) -> int: ...


def new_id(now: datetime, dice: Dice | None = None) -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds of `now`, the rest random, so that ids sort by time.

    Those of one process and one millisecond sort in the order in which they were made.
    """
    milliseconds = int(now.timestamp() * 1000)
    random_bits = dice.getrandbits(74) if dice else _in_order(milliseconds)
    return UUID(int=_layout(milliseconds, random_bits))


def _in_order(milliseconds: int) -> int:
    """74 bits; after others of this millisecond a step beyond the last (RFC 9562, 6.2, method 2)."""
    last_milliseconds, last_bits = _last
    drawn = int.from_bytes(os.urandom(10), "big") >> 6
    bits = last_bits + (drawn >> 42) + 1 if milliseconds == last_milliseconds else drawn >> 1
    _last[:] = milliseconds, bits
    return bits


_last = [0, 0]
"""Milliseconds and bits of the id made last."""


def _layout(milliseconds: int, random_bits: int) -> int:
    high, low = random_bits >> 62, random_bits & ((1 << 62) - 1)
    return (milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low


def made_at(identifier: UUID) -> datetime:
    """The instant from which a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def first_at(instant: datetime) -> UUID:
    """No id that was made from then on is smaller."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


@lru_cache(maxsize=16_384)  # one routed call writes the same few ids fifteen times
def encode(prefix: str, identifier: UUID) -> str:
    """`("con", uuid)` → `con_01J…`."""
    value = identifier.int
    return prefix + "_" + "".join([PAIRS[value >> shift & 1023] for shift in SHIFTS])


def decode(prefix: str, text: str) -> UUID:
    """The inverse of `encode`; anything else is `NotFound`: an id that cannot exist is not there."""
    head, _, body = text.partition("_")
    if head != prefix or len(body) != LENGTH or body[0] > "7":
        raise NotFound
    value = 0
    for character in body:
        if character not in DIGITS:
            raise NotFound
        value = value << 5 | DIGITS[character]
    return UUID(int=value)


IdMaker = Callable[[datetime], UUID]
