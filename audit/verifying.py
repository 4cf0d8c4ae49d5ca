"""Walk the chain from where it begins, and name the first thing that is not as it was sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from audit import queries
from audit.chain import GENESIS, Break, compared, link
from audit.sealing import BEGINNING
from kit import months
from kit.database import ReadSession

SEALS_A_LOOK = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """`head` is the hash of the last good seal: noted elsewhere, it keeps the whole from being rewritten."""

    seals: int
    rows: int
    n: int
    head: str
    broken: Break | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is gone by right, not by wrong."""

    dropped: set[date]
    oldest_event: date | None


async def verify(session: ReadSession) -> Verdict:
    """Everything that is sealed, in one snapshot of the database (`database.snapshot()`)."""
    of_events = await months.months(session, "events")
    ground = _Ground(await queries.dropped_months(session), of_events[0] if of_events else None)
    anchor = await queries.first_anchor(session)
    n, head = (anchor["n"], anchor["hash"]) if anchor is not None else (0, GENESIS)
    after = (anchor["epoch"], anchor["xid"], anchor["last_id"]) if anchor is not None else BEGINNING
    seals = rows = 0
    while page := await queries.seals_after(session, n, SEALS_A_LOOK):
        for seal in page:
            broken = _in_the_chain(seal, n, head) or await _under(session, seal, after, ground)
            if broken is not None:
                return Verdict(seals, rows, n, head.hex(), broken)
            n, head, after = seal["n"], seal["hash"], (seal["epoch"], seal["xid"], seal["last_id"])
            seals, rows = seals + 1, rows + len(seal["ids"])
    return Verdict(seals, rows, n, head.hex())


def _in_the_chain(seal: Mapping[str, Any], n: int, before: bytes) -> Break | None:
    if seal["n"] != n + 1:
        return Break(n + 1, "seal_missing")
    if seal["hash"] != link(before, seal["n"], seal["month"], seal["ids"], seal["digests"]):
        return Break(seal["n"], "seal_changed")
    return None


async def _under(
    session: ReadSession, seal: Mapping[str, Any], after: tuple[int, int, int], ground: _Ground
) -> Break | None:
    rows = await queries.under_seal(session, after, (seal["epoch"], seal["xid"], seal["last_id"]))
    if not rows and seal["month"] in ground.dropped:
        return None
    return compared(seal, rows, ground.oldest_event)


async def holds(session: ReadSession, noted: str | None) -> bool:
    """Whether a head that was noted earlier, `N:HASH`, still stands in the chain; True where none was noted."""
    if noted is None:
        return True
    n, _, head = noted.partition(":")
    return n.isdigit() and await queries.hash_at(session, int(n)) == head
