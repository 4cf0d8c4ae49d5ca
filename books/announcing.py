"""Who is told of a run: each customer who got somebody else, in their language, and both advisors.

A first assignment is told to the advisors alone; customers hear of it where the control center shows them the card.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from books import queries
from customers import letters
from customers.letters import Because, BookChange
from kit.database import Row, Session
from kit.ids import IdMaker, encode
from notifications import service as notifications


async def tell_customers(
    session: Session, relationships: Sequence[UUID], because: Because, now: datetime, new_id: IdMaker
) -> None:
    """In the transaction that began these relationships."""
    messages = await letters.of_moves(session, dict.fromkeys(relationships, because))
    await notifications.queue(session, messages, now, new_id)


async def tell_advisors(session: Session, run: Row, state: str, now: datetime, new_id: IdMaker) -> None:
    """One message to each, when the run has come to this state: how many came and how many went."""
    rows = await queries.changes(session, run["id"], "done" if state == "applied" else "undone")
    back = state != "applied"
    changes = [
        BookChange(
            row["advisor_id"],
            comes=row["went"] if back else row["came"],
            goes=row["came"] if back else row["went"],
            starts_at=now,
        )
        for row in rows
    ]
    messages = await letters.of_books(session, changes, f"{encode('run', run['id'])}:{state}")
    await notifications.queue(session, messages, now, new_id)
