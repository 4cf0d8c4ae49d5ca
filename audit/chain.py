"""The chain: each seal holds some rows of the audit and the hash of everything before it.

    digest of a row = SHA-256 of its canonical text (`queries.CANONICAL`: a JSON array as PostgreSQL writes it)
    hash of a seal  = SHA-256 of the hash before ‖ n ‖ month ‖ ids ‖ digests

`n` and the ids are eight bytes each, big-endian, the month is its ISO date in ASCII. The first seal of all follows
the hash `GENESIS`. Whoever changes a row must change every seal after it; who noted a head elsewhere sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from struct import pack
from typing import Any, Literal

GENESIS = bytes(32)
DIGEST = 32

Why = Literal[
    "seal_missing", "seal_changed", "row_missing", "row_inserted", "row_changed", "event_changed", "event_missing"
]


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that is not as it was sealed: in which seal, and which row of the audit, where it is one."""

    n: int
    why: Why
    id: int | None = None


def link(before: bytes, n: int, month: date, ids: Sequence[int], digests: bytes) -> bytes:
    """The hash of a seal."""
    return sha256(
        before + pack(">q", n) + month.isoformat().encode() + pack(f">{len(ids)}q", *ids) + digests
    ).digest()


def sealed(rows: Sequence[Mapping[str, Any]], n: int, before: bytes, most: int) -> Iterator[dict[str, Any]]:
    """The seals for rows in their order: at most so many each, none over two months."""
    for month, of_month in groupby(rows, key=lambda row: row["month"]):
        together = list(of_month)
        for start in range(0, len(together), most):
            part = together[start : start + most]
            n += 1
            ids, digests = [row["id"] for row in part], b"".join(row["row_digest"] for row in part)
            before = link(before, n, month, ids, digests)
            last = part[-1]
            yield {
                "n": n,
                "month": month,
                "epoch": last["epoch"],
                "xid": last["xid"],
                "last_id": last["id"],
                "ids": ids,
                "digests": digests,
                "hash": before,
            }


def compared(seal: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], oldest_event: date | None) -> Break | None:
    """Where the rows that lie under a seal differ from those that were sealed.

    Events are looked for from the month of `oldest_event` on; older ones have been dropped in time.
    """
    n, found = seal["n"], {row["id"]: row for row in rows}
    known = dict(zip(seal["ids"], _cut(seal["digests"]), strict=True))
    for row in rows:
        if row["id"] not in known:
            return Break(n, "row_inserted", row["id"])
    for identifier, digest in known.items():
        if identifier not in found:
            return Break(n, "row_missing", identifier)
        why = _differs(found[identifier], digest, oldest_event)
        if why is not None:
            return Break(n, why, identifier)
    return None


def _differs(row: Mapping[str, Any], digest: bytes, oldest_event: date | None) -> Why | None:
    if row["row_digest"] != digest:
        return "row_changed"
    if row["event_id"] is None:
        return None
    if row["event_digest"] is None:
        return "event_missing" if oldest_event is not None and row["month"] >= oldest_event else None
    return None if row["event_digest"] == row["digest"] else "event_changed"


def _cut(digests: bytes) -> list[bytes]:
    return [digests[start : start + DIGEST] for start in range(0, len(digests), DIGEST)]
