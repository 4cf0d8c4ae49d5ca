"""Every statement on advisors, their skills and their absences; presences have a file of their own."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.database import ReadSession

EXISTING = "SELECT id FROM advisors WHERE id = ANY($1::uuid[])"


async def existing(session: ReadSession, advisor_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the ids that are advisors'."""
    if not advisor_ids:
        return frozenset()
    return frozenset(row["id"] for row in await session.fetch(EXISTING, list(advisor_ids)))
