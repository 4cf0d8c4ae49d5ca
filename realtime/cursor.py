"""Where a reader stands in the event log: (epoch, transaction, id), an opaque text outside.

Events are ordered by (xid, id) and read only below the snapshot's xmin, so nothing that commits late is missed.
A snapshot of the tables, however, already holds what transactions above that line have committed. Their numbers
are `seen`: what they announced is skipped when the reader comes by. They are named one by one, and a cursor never
stands beyond the last event read, because after a crash the database may use transaction numbers again of which it
had written nothing to its log.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass

VERSION = 1
MOST_DIGITS = 10
"""Seven bits each: more than a number of 64 bits has."""


class ForeignCursor(ValueError):
    """Not one of ours; to be answered with a resync."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to the event (xid, id) is known, and what the transactions `seen` announced."""

    epoch: int
    xid: int
    id: int
    seen: frozenset[int] = frozenset()

    @property
    def position(self) -> tuple[int, int]:
        return self.xid, self.id

    def at(self, position: tuple[int, int]) -> Cursor:
        """The same reader further on."""
        xid, identifier = position
        seen = frozenset(one for one in self.seen if one >= xid) if self.seen else self.seen
        return Cursor(self.epoch, xid, identifier, seen)

    def knows(self, xid: int, identifier: int) -> bool:
        """Whether this event has reached the reader already."""
        return (xid, identifier) <= self.position or xid in self.seen

    def __str__(self) -> str:
        numbers = [VERSION, self.epoch, self.xid, self.id, *_gaps(sorted(self.seen))]
        raw = b"".join(_written(number) for number in numbers)
        return urlsafe_b64encode(raw).rstrip(b"=").decode()


def parse(text: str) -> Cursor:
    """The inverse of `str(cursor)`. Raises `ForeignCursor`."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        raise ForeignCursor from None
    version, epoch, xid, identifier, *gaps = _numbers(raw)
    if version != VERSION:
        raise ForeignCursor
    return Cursor(epoch, xid, identifier, frozenset(_summed(gaps)))


def _gaps(numbers: list[int]) -> Iterator[int]:
    before = 0
    for number in numbers:
        yield number - before
        before = number


def _summed(gaps: list[int]) -> Iterator[int]:
    number = 0
    for gap in gaps:
        number += gap
        yield number


def _written(number: int) -> bytes:
    """Seven bits per byte, the lowest first; the eighth says that more follow."""
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def _numbers(raw: bytes) -> list[int]:
    numbers, number, digits = list[int](), 0, 0
    for byte in raw:
        number |= (byte & 0x7F) << (7 * digits)
        digits += 1
        if not byte & 0x80:
            numbers.append(number)
            number = digits = 0
        if digits > MOST_DIGITS:
            raise ForeignCursor
    if digits or len(numbers) < 4 or any(number >= 1 << 63 for number in numbers):
        raise ForeignCursor
    return numbers
