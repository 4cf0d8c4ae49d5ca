"""Looking things up in the audit: by what was changed, by who did it, by what was done, and when."""

from __future__ import annotations

from collections.abc import Sequence

from audit import queries
from audit.queries import Search
from audit.schemas import EntryAnswer
from kit.database import ReadSession, Row


async def search(session: ReadSession, wanted: Search, before: Sequence[int] | None, most: int) -> list[Row]:
    """The newest first."""
    position = (before[0], before[1], before[2]) if before is not None else None
    return await queries.found(session, wanted, position, most)


def shown(row: Row) -> EntryAnswer:
    return EntryAnswer(
        at=row["at"],
        actor=row["actor"],
        request_id=row["request_id"],
        action=row["action"],
        subject=row["subject"],
        market=row["market_id"],
        changed=row["changed"],
    )
