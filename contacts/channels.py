"""The places that advisors have for chats and mails: claimed with an offer, freed when the contact leaves them.

A claim locks the advisor's presence first, as a claim for the phone does: so nobody who is being rung is offered a
chat, and of two claims the later one counts what the earlier one has taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from advisors import presence_queries
from contacts import slot_queries
from contacts.situation import Scene


async def claim(scene: Scene, wanted: Mapping[UUID, Mapping[str, Any]]) -> Sequence[UUID]:
    """Advisor → contact; returns the advisors who were free and had room."""
    free = await presence_queries.hold_free(scene.session, sorted(wanted), scene.now)
    return [who for who in free if await take(scene, who, wanted[who])]


async def take(scene: Scene, advisor_id: UUID, row: Mapping[str, Any]) -> bool:
    """A place for this contact, of an advisor whose presence is locked."""
    return await slot_queries.take(
        scene.session, advisor_id, row["channel"], row["market_id"], row["id"], scene.now
    )


async def free(scene: Scene, contact_id: UUID) -> None:
    """The contact has left its advisor, who may be offered the next one."""
    if await slot_queries.free(scene.session, contact_id):
        scene.session.wakes.add("dispatch")
