"""Seal what has been written: a loop on any number of replicas, of which one works at a time.

Rows are written unhashed, as hashing in the transaction would make every writer wait for the last. What lies below
the oldest running transaction can get nothing before it any more: it is sealed in its order. A seal and its rows'
digests are one transaction, so whoever is killed at any line leaves the chain as it was, and the next goes on.
"""

from __future__ import annotations

from datetime import datetime

from audit import queries
from audit.chain import GENESIS, sealed
from kit.database import ReadSession, Session

ROWS_A_SEAL = 1_000
ROWS_A_RUN = 10_000
"""With a run every ten seconds: a thousand changes a second; what comes faster is sealed when it is quieter."""

BEGINNING = (0, 0, 0)


async def run_once(session: Session, now: datetime, most: int = ROWS_A_RUN) -> int:
    """Seal what can be sealed; returns how many rows. None where somebody else is at it."""
    if not await queries.take_turn(session):
        return 0
    last = await queries.last_seal(session)
    rows = await queries.unsealed(session, _position(last), most)
    n, before = (last["n"], last["hash"]) if last is not None else (0, GENESIS)
    await queries.write_seals(session, list(sealed(rows, n, before, ROWS_A_SEAL)), now)
    return len(rows)


async def waiting(session: ReadSession) -> int:
    """How many rows are not sealed yet."""
    return await queries.waiting(session, _position(await queries.last_seal(session)))


def _position(seal: object) -> tuple[int, int, int]:
    """Where the last sealed row stands."""
    if not isinstance(seal, dict):
        return BEGINNING
    return seal["epoch"], seal["xid"], seal["last_id"]
